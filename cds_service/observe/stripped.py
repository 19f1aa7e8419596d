"""Tells a call whose data the EHR took out, since the address called is not the one registered there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def stripped(message: Mapping[str, Any]) -> bool:
    """No draft order, no prefetch and no token. Some EHRs still call an address that is not registered with the client,
    but without any data; nobody at the bedside would notice.

    >>> stripped({"hook": "order-sign", "context": {"userId": "Practitioner/1", "patientId": "2"}})
    True
    >>> stripped({"hook": "patient-view", "context": {"patientId": "2"}, "prefetch": {"patient": None}})
    False
    """
    context = message.get("context")
    drafts = context.get("draftOrders") if isinstance(context, dict) else None
    entries = drafts.get("entry") if isinstance(drafts, dict) else None
    access = message.get("fhirAuthorization")
    token = access.get("access_token") if isinstance(access, dict) else None
    return not (entries or message.get("prefetch") or token)
