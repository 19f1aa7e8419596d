"""Derives cds_service/fhir/r4_shapes.json from the R4B models: `python -m tests.fhir.r4_shapes` rewrites it."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "cds_service" / "fhir" / "r4_shapes.json"
ROOTS = ("MedicationRequest", "Medication")
COMPLEX = re.compile(r"abc\.(\w+?)Type\b")
PRIMITIVE = re.compile(r"Annotated\[str, (\w+)\(")
SKIP = {"fhir_comments"}
# Extension values that no order carries; a draft that does is not rewritten.
SKIP_TYPES = {"DataRequirement", "ParameterDefinition", "RelatedArtifact", "TriggerDefinition", "UsageContext", "Expression", "Contributor", "ContactDetail", "Narrative", "CodeableReference", "RatioRange"}


def model(name: str) -> Any:
    for module in (name, *(parent for parent in ("MedicationRequest", "Medication", "Dosage", "Timing") if name.startswith(parent))):
        try:
            found = getattr(importlib.import_module(f"fhir.resources.R4B.{module.lower()}"), name, None)
        except ModuleNotFoundError:
            continue
        if found is not None:
            return found
    raise LookupError(name)


def kind(annotation: object) -> str:
    text = str(annotation)
    if match := COMPLEX.search(text):
        return match[1]
    if match := PRIMITIVE.search(text):
        return match[1][0].lower() + match[1][1:]
    for python, fhir in (("uuid.UUID", "uuid"), ("datetime.datetime", "dateTime"), ("datetime.date", "date"), ("datetime.time", "time"), ("Decimal", "decimal"), ("bool", "boolean"), ("int", "integer"), ("str", "string"), ("bytes", "base64Binary")):
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
            target = kind(field.annotation)
            if target in SKIP_TYPES:
                continue
            choice = extra.get("one_of_many", "")
            required = bool(extra.get("element_required")) or field.is_required()
            must = bool(choice and extra.get("one_of_many_required"))
            done[name][element] = [target, "List[" in str(field.annotation), required, f"{choice}!" if must else choice, extra.get("enum_values", [])]
            if target[0].isupper() and target not in ("Resource", "FHIRPrimitiveExtension"):
                todo.append(target)
    return dict(sorted(done.items()))


def text() -> str:
    return json.dumps(shapes(), separators=(",", ":"), sort_keys=True).replace('},"', '},\n"') + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), "utf-8")
