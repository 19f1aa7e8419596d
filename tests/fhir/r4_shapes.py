"""Derives cds_service/fhir/r4_shapes.json from the R4B models: `python -m tests.fhir.r4_shapes` rewrites it."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "cds_service" / "fhir" / "r4_shapes.json"
ROOTS = ("MedicationRequest", "Medication")
# Parts of these live in the module of their parent.
PARENTS = ("MedicationRequest", "Medication", "Dosage", "Timing")
COMPLEX = re.compile(r"abc\.(\w+?)Type\b")
PRIMITIVE = re.compile(r"(?:Annotated\[[\w.]+, |\), )(\w+)\(")
PYTHON = (("Decimal", "decimal"), ("bool", "boolean"), ("int", "integer"), ("str", "string"))
COMPARATORS = ["<", "<=", ">=", ">"]
SKIP = {"fhir_comments"}
# Extension values that no order carries; a draft that does is not rewritten.
SKIP_TYPES = {
    "CodeableReference",
    "ContactDetail",
    "Contributor",
    "DataRequirement",
    "Expression",
    "Narrative",
    "ParameterDefinition",
    "RatioRange",
    "RelatedArtifact",
    "TriggerDefinition",
    "UsageContext",
}


def model(name: str) -> Any:
    for module in (name, *(parent for parent in PARENTS if name.startswith(parent))):
        try:
            found = getattr(importlib.import_module(f"fhir.resources.R4B.{module.lower()}"), name, None)
        except ModuleNotFoundError:
            continue
        if found is not None:
            return found
    raise LookupError(name)


def kind(annotation: object) -> str:
    text = str(annotation).replace("EncodedBytes(encoder=<class 'pydantic.types.Base64Encoder'>), ", "")
    if match := COMPLEX.search(text):
        return match[1]
    if match := PRIMITIVE.search(text):
        named = match[1][0].lower() + match[1][1:]
        return "uuid" if named == "uuidVersion" else named
    for python, fhir in PYTHON:
        if python in text:
            return fhir
    raise LookupError(text)


def shapes() -> dict[str, dict[str, list[Any]]]:
    """Type -> element -> [type, many, required, choice, allowed codes]."""
    done: dict[str, dict[str, list[Any]]] = {}
    todo = list(ROOTS)
    while todo:
        name = todo.pop()
        if name in done:
            continue
        done[name] = {}
        for field in model(name).model_fields.values():
            element = field.alias
            if element in SKIP or element.startswith("_"):
                continue
            extra = field.json_schema_extra or {}
            target = kind(field.rebuild_annotation())
            if target in SKIP_TYPES:
                continue
            choice = extra.get("one_of_many", "")
            required = bool(extra.get("element_required")) or field.is_required()
            must = bool(choice and extra.get("one_of_many_required"))
            codes = COMPARATORS if element == "comparator" else extra.get("enum_values", [])
            many = "List[" in str(field.annotation)
            done[name][element] = [target, many, required, f"{choice}!" if must else choice, codes]
            if target[0].isupper() and target != "Resource":
                todo.append(target)
    return dict(sorted(done.items()))


def text() -> str:
    return json.dumps(shapes(), separators=(",", ":"), sort_keys=True).replace('},"', '},\n"') + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), "utf-8")
