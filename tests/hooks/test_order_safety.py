"""The safety rules on the wire: at order-select and at order-sign, what a card holds, and what it offers."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from cds_service.cards.safety import SAFETY
from cds_service.hooks.service import Answerer
from cds_service.review.babies import Json, order_select, order_sign
from cds_service.review.check import validate
from cds_service.review.orders import order

GIVEN: dict[str, Any] = {
    "age": "50 h",
    "gestation": "38+0",
    "dat": "positive",
    "tsb": "19 mg/dL",
    "phototherapy": "intensive phototherapy",
    "weight": "4 kg",
    "reason": "P55.0",
}
INDICATORS = {"block": "critical", "warn": "warning", "info": "info"}


def safety(answerer: Answerer, hook: str, stated: dict[str, Any], given: dict[str, Any]) -> dict[str, Json]:
    """Cards of safety rules by rule, for one order."""
    drafted = order({"medication": "Gammaplex 10%", "reason": "P55.0"} | stated, "test")
    call = order_sign(order_select(given, "one", answerer.knowledge.facts), drafted)
    if hook == "order-select":
        call |= {"hook": hook, "context": {**call["context"], "selections": [f"MedicationRequest/{drafted['id']}"]}}
    reply = answerer.reply(f"neonatal-ivig-{hook}", orjson.dumps(call))
    cards = [card for card in orjson.loads(reply.body)["cards"] if SAFETY in card.get("extension", {})]
    return {card["extension"][SAFETY]["rule"]: card for card in cards}


def actions(card: Json) -> list[Json]:
    return [action for one in card.get("suggestions", ()) for action in one["actions"]]


@pytest.mark.parametrize("without", [(), ("weight",), ("gestation",), ("age",)], ids=str)
def test_a_draft_without_a_dose_raises_no_rule_about_a_dose(answerer: Answerer, without: tuple[str, ...]) -> None:
    given = {key: value for key, value in GIVEN.items() if key not in without}
    assert not safety(answerer, "order-select", {}, given)
    assert not safety(answerer, "order-sign", {}, given)


@pytest.mark.parametrize(
    ("stated", "given", "rule"),
    [
        ({"medication": "Flebogamma DIF 5%"}, {}, "sorbitol"),
        ({}, {"severe_allergies": ["immunoglobulin"]}, "previous_reaction"),
        ({}, {"conditions": ["P77.2"]}, "active_nec"),
        ({}, {"ivig_given": "3 h"}, "too_soon"),
    ],
    ids=["product", "allergy", "newborn", "interval"],
)
def test_what_is_known_without_a_dose_is_said_while_it_is_selected(
    answerer: Answerer, stated: dict[str, Any], given: dict[str, Any], rule: str
) -> None:
    assert set(safety(answerer, "order-select", stated, GIVEN | given)) == {rule}


@pytest.mark.parametrize("dose", ["40 g", "4 g", "4.5 g", "0.5 g/kg", "4 mL"])
def test_the_same_order_raises_the_same_rules_when_selected_and_when_signed(answerer: Answerer, dose: str) -> None:
    stated = {"dose": dose, "over": "4 h", "medication": "Privigen 10%"}
    selected, signed = (safety(answerer, hook, stated, GIVEN) for hook in ("order-select", "order-sign"))
    assert set(selected) == set(signed)


@pytest.mark.parametrize(
    ("stated", "given", "rule", "facts", "cite"),
    [
        ({"dose": "40 g"}, {}, "tenfold", {"order_grams": 40, "order_dose": 10, "dosing_weight": 4}, "own rule, dose"),
        ({"dose": "4 mg"}, {}, "milligrams", {"order_grams": 0.004, "order_dose": 0.001}, "own rule, dose a thousand"),
        ({"dose": "5 g"}, {}, "dose_unusual", {"order_dose": 1.25}, "own rule, dose limits for hemolytic disease"),
        ({"dose": "4 g", "over": "2 h"}, {}, "too_short", {"order_hours": 2}, "Gammaplex 10% label, 0.005"),
        ({}, {"ivig_given": "3 h"}, "too_soon", {"ivig_given": "completed"}, "AAP 2022"),
        ({}, {"results": {"sodium": "120 mmol/L"}}, "low_sodium", {"sodium": 120}, "Privigen US safety information"),
    ],
    ids=["slip", "small", "limits", "label", "interval", "value"],
)
def test_a_card_holds_the_facts_that_decided_and_the_citation_that_did(
    answerer: Answerer, stated: dict[str, Any], given: dict[str, Any], rule: str, facts: dict[str, Any], cite: str
) -> None:
    card = safety(answerer, "order-sign", stated, GIVEN | given)[rule]
    record = card["extension"][SAFETY]
    assert set(record) == {"rule", "level", "facts", "cite"}
    assert facts.items() <= {fact["name"]: fact["value"] for fact in record["facts"]}.items()
    assert record["cite"].startswith(cite)
    assert record["cite"].split(",")[0] in card["source"]["label"]
    assert INDICATORS[record["level"]] == card["indicator"]


def test_a_corrected_order_is_the_whole_order_with_another_dosage(answerer: Answerer) -> None:
    card = safety(answerer, "order-sign", {"dose": "40 g", "dispense": "40 g"}, GIVEN)["tenfold"]
    updates = [action for action in actions(card) if action["type"] == "update"]
    dosages = [one["resource"]["dosageInstruction"] for one in updates]
    assert [one["doseAndRate"][0]["doseQuantity"]["value"] for (one,) in dosages] == [2, 4]
    for one in updates:
        assert one["resource"]["id"] == "draft-ivig"
        assert one["resource"]["reasonCode"]
        assert "Set the draft to IVIG" in one["description"]
        validate(one["resource"])


def test_only_a_draft_may_be_deleted(answerer: Answerer) -> None:
    for status, kinds in (("draft", {"update", "delete"}), ("active", {"update"})):
        card = safety(answerer, "order-sign", {"dose": "40 g", "status": status}, GIVEN)["tenfold"]
        assert {action["type"] for action in actions(card)} == kinds


@pytest.mark.parametrize(
    ("stated", "given", "rule"),
    [
        ({"dose": "4000 g", "reason": "P36.9"}, {"reason": "P36.9"}, "milligrams"),
        ({"dose": "4 g", "reason": "P36.9"}, {"reason": "P36.9"}, "no_usual_dose"),
        ({"dose": "5 g"}, {"ivig_given": "3 h"}, "dose_unusual"),
        ({"dose": "40 g"}, {"tsb": "8 mg/dL"}, "tenfold"),
    ],
    ids=["slip for sepsis", "sepsis", "too soon", "not advised"],
)
def test_no_dose_is_offered_where_none_is_advised_or_due(
    answerer: Answerer, stated: dict[str, Any], given: dict[str, Any], rule: str
) -> None:
    card = safety(answerer, "order-sign", stated, GIVEN | given)[rule]
    assert "update" not in {action["type"] for action in actions(card)}


def test_the_site_s_product_replaces_the_one_that_the_order_holds_inside_itself(answerer: Answerer) -> None:
    stated = {"medication": "Flebogamma DIF 5%", "ingredients": ["D-sorbitol"], "dose": "4 g"}
    updates = [one for one in actions(safety(answerer, "order-sign", stated, GIVEN)["sorbitol"]) if "resource" in one]
    assert updates
    for action in updates:
        resource = action["resource"]
        assert "contained" not in resource
        assert "medicationReference" not in resource
        assert resource["medicationCodeableConcept"]["text"].startswith("Gammaplex 10%")
        validate(resource)
