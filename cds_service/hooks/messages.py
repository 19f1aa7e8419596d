"""Reads a CDS Hooks call tolerantly where real EHRs differ, and refuses it clearly where it makes no sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from cds_service.errors import RequestError
from cds_service.facts.moments import instant

AS_OF = "org.neonatal-ivig-cds.as-of"
EXPLAIN = "org.neonatal-ivig-cds.explain"
LONGEST_ID = 512  # real ids exceed the 64 characters that FHIR allows
ORDER_HOOKS = frozenset({"order-select", "order-sign"})
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `as_of` is the one moment at which everything is judged."""

    hook: str
    hook_instance: str
    patient_id: str
    context: Json
    prefetch: Json
    as_of: datetime
    explain: bool


def parse(body: bytes) -> Json:
    """The JSON object in the body. `NaN`, deep nesting and bad UTF-8 are refused; of two equal keys the last counts."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RequestError("The body is not valid JSON (NaN, Infinity and deep nesting are not accepted).") from None
    if not isinstance(message, dict):
        raise RequestError("The body must be a JSON object.")
    return message


def read_call(message: Json, hook: str, now: datetime, *, accept_as_of: bool) -> Call:
    """Checks the envelope for one hook. Raises RequestError (400) that names the member at fault."""
    said = _text(message, "hook")
    if said != hook:
        raise RequestError(f"This service answers the hook {hook}, not the one in the body.")
    instance = _text(message, "hookInstance")
    context = _object(message, "context", required=True)
    _text(context, "userId", "context.userId")
    patient_id = _text(context, "patientId", "context.patientId").removeprefix("Patient/")
    if not patient_id.strip() or "/" in patient_id or len(patient_id) > LONGEST_ID:
        raise RequestError("context.patientId must be a bare id.")
    prefetch = _object(message, "prefetch")
    extension = _object(message, "extension")
    if "fhirAuthorization" in message:
        _object(message, "fhirAuthorization", required=True)
        if not isinstance(message.get("fhirServer"), str):
            raise RequestError("fhirAuthorization was sent without fhirServer.")
    elif "fhirServer" in message and not isinstance(message["fhirServer"], str):
        raise RequestError("fhirServer must be a string.")
    if hook == "order-select":
        _selections(context)
    if hook in ORDER_HOOKS and not isinstance(context.get("draftOrders", {}), dict):
        raise RequestError("context.draftOrders must be a Bundle.")
    as_of = now
    if accept_as_of and AS_OF in extension:
        stated = instant(extension[AS_OF])
        if stated is None:
            raise RequestError(f"extension {AS_OF} must be an RFC 3339 instant with an offset.")
        as_of = stated
    return Call(hook, instance, patient_id, context, prefetch, as_of, extension.get(EXPLAIN) is True)


def _selections(context: Json) -> None:
    selections = context.get("selections")
    if not isinstance(selections, list) or not all(isinstance(one, str) for one in selections):
        raise RequestError("context.selections must be an array of references.")


def _text(source: Mapping[str, Any], key: str, name: str = "") -> str:
    value = source.get(key)
    if not isinstance(value, str) or not value.strip():
        raise RequestError(f"{name or key} is required and must be a non-empty string.")
    return value


def _object(source: Mapping[str, Any], key: str, *, required: bool = False) -> Json:
    value = source.get(key)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise RequestError(f"{key} must be a JSON object.")
    return value
