"""Asks the service what it makes of one draft order: IVIG, something else, or unreadable."""

from __future__ import annotations

import orjson

from cds_service.hooks.service import Answerer
from cds_service.review.babies import draft_order, order_select
from tests.facts.records import GIVEN, Json, changed

IVIG, NOT_IVIG, UNREADABLE = "ivig", "not ivig", "unreadable"


def judged(answerer: Answerer, order: Json, *beside: Json, prefetch: Json | None = None) -> str:
    """What the service makes of a selected draft; `beside` are further entries of the draft Bundle."""
    call = order_select(GIVEN, "ivig")
    draft = changed(draft_order(), **{"medicationCodeableConcept": None, **order})
    call["context"]["draftOrders"]["entry"] = [{"resource": draft}, *beside]
    call["prefetch"] |= prefetch or {}
    reply = answerer.reply("neonatal-ivig-order-select", orjson.dumps(call))
    assert reply.status == 200
    cards = orjson.loads(reply.body)["cards"]
    if not cards:
        return NOT_IVIG
    return UNREADABLE if "unreadable" in cards[0]["source"]["topic"]["code"] else IVIG
