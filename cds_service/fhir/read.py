"""Reads FHIR R4 JSON tolerantly: real drafts carry objects for arrays, missing members and odd types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def as_list(value: object) -> list[Any]:
    """A list, or the one thing as a list (some EHRs send an object where R4 wants an array)."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def as_dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str:
    return value if isinstance(value, str) else ""


def codings(concept: object) -> Iterator[tuple[str, str, str]]:
    """(system, code, display) of every coding of a CodeableConcept, or of a list of them."""
    for one in as_list(concept):
        for coding in as_list(as_dict(one).get("coding")):
            if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                yield as_text(coding.get("system")), coding["code"], as_text(coding.get("display"))


def code_keys(concept: object) -> list[tuple[str, str]]:
    """(system, code) of every coding of one CodeableConcept: what most resources are asked, and no more."""
    coded = concept.get("coding") if isinstance(concept, dict) else None
    found = []
    for coding in coded if isinstance(coded, list) else as_list(coded):
        if isinstance(coding, dict):
            system, code = coding.get("system"), coding.get("code")
            if isinstance(code, str) and isinstance(system, str):
                found.append((system, code))
    return found


def words(concept: object) -> str:
    """The text of a CodeableConcept and its displays, for records without a known code."""
    parts = []
    for one in as_list(concept):
        concept_dict = as_dict(one)
        parts.append(as_text(concept_dict.get("text")))
        parts.extend(as_text(as_dict(coding).get("display")) for coding in as_list(concept_dict.get("coding")))
    return " ; ".join(part for part in parts if part)


def title(concept: object) -> str:
    """What a CodeableConcept calls itself: its text, else the first display."""
    said = as_text(as_dict(concept).get("text"))
    return said or next((display for _, _, display in codings(concept) if display), "")


def texts(value: object) -> list[str]:
    """The `text` of each of one or many: notes, dosages."""
    return [as_text(as_dict(one).get("text")) for one in as_list(value)]


def reference_id(reference: object, resource_type: str) -> str:
    """The id in `Type/id`, in an absolute URL or with a version; empty where it names something else."""
    text = as_text(as_dict(reference).get("reference")) if isinstance(reference, dict) else as_text(reference)
    parts = text.split("/_history/")[0].rstrip("/").split("/")
    return parts[-1] if len(parts) >= 2 and parts[-2] == resource_type else ""


def collected(resource: Json) -> str:
    """When a specimen was taken or a value measured: `effective[x]`, never `issued`."""
    for key in ("effectiveDateTime", "effectiveInstant"):
        if isinstance(resource.get(key), str):
            return str(resource[key])
    return as_text(as_dict(resource.get("effectivePeriod")).get("start"))


def label(resource: Json) -> str:
    """`Observation/b2`: where a value came from."""
    identity = as_text(resource.get("id"))
    kind = as_text(resource.get("resourceType"))
    return f"{kind}/{identity}" if identity else kind
