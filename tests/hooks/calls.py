"""Calls of the service, whole and broken, and what it answers."""

from __future__ import annotations

from typing import Any

import orjson

from cds_service.hooks.service import Answerer
from cds_service.review.babies import PATIENT, Json, draft_order, order_select
from tests.facts.records import GIVEN

ORDER_SELECT = "neonatal-ivig-order-select"
ORDER_SIGN = "neonatal-ivig-order-sign"
PATIENT_VIEW = "neonatal-ivig-patient-view"
AS_OF = "org.neonatal-ivig-cds.as-of"
DECISIONS = "org.neonatal-ivig-cds.decisions"
REMOVED = object()


def order_call(given: dict[str, Any] | None = None, **context: Any) -> Json:
    """An order-select call; `context` replaces members of its context, REMOVED takes one away."""
    call = order_select(GIVEN if given is None else given, "hook-instance")
    call["context"] = {key: value for key, value in {**call["context"], **context}.items() if value is not REMOVED}
    return call


def view_call(given: dict[str, Any] | None = None, **prefetch: Any) -> Json:
    """A patient-view call of the same newborn; `prefetch` replaces answers."""
    call = order_call(given)
    context = {"userId": "Practitioner/example", "patientId": PATIENT}
    return call | {"hook": "patient-view", "context": context, "prefetch": call["prefetch"] | prefetch}


def answered(answerer: Answerer, call: object, service: str = ORDER_SELECT) -> tuple[int, Json]:
    """Status and body; a call that is bytes is sent as it is."""
    reply = answerer.reply(service, call if isinstance(call, bytes) else orjson.dumps(call))
    return reply.status, orjson.loads(reply.body)


def cards(answerer: Answerer, call: Json, service: str = ORDER_SELECT) -> list[Json]:
    status, body = answered(answerer, call, service)
    assert status == 200, body
    found: list[Json] = body["cards"]
    return found


def refusal(answerer: Answerer, call: object, service: str = ORDER_SELECT) -> tuple[int, str]:
    """Status and text of a call that is refused: always an OperationOutcome."""
    status, body = answered(answerer, call, service)
    assert status >= 400, body
    assert body["resourceType"] == "OperationOutcome"
    (issue,) = body["issue"]
    assert issue["severity"] == "error"
    return status, issue["details"]["text"]


def topics(found: list[Json]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in found]


def drafts(*orders: Json) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order} for order in orders]}


def other_order(identity: str = "other", text: str = "Paracetamol") -> Json:
    return draft_order() | {"id": identity, "medicationCodeableConcept": {"text": text}}
