"""Keeps what we send back valid R4: a draft order is echoed only where it conforms, mended where that is safe."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from cds_service.fhir.read import Json

Element = list[Any]  # [type, many, required, choice, allowed codes]
DATE_TIME = r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d))?)?)?"
PATTERNS = {
    "base64Binary": r"[A-Za-z0-9+/=\s]+",
    "canonical": r"\S+",
    "code": r"\S+( \S+)*",
    "date": r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?",
    "dateTime": DATE_TIME,
    "id": r"[A-Za-z0-9.\-]{1,512}",
    "markdown": r"[\s\S]*\S[\s\S]*",
    "oid": r"urn:oid:[0-2](\.(0|[1-9]\d*))+",
    "string": r"[\s\S]*\S[\s\S]*",
    "time": r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?",
    "uri": r"\S+",
    "uuid": r"urn:uuid:[0-9a-f-]{36}",
}


class NotConformantError(Exception):
    """The resource cannot be sent back as R4."""


@cache
def _shapes() -> dict[str, dict[str, Element]]:
    document: dict[str, dict[str, Element]] = json.loads((Path(__file__).parent / "r4_shapes.json").read_text("utf-8"))
    return document


@cache
def _primitive(kind: str) -> Callable[[object], bool]:
    if kind == "boolean":
        return lambda value: isinstance(value, bool)
    if kind == "integer":
        return lambda value: isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
    if kind == "decimal":
        return lambda value: isinstance(value, int | float) and not isinstance(value, bool)
    pattern = re.compile(PATTERNS[kind])
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def conforming(resource: Json) -> Json | None:
    """The resource with single objects put into arrays where R4 wants arrays and without its narrative (which
    would no longer describe it); None where anything else in it is not R4."""
    try:
        return _resource(resource)
    except NotConformantError:
        return None


def _resource(resource: Json) -> Json:
    kind = resource.get("resourceType")
    if kind not in ("MedicationRequest", "Medication"):
        raise NotConformantError
    body = {key: value for key, value in resource.items() if key not in ("resourceType", "text")}
    return {"resourceType": kind, **_object(body, str(kind))}


def _object(value: object, kind: str) -> Json:
    if not isinstance(value, dict) or not value:
        raise NotConformantError
    shape = _shapes()[kind]
    out: Json = {}
    choices: dict[str, int] = {}
    for key, item in value.items():
        if key.startswith("_"):
            out[key] = _extended(key, item, shape)
            continue
        if key not in shape:
            raise NotConformantError
        target, many, _, choice, codes = shape[key]
        if choice:
            choices[choice] = choices.get(choice, 0) + 1
        if many:
            items = item if isinstance(item, list) else [item]
            out[key] = [_value(one, target, codes) for one in items]
            if not items:
                raise NotConformantError
        else:
            out[key] = _value(item, target, codes)
    _complete(out, shape, choices)
    return out


def _complete(out: Json, shape: dict[str, Element], choices: dict[str, int]) -> None:
    for key, (_, _, required, choice, _) in shape.items():
        if required and key not in out:
            raise NotConformantError
        if choice and (choices.get(choice, 0) > 1 or (choice.endswith("!") and not choices.get(choice))):
            raise NotConformantError


def _value(value: object, kind: str, codes: list[str]) -> Any:
    if kind == "Resource":
        return _resource(value) if isinstance(value, dict) else _object(None, kind)
    if kind[0].isupper():
        return _object(value, kind)
    if not _primitive(kind)(value) or (codes and value not in codes):
        raise NotConformantError
    return value


def _extended(key: str, item: object, shape: dict[str, Element]) -> Json:
    """`_status` and the like: the extensions of one primitive."""
    element = shape.get(key[1:])
    if element is None or element[1] or element[0][0].isupper():
        raise NotConformantError
    if not isinstance(item, dict) or set(item) != {"extension"} or not isinstance(item["extension"], list):
        raise NotConformantError
    return {"extension": [_object(one, "Extension") for one in item["extension"]]}
