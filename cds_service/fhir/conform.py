"""Keeps what we send back valid R4: a draft order is echoed only where it conforms, mended where that is safe."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from cds_service.fhir.read import Json

DEEPEST = 40  # nested objects; orders in real use need fewer than ten
OFFSET = r"(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)"
TIME = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
DATE = r"(?!0000)\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"
DAY = r"(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
PATTERNS = {
    "base64Binary": r"[A-Za-z0-9+/=\s]+",
    "canonical": r"\S+",
    "code": r"\S+( \S+)*",
    "date": DATE,
    "dateTime": f"({DATE}|{DAY}T{TIME}{OFFSET})",
    # R4 allows 64 characters; real systems send drafts whose ids are longer, and want the same id back. The models
    # that prove what we send take 255.
    "id": r"[A-Za-z0-9.\-]{1,255}",
    "instant": f"{DAY}T{TIME}{OFFSET}",
    "markdown": r"\s*\S[\s\S]*",
    "oid": r"urn:oid:[0-2](\.(0|[1-9]\d*))+",
    "string": r"\s*\S[\s\S]*",
    "time": TIME,
    "uri": r"\S+",
    "uuid": r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
LEAST = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}


class NotConformantError(Exception):
    """The resource cannot be sent back as R4."""


@dataclass(frozen=True, slots=True)
class Element:
    """One member of an R4 type. `choice` is the name of the `value[x]` that it belongs to, or empty."""

    kind: str
    many: bool
    choice: str
    codes: frozenset[str]
    fits: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Shape:
    elements: dict[str, Element]
    required: tuple[str, ...]
    required_choices: tuple[str, ...]


@cache
def _shapes() -> dict[str, Shape]:
    document = json.loads((Path(__file__).parent / "r4_shapes.json").read_text("utf-8"))
    return {kind: _shape(members) for kind, members in document.items()}


def _shape(members: dict[str, list[Any]]) -> Shape:
    elements, required, choices = {}, [], set()
    for name, (kind, many, needed, choice, codes) in members.items():
        elements[name] = Element(kind, many, choice.rstrip("!"), frozenset(codes), _fits(kind))
        if needed:
            required.append(name)
        if choice.endswith("!"):
            choices.add(choice.rstrip("!"))
    return Shape(elements, tuple(required), tuple(sorted(choices)))


@cache
def _fits(kind: str) -> Callable[[Any], bool]:
    """Whether a JSON value is one of this primitive type; for complex types, whether it is an object."""
    if kind[0].isupper():
        return lambda value: isinstance(value, dict)
    if kind == "boolean":
        return lambda value: isinstance(value, bool)
    if kind == "decimal":
        return lambda value: isinstance(value, int | float) and not isinstance(value, bool)
    if kind in LEAST:
        least = LEAST[kind]
        return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value < 2**31
    fullmatch = re.compile(PATTERNS[kind]).fullmatch
    further = FURTHER.get(kind, bool)
    return lambda value: isinstance(value, str) and fullmatch(value) is not None and further(value)


def _in_calendar(text: str) -> bool:
    """31 February fits the pattern, and is no day."""
    try:
        return len(text) < 10 or bool(date.fromisoformat(text[:10]))
    except ValueError:
        return False


def _is_base64(text: str) -> bool:
    try:
        return bool(b64decode("".join(text.split()), validate=True))
    except ValueError:
        return False


# What a pattern cannot tell. No text that fits a pattern is empty.
FURTHER: dict[str, Callable[[str], bool]] = {
    "base64Binary": _is_base64,
    "date": _in_calendar,
    "dateTime": _in_calendar,
    "instant": _in_calendar,
}


def conforming(resource: Json) -> Json | None:
    """The resource with single objects put into arrays where R4 wants arrays, without its narrative (which would no
    longer describe it) and what `meta` holds beside R4; None where anything else in it is not R4."""
    try:
        return _resource(resource, 0)
    except NotConformantError:
        return None


def _resource(resource: Json, depth: int) -> Json:
    kind = resource.get("resourceType")
    if kind not in ("MedicationRequest", "Medication"):
        raise NotConformantError
    body = {key: value for key, value in resource.items() if key not in ("resourceType", "text")}
    meta = body.get("meta")
    if meta and isinstance(meta, dict):
        body["meta"] = _server_owned(meta)
        if not body["meta"]:
            del body["meta"]
    return {"resourceType": kind, **_object(body, kind, depth)}


def _server_owned(meta: Json) -> Json:
    """What a server writes beside R4 into `meta` (its project, its compartments), it writes again."""
    return {key: value for key, value in meta.items() if key.lstrip("_") in _shapes()["Meta"].elements}


def _object(value: Json, kind: str, depth: int) -> Json:
    if not value or depth > DEEPEST:
        raise NotConformantError
    shape = _shapes()[kind]
    elements = shape.elements
    out: Json = {}
    choices: list[str] = []
    for key, item in value.items():
        element = elements.get(key)
        if element is None:
            out[key] = _extended(key, item, shape, depth)
            continue
        if element.choice:
            choices.append(element.choice)
        if not element.many:
            out[key] = _value(item, element, depth)
        elif isinstance(item, list):
            if not item:
                raise NotConformantError
            out[key] = [_value(one, element, depth) for one in item]
        else:
            out[key] = [_value(item, element, depth)]
    if len(choices) != len(set(choices)) or not all(one in choices for one in shape.required_choices):
        raise NotConformantError
    if not all(name in out for name in shape.required):
        raise NotConformantError
    return out


def _value(value: Any, element: Element, depth: int) -> Any:
    if not element.fits(value):
        raise NotConformantError
    if element.kind == "Resource":
        return _resource(value, depth + 1)
    if element.kind[0].isupper():
        return _object(value, element.kind, depth + 1)
    if element.codes and value not in element.codes:
        raise NotConformantError
    return value


def _extended(key: str, item: object, shape: Shape, depth: int) -> Json:
    """`_status` and the like: the extensions of one primitive."""
    element = shape.elements.get(key[1:]) if key.startswith("_") else None
    if element is None or element.many or element.kind[0].isupper() or key == "_id":
        raise NotConformantError
    if not isinstance(item, dict) or set(item) != {"extension"} or not isinstance(item["extension"], list):
        raise NotConformantError
    extensions = [_object(one, "Extension", depth + 1) for one in item["extension"] if isinstance(one, dict)]
    if not extensions or len(extensions) != len(item["extension"]):
        raise NotConformantError
    return {"extension": extensions}
