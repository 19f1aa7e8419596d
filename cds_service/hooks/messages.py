"""Reads a CDS Hooks call tolerantly where real EHRs differ, and refuses it clearly where it makes no sense."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cds_service.errors import RequestError
from cds_service.facts.moments import instant

AS_OF = "org.neonatal-ivig-cds.as-of"
EXPLAIN = "org.neonatal-ivig-cds.explain"
LONGEST_ID = 512  # real ids exceed the 64 characters that FHIR allows
TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")  # what can stand in a header; 8 KiB is our own choice
ORDER_HOOKS = frozenset({"order-select", "order-sign"})
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Access:
    """The FHIR server that the client names, and what it lets this call read there. `fault` says in words why it may
    not be used. The token lives as long as the call."""

    server: str
    token: str = field(default="", repr=False)
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `as_of` is the one moment at which everything is judged."""

    hook: str
    hook_instance: str
    user: str
    patient_id: str
    context: Json
    prefetch: Json
    as_of: datetime
    explain: bool
    access: Access | None = None

    @property
    def seed(self) -> str:
        """What cards are named after: some clients use one hookInstance for many calls, and for many patients."""
        return "\0".join((self.hook, self.hook_instance, self.patient_id))


def read_call(message: Json, hook: str, now: datetime, *, accept_as_of: bool) -> Call:
    """Checks the envelope for one hook. Raises RequestError (400) that names the member at fault."""
    said = _text(message, "hook")
    if said != hook:
        raise RequestError(f"This service answers the hook {hook}, not the one in the body.")
    instance = _text(message, "hookInstance")
    context = _object(message, "context", required=True)
    user = _text(context, "userId", "context.userId")
    patient_id = _text(context, "patientId", "context.patientId").removeprefix("Patient/")
    if not patient_id.strip() or "/" in patient_id or len(patient_id) > LONGEST_ID:
        raise RequestError("context.patientId must be a bare id.")
    prefetch = _object(message, "prefetch")
    extension = _object(message, "extension")
    access = _access(message, patient_id)
    if hook == "order-select" and ("selections" in context or "draftOrders" in context):
        _selections(context)  # where neither came, a client has stripped the call: answered with a card
    if hook in ORDER_HOOKS and not isinstance(context.get("draftOrders", {}), dict):
        raise RequestError("context.draftOrders must be a Bundle.")
    as_of = now
    if accept_as_of and AS_OF in extension:
        stated = instant(extension[AS_OF])
        if stated is None:
            raise RequestError(f"extension {AS_OF} must be an RFC 3339 instant with an offset.")
        as_of = stated
    return Call(hook, instance, user, patient_id, context, prefetch, as_of, extension.get(EXPLAIN) is True, access)


def _access(message: Json, patient_id: str) -> Access | None:
    """Refuses an authorization without a server. Real clients send an empty token where none is needed."""
    server = message.get("fhirServer")
    if "fhirAuthorization" not in message:
        if "fhirServer" in message and not isinstance(server, str):
            raise RequestError("fhirServer must be a string.")
        return Access(server) if isinstance(server, str) else None
    given = _object(message, "fhirAuthorization", required=True)
    if not isinstance(server, str):
        raise RequestError("fhirAuthorization was sent without fhirServer.")
    token, kind, lasts = given.get("access_token"), given.get("token_type"), given.get("expires_in")
    patient = given.get("patient")
    if patient is not None and patient != "" and patient not in (patient_id, f"Patient/{patient_id}"):
        return Access(server, fault="the access token sent is for another patient")
    if token is None or token == "":
        return Access(server)
    if not (isinstance(token, str) and TOKEN.fullmatch(token) and _is_bearer(kind)):
        return Access(server, fault="the access token sent is of a form that this service does not use")
    if isinstance(lasts, int | float) and lasts <= 0:
        return Access(server, fault="the access token sent had expired")
    return Access(server, token)


def _is_bearer(kind: object) -> bool:
    return kind is None or (isinstance(kind, str) and kind.lower() == "bearer")


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
