"""What the draft names, and what was given before, decide whether a dose is offered into the draft."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.cards.build import DECISION
from cds_service.cards.safety import SAFETY
from cds_service.hooks.service import Answerer
from cds_service.review.babies import Json, order_select
from tests.cards.calls import GIVEN, cards

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC = "http://hl7.org/fhir/sid/ndc"


def drafted(text: str) -> Json:
    call = order_select(GIVEN, "drafted")
    call["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"] = {"text": text}
    return call


def advice(answerer: Answerer, call: Json) -> Json:
    """The first card about an indication."""
    return next(card for card in cards(answerer, call) if DECISION in card.get("extension", {}))


def suggestions(card: Json) -> list[Json]:
    found: list[Json] = card.get("suggestions", [])
    return found


@pytest.mark.parametrize("text", ["Octagam 5% (50 mg/mL)", "Privigen 10%", "IVIG 5 %", "immune globulin IV 50 mg/mL"])
def test_into_a_draft_of_another_product_or_strength_no_dose_is_written(answerer: Answerer, text: str) -> None:
    card = advice(answerer, drafted(text))
    assert not suggestions(card)
    assert "another product or strength than Gammaplex 10%" in card["detail"]


@pytest.mark.parametrize(
    ("concept", "named"),
    [
        ({"text": "immune globulin intravenous", "coding": [{"display": "Privigen", "code": "1"}]}, "privigen"),
        ({"coding": [{"system": RXNORM, "code": "758996"}]}, "privigen"),
        ({"coding": [{"system": RXNORM, "code": "1809521"}], "text": "IVIG"}, "privigen, 10 %"),
        ({"coding": [{"system": NDC, "code": "64208-8234-2"}], "text": "IVIG"}, "gammaplex, 5 %"),
        ({"text": "immune globulin 5 g/100 mL"}, "5 %"),
        ({"text": "IVIG 50 g/L"}, "5 %"),
        ({"text": "IVIG 2.5 g in 50 mL"}, "5 %"),
    ],
    ids=str,
)
def test_what_codes_and_displays_name_counts_as_much_as_the_text(answerer: Answerer, concept: Json, named: str) -> None:
    call = order_select(GIVEN, "coded")
    call["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"] = concept
    card = advice(answerer, call)
    assert not suggestions(card)
    assert f"({named}), another product or strength" in card["detail"]


@pytest.mark.parametrize("member", ["dosageInstruction", "note"])
def test_a_brand_in_the_dosage_or_a_note_counts_too(answerer: Answerer, member: str) -> None:
    call = drafted("IVIG")
    call["context"]["draftOrders"]["entry"][0]["resource"][member] = [{"text": "Privigen 10% 2 g IV"}]
    card = cards(answerer, call)[0]
    assert not suggestions(card)
    assert "(privigen, 10 %), another product or strength" in card["detail"]


@pytest.mark.parametrize(("route", "said"), [("Subcutaneous", True), ("Oral", True), ("Intravenous", False)])
def test_another_route_in_an_order_for_ivig_is_said(answerer: Answerer, route: str, said: bool) -> None:
    call = drafted("IVIG")
    order = call["context"]["draftOrders"]["entry"][0]["resource"]
    order["dosageInstruction"] = [{"route": {"text": route}}]
    assert any("another route than into a vein" in card["detail"] for card in cards(answerer, call)) is said


def test_where_both_indications_advise_each_card_names_the_other(answerer: Answerer) -> None:
    call = order_select({**GIVEN, "platelets": "12 10*9/L"}, "both")
    both = [card for card in cards(answerer, call) if "decision" in str(card.get("extension"))]
    assert [card["extension"]["org.neonatal-ivig-cds.decision"]["indication"] for card in both] == ["hdn", "fnait"]
    assert "**IVIG is also advised for FNAIT**" in both[0]["detail"]
    assert "**IVIG is also advised for HDN**" in both[1]["detail"]
    alone = cards(answerer, order_select(GIVEN, "one"))[0]
    assert "also advised" not in alone["detail"]


@pytest.mark.parametrize("text", ["Gammaplex 10%", "Gammaplex 100 mg/mL", "IVIG", "immune globulin intravenous 10%"])
def test_into_a_draft_of_this_product_or_none_the_dose_is_written(answerer: Answerer, text: str) -> None:
    card = advice(answerer, drafted(text))
    assert [one["actions"][0]["type"] for one in suggestions(card)] == ["update", "update"]
    assert ("The draft names" in card["detail"]) is ("Gammaplex" not in text)


@pytest.mark.parametrize(
    ("text", "said"),
    [("Flebogamma DIF 5%", True), ("Flebogamma", True), ("Gammaplex 5%", True), ("Privigen 10%", False)],
)
def test_a_product_with_sorbitol_is_named_as_contraindicated(answerer: Answerer, text: str, said: bool) -> None:
    extensions = [card.get("extension", {}) for card in cards(answerer, drafted(text))]
    found = [one[SAFETY]["rule"] for one in extensions if SAFETY in one]
    assert ("sorbitol" in found) is said
    assert not said or found[0] == "sorbitol"


@pytest.mark.parametrize(
    ("ago", "said"), [("5 h", "last dose 5 h ago, a repeat not before 12 h"), ("13 h", ""), ("30 h", "")]
)
def test_inside_the_repeat_interval_no_dose_is_offered_and_the_summary_says_so(
    answerer: Answerer, ago: str, said: str
) -> None:
    card = cards(answerer, order_select({**GIVEN, "ivig_given": ago}, "again"))[0]
    assert bool(suggestions(card)) is not bool(said)
    assert said in card["summary"]
    assert "IVIG already given" in card["detail"]


def test_at_the_greatest_number_of_doses_none_is_offered(answerer: Answerer) -> None:
    call: dict[str, Any] = order_select({**GIVEN, "ivig_given": "14 h"}, "again")
    entries = call["prefetch"]["ivig_given"]["entry"]
    first = entries[0]["resource"]
    entries.append({"resource": {**first, "id": "first", "effectiveDateTime": "2026-11-19T06:00:00Z"}})
    card = cards(answerer, call)[0]
    assert not suggestions(card)
    assert "2 doses on record, 2 at most" in card["summary"]


@pytest.mark.parametrize("status", ["in-progress", "on-hold"])
def test_while_an_infusion_runs_no_dose_is_offered_however_long_ago_it_began(answerer: Answerer, status: str) -> None:
    call: dict[str, Any] = order_select({**GIVEN, "ivig_given": "13 h"}, "again")
    call["prefetch"]["ivig_given"]["entry"][0]["resource"]["status"] = status
    card = advice(answerer, call)
    assert not suggestions(card)
    assert "an infusion is running or on hold" in card["summary"]


def test_a_rounded_dose_outside_the_range_is_told_so_exactly_that_it_shows(answerer: Answerer) -> None:
    detail = cards(answerer, order_select({**GIVEN, "weight": "3.495 kg"}, "rounded"))[0]["detail"]
    assert "Rounded to 3.5 g the dose is 1.001 g/kg, outside the guideline's 0.5–1 g/kg" in detail


def test_what_is_urgent_stays_first_in_the_summary(answerer: Answerer) -> None:
    card = cards(answerer, order_select({**GIVEN, "tsb": "21 mg/dL", "ivig_given": "5 h"}, "again"))[0]
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("Bilirubin 21 mg/dL is at exchange level")
    assert "IVIG already given" in card["summary"]


def test_an_old_platelet_count_names_its_age(answerer: Answerer) -> None:
    call = order_select({"age": "60 h", "gestation": "38+0", "platelets": "19 10*9/L", "weight": "3.2 kg"}, "old")
    call["prefetch"]["laboratory"]["entry"][0]["resource"]["effectiveDateTime"] = "2026-11-18T12:00:00Z"
    assert "**48 h old: repeat it**" in cards(answerer, call)[0]["detail"]


def test_without_a_gestation_a_value_above_every_exchange_line_is_critical(answerer: Answerer) -> None:
    given = {key: value for key, value in GIVEN.items() if key != "gestation"}
    card = cards(answerer, order_select({**given, "tsb": "25 mg/dL"}, "none"))[0]
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("Bilirubin 25 mg/dL is at exchange level")


def test_a_negative_dat_beside_a_diagnosis_is_said_first(answerer: Answerer) -> None:
    card = cards(answerer, order_select({**GIVEN, "dat": "negative", "conditions": ["P55.0"]}, "both"))[0]
    assert card["detail"].startswith("**The DAT is negative, yet isoimmune hemolytic disease is on the problem list.**")
