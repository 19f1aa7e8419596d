"""Whatever stands anywhere in a call: an answer or a refusal, never a fault, and never silence on an order for IVIG."""

from __future__ import annotations

import logging
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.hooks.service import Answerer
from tests.fuzz.effort import EFFORT, STEADY
from tests.fuzz.mutations import SERVICES, Json, anything, change, changed_call, places, real_calls
from tests.hooks.calls import answered

RANDOM = st.randoms(use_true_random=False)
ORDERED = [call for call in map(orjson.loads, real_calls()) if call["hook"] != "patient-view"]


def reply(answerer: Answerer, call: Json, log: pytest.LogCaptureFixture) -> list[Json] | None:
    """The cards, or None where the call is refused. A fault inside the judgment fails, with the place where it was."""
    log.clear()
    hook = call.get("hook")
    status, body = answered(
        answerer, call, SERVICES.get(hook if isinstance(hook, str) else "", SERVICES["order-select"])
    )
    assert not log.messages
    assert status in (200, 400, 412)
    if status != 200:
        assert body["resourceType"] == "OperationOutcome"
        return None
    for card in body["cards"]:
        assert 1 <= len(card["summary"]) < 140
        assert card["source"]["topic"]["code"] != "notcheckedfault"
    found: list[Json] = body["cards"]
    return found


@pytest.fixture(scope="module")
def log() -> Any:
    """Of what the service logs: a fault is logged where it is turned into a card."""

    class Kept(logging.Handler):
        def __init__(self) -> None:
            super().__init__()
            self.messages: list[str] = []

        def emit(self, record: logging.LogRecord) -> None:
            self.messages.append(record.getMessage())

        def clear(self) -> None:
            self.messages.clear()

    kept = Kept()
    logger = logging.getLogger("cds_service")
    logger.addHandler(kept)
    yield kept
    logger.removeHandler(kept)


@settings(max_examples=150 * EFFORT, derandomize=STEADY)
@given(random=RANDOM)
def test_any_change_anywhere_in_a_call_is_answered_or_refused(answerer: Answerer, log: Any, random: Random) -> None:
    reply(answerer, changed_call(random), log)


@settings(max_examples=150 * EFFORT, derandomize=STEADY)
@given(call=st.sampled_from(ORDERED), random=RANDOM)
def test_any_change_in_the_prefetch_of_an_ivig_order_leaves_a_card(
    answerer: Answerer, log: Any, call: Json, random: Random
) -> None:
    changed = orjson.loads(orjson.dumps(call))
    spoken = reply(answerer, call, log)
    for _ in range(random.randrange(1, 8)):
        at, key = random.choice(list(places(changed["prefetch"])) or [(changed, "prefetch")])
        at[key] = anything(random)
    cards = reply(answerer, changed, log)
    assert cards is None or bool(cards) >= bool(spoken)


@settings(max_examples=100 * EFFORT, derandomize=STEADY)
@given(call=st.sampled_from(ORDERED), random=RANDOM)
def test_any_dosage_on_an_ivig_order_leaves_a_card(answerer: Answerer, log: Any, call: Json, random: Random) -> None:
    changed = orjson.loads(orjson.dumps(call))
    for entry in changed["context"].get("draftOrders", {}).get("entry", ()):
        order = entry["resource"]
        for name in (
            "dosageInstruction",
            "note",
            "reasonCode",
            "reasonReference",
            "dispenseRequest",
            "extension",
            "priority",
        ):
            if random.randrange(2):
                order[name] = anything(random)
        dosage: list[Any] = [order.get("dosageInstruction")]
        for _ in range(random.randrange(4)):
            change({"context": {}, "dosage": dosage}, random)
        order["dosageInstruction"] = dosage[0] if dosage else None
    before = reply(answerer, call, log)
    cards = reply(answerer, changed, log)
    assert cards is None or bool(cards) >= bool(before)


@settings(max_examples=100 * EFFORT, derandomize=STEADY)
@given(
    random=RANDOM,
    member=st.sampled_from(["extension", "fhirServer", "fhirAuthorization", "context", "prefetch", "more"]),
)
def test_anything_in_a_member_of_the_envelope_is_answered_or_refused(
    answerer: Answerer, log: Any, random: Random, member: str
) -> None:
    call = orjson.loads(random.choice(real_calls()))
    if random.randrange(2) and isinstance(call.get(member), dict):
        call[member] |= {name: anything(random) for name in list(call[member])[: random.randrange(4)]}
    else:
        call[member] = anything(random)
    reply(answerer, call, log)
