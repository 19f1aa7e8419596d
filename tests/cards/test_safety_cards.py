"""Safety cards: what bars a dose, which product is offered in its place, and what an opened chart says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from cds_service.cards.build import DECISION
from cds_service.cards.safety import SAFETY
from cds_service.hooks.service import Answerer
from cds_service.knowledge.load import load_knowledge
from cds_service.review.babies import AS_OF, PATIENT, Json, order_select, order_sign, stamp
from cds_service.review.orders import order
from tests.cards.calls import GIVEN

SIGN = "neonatal-ivig-order-sign"
VIEW = "neonatal-ivig-patient-view"
CORRECT = {"dose": "1.7 g", "over": "4 h", "medication": "Gammaplex 10%"}


def sent(answerer: Answerer, service: str, call: Json) -> list[Json]:
    reply = answerer.reply(service, orjson.dumps(call))
    assert reply.status == 200
    found: list[Json] = orjson.loads(reply.body)["cards"]
    return found


def signed(answerer: Answerer, given: dict[str, Any], stated: dict[str, Any], reasons: str = "") -> list[Json]:
    call = order_sign(order_select(given, "signed", answerer.knowledge.facts), order({**CORRECT, **stated}, "test"))
    return sent(answerer, SIGN, call)


def viewed(answerer: Answerer, given: dict[str, Any]) -> list[Json]:
    call = order_select(given, "viewed", answerer.knowledge.facts)
    context = {"userId": "Practitioner/example", "patientId": PATIENT}
    return sent(answerer, VIEW, call | {"hook": "patient-view", "context": context})


def rules(found: list[Json]) -> dict[str, str]:
    safety = [card["extension"][SAFETY] for card in found if SAFETY in card.get("extension", {})]
    return {one["rule"]: one["level"] for one in safety}


def doses(found: list[Json]) -> list[Json]:
    """Every action that would order IVIG."""
    actions = [action for card in found for one in card.get("suggestions", ()) for action in one["actions"]]
    return [one for one in actions if one.get("resource", {}).get("resourceType") == "MedicationRequest"]


def test_a_correct_order_that_is_indicated_raises_no_safety_card(answerer: Answerer) -> None:
    found = signed(answerer, GIVEN, {})
    assert rules(found) == {}
    assert [one["type"] for one in doses(found)] == ["update", "update"]


def test_while_a_rule_bars_it_no_dose_is_offered_on_any_card(answerer: Answerer) -> None:
    found = signed(answerer, {**GIVEN, "severe_allergies": ["immune globulin"]}, {})
    assert rules(found) == {"previous_reaction": "block"}
    assert found[0]["indicator"] == "critical"
    assert SAFETY in found[0]["extension"]
    assert doses(found) == []
    assert any("No dose is offered while this holds" in card["detail"] for card in found)
    (label,) = [one["label"] for one in found[0]["suggestions"]]
    assert label == "Delete this draft order"


def test_an_order_signed_before_is_not_offered_for_deletion(answerer: Answerer) -> None:
    found = signed(answerer, {**GIVEN, "severe_allergies": ["immune globulin"]}, {"status": "active"})
    assert rules(found) == {"previous_reaction": "block"}
    assert "suggestions" not in found[0]


def test_an_opened_chart_speaks_of_what_forbids_the_dose_that_it_advises(answerer: Answerer) -> None:
    spoken = viewed(answerer, GIVEN)
    assert rules(spoken) == {}
    assert doses(spoken)
    assert not any("The order as read" in card["detail"] for card in spoken)
    forbidden = viewed(answerer, {**GIVEN, "severe_allergies": ["immune globulin"]})
    assert rules(forbidden) == {"previous_reaction": "block"}
    assert forbidden[0]["indicator"] == "critical"
    assert doses(forbidden) == []


def test_in_place_of_a_product_the_first_on_the_shelf_that_fits_is_offered() -> None:
    knowledge = load_knowledge("demo")
    privigen, gammaplex = knowledge.products["privigen_10_us"], knowledge.products["gammaplex_10"]
    shelf = (privigen, gammaplex)
    stocked = Answerer(
        replace(knowledge, site=replace(knowledge.site, product=privigen, shelf=shelf)), accept_as_of=True
    )
    given = {**GIVEN, "conditions": ["hyperprolinemia type I"]}
    found = signed(stocked, given, {"medication": "Privigen 10%"})
    assert rules(found) == {"hyperprolinemia": "block"}
    offered = [one["resource"]["medicationCodeableConcept"]["text"] for one in doses(found)]
    assert offered
    assert all(text.startswith("Gammaplex 10%") for text in offered)


def test_an_order_that_nothing_indicates_is_more_than_a_remark_when_it_is_signed(answerer: Answerer) -> None:
    given = {**GIVEN, "dat": "negative"}
    (selected,) = [
        card
        for card in sent(answerer, "neonatal-ivig-order-select", order_select(given, "one"))
        if DECISION in card.get("extension", {})
    ]
    (signing,) = [card for card in signed(answerer, given, {}) if DECISION in card.get("extension", {})]
    assert (selected["indicator"], signing["indicator"]) == ("info", "warning")


@pytest.mark.parametrize(("apart", "said"), [("2.8 kg", False), ("2.6 kg", True)])
def test_two_weights_of_one_day_that_do_not_agree_are_both_named(answerer: Answerer, apart: str, said: bool) -> None:
    call = order_sign(order_select(GIVEN, "two"), order(CORRECT, "test"))
    entries = call["prefetch"]["measurements"]["entry"]
    latest = next(one["resource"] for one in entries if one["resource"]["id"] == "weight")
    other = {
        **latest,
        "id": "other",
        "valueQuantity": {**latest["valueQuantity"], "value": float(apart.split(maxsplit=1)[0])},
    }
    entries.append({"resource": {**other, "effectiveDateTime": stamp(AS_OF.replace(hour=3))}})
    found = sent(answerer, SIGN, call)
    assert ("weight_old" in rules(found)) is said
    assert any("Two weights of one day do not agree" in card["detail"] for card in found) is said
