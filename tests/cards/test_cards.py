"""Every card that a drawn newborn gets keeps the promises of CDS Hooks and our own."""

from __future__ import annotations

import copy
import re
from typing import Any
from uuid import UUID

import orjson
import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.cards.source import topic_code
from cds_service.decisions.decide import answer
from cds_service.hooks.service import Answerer
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import Json, order_select
from cds_service.review.check import empties
from tests.cards.calls import GIVEN, SERVICE, cards, cards_of, newborns
from tests.decisions.drawn import babies

MODELS = {"MedicationRequest": MedicationRequest, "ServiceRequest": ServiceRequest}
ADVISED = {
    "hdn": GIVEN,
    "fnait": {"age": "20 h", "gestation": "38+0", "platelets": "19 10*9/L", "weight": "3.2 kg"},
    "both": {**GIVEN, "platelets": "19 10*9/L"},
}


def check(card: Json) -> None:
    assert 1 <= len(card["summary"]) < 140
    assert "\n" not in card["summary"]
    assert not re.search(r"[{}]", card["summary"] + card["detail"]), "a placeholder was left"
    assert card["indicator"] in ("info", "warning", "critical")
    assert card["source"]["label"]
    assert card["source"].get("url", "https://").startswith("https://")
    assert re.fullmatch(r"[A-Za-z0-9]{1,100}", card["source"]["topic"]["code"])
    assert "://" not in card["detail"]
    assert not list(empties(card))
    UUID(card["uuid"])
    assert ("suggestions" in card) == ("selectionBehavior" in card)
    suggestions = card.get("suggestions", [])
    assert sum(one.get("isRecommended", False) for one in suggestions) <= 1
    for suggestion in suggestions:
        for action in suggestion["actions"]:
            assert action["type"] in ("create", "update", "delete")
            assert action["description"]
            if action["type"] == "delete":
                assert action["resourceId"] == "MedicationRequest/draft-ivig"
                continue
            resource = action["resource"]
            MODELS[resource["resourceType"]].model_validate(resource)
            assert resource["status"] == "draft"
            assert resource["subject"] == {"reference": "Patient/newborn-1"}


@settings(max_examples=150)
@given(baby=newborns())
def test_every_card_is_whole_short_and_valid(answerer: Answerer, baby: dict[str, Any]) -> None:
    found = cards_of(answerer, baby)
    assert found, "silence on an IVIG order"
    for card in found:
        check(card)
    levels = [("critical", "warning", "info").index(card["indicator"]) for card in found]
    assert levels == sorted(levels), "the worst comes first"
    identities = [card["uuid"] for card in found]
    identities += [one["uuid"] for card in found for one in card.get("suggestions", [])]
    assert len(set(identities)) == len(identities)
    topics = [card["source"]["topic"]["code"] for card in found]
    assert len(set(topics)) == len(topics)


@given(baby=newborns())
def test_the_same_call_twice_gives_the_same_bytes(answerer: Answerer, baby: dict[str, Any]) -> None:
    body = orjson.dumps(order_select(baby, "twice"))
    assert answerer.reply(SERVICE, body) == answerer.reply(SERVICE, body)


def test_another_call_gives_other_uuids_and_the_same_topics(answerer: Answerer) -> None:
    one, two = cards_of(answerer, GIVEN, "one"), cards_of(answerer, GIVEN, "two")
    assert not {card["uuid"] for card in one} & {card["uuid"] for card in two}
    assert [card["source"]["topic"] for card in one] == [card["source"]["topic"] for card in two]


def test_another_clinical_state_has_another_topic(demo: Knowledge) -> None:
    topics: dict[str, set[tuple[str, ...]]] = {}

    @settings(max_examples=200)
    @given(data=st.data())
    def collect(data: st.DataObject) -> None:
        drawn = {indication: data.draw(babies(demo, indication)) for indication, _ in demo.guidance}
        for (indication, guideline), guidance in demo.guidance.items():
            found = answer(guidance, drawn[indication])
            state = (indication, guideline, found.name, found.indicator)
            topics.setdefault(topic_code(found), set()).add(state)

    collect()
    assert all(len(states) == 1 for states in topics.values())
    assert len(topics) > 20
    assert all(re.fullmatch(r"[a-z0-9]{1,100}", topic) for topic in topics)


@pytest.mark.parametrize("name", ADVISED)
def test_advice_comes_with_its_dose_and_a_card_on_monitoring(answerer: Answerer, name: str) -> None:
    found = cards_of(answerer, ADVISED[name])
    doses = [card for card in found if card.get("selectionBehavior") == "at-most-one"]
    monitoring = [card for card in found if card.get("selectionBehavior") == "any"]
    assert len(doses) == (2 if name == "both" else 1)
    assert len(monitoring) == 1
    assert all("g/kg" in one["label"] for card in doses for one in card["suggestions"])


def test_a_dose_is_written_into_the_draft_and_nothing_else_of_it_is_changed(answerer: Answerer) -> None:
    call = order_select(GIVEN, "draft")
    draft = call["context"]["draftOrders"]["entry"][0]["resource"]
    draft |= {"note": [{"text": "slowly"}], "dosageInstruction": [{"text": "to be filled in"}]}
    before = copy.deepcopy(draft)
    (card,) = [card for card in cards(answerer, call) if card.get("selectionBehavior") == "at-most-one"]
    assert [one["actions"][0]["type"] for one in card["suggestions"]] == ["update", "update"]
    for one in card["suggestions"]:
        resource = one["actions"][0]["resource"]
        (dosage,) = resource.pop("dosageInstruction")
        assert dosage["doseAndRate"][0]["doseQuantity"]["unit"] == "g"
        assert resource == {key: value for key, value in before.items() if key != "dosageInstruction"}


def test_a_draft_that_is_not_valid_gets_advice_but_no_suggestion(answerer: Answerer) -> None:
    call = order_select(GIVEN, "invalid")
    call["context"]["draftOrders"]["entry"][0]["resource"]["status"] = "dreamed"
    advice = cards(answerer, call)[0]
    assert "suggestions" not in advice
    assert "not valid FHIR R4" in advice["detail"]


def test_a_withheld_answer_suggests_nothing(answerer: Answerer) -> None:
    for baby in ({**GIVEN, "tsb": "10 mg/dL"}, {**GIVEN, "dat": "negative"}, {}, {"age": "40 d", "gestation": "40+0"}):
        assert all("suggestions" not in card for card in cards_of(answerer, baby))


def test_at_exchange_level_a_withheld_answer_is_critical_and_says_so_first(answerer: Answerer) -> None:
    first = cards_of(answerer, {**GIVEN, "dat": "negative", "tsb": "21 mg/dL"})[0]
    assert first["indicator"] == "critical"
    assert "exchange level" in first["summary"]


@pytest.mark.parametrize(
    ("given", "key", "comparator", "made_up"),
    [(GIVEN, "bilirubin", ">", "60"), (ADVISED["fnait"], "laboratory", "<", "0–")],
    ids=["above", "below"],
)
def test_a_limit_is_shown_as_the_limit_that_was_reported(
    answerer: Answerer, given: dict[str, Any], key: str, comparator: str, made_up: str
) -> None:
    call = order_select(given, "limit")
    call["prefetch"][key]["entry"][-1]["resource"]["valueQuantity"]["comparator"] = comparator
    assert made_up not in cards(answerer, call)[0]["summary"]


EVIL = "x](http://evil.example) <script>alert(1)</script> | a@evil.example www.evil.example\n\n# heading"


def planted(given: dict[str, Any]) -> Json:
    """A call in which every text and id of the record that may be shown holds markdown, HTML and links."""
    call = order_select(given, "planted")
    for value in call["prefetch"].values():
        for entry in value.get("entry", []):
            resource = entry["resource"]
            resource["id"] = EVIL
            if resource["resourceType"] == "Condition":
                resource["code"]["text"] = EVIL
            elif quantity := resource.get("valueQuantity"):
                quantity["unit"] = EVIL
    return call


@pytest.mark.parametrize(
    "given",
    [
        {**GIVEN, "conditions": ["P55.1"], "ivig_given": "30 h"},
        {"age": "48 h", "gestation": "38+0", "tsb": "18.1 mg/dL", "conditions": ["P55.1"]},
        {**ADVISED["fnait"], "conditions": ["P52.4"], "suspected": ["P55.1"]},
    ],
    ids=["hdn", "by diagnosis", "bleeding"],
)
@pytest.mark.parametrize("bare", [False, True], ids=["unit beside code", "unit alone"])
def test_no_text_of_the_record_becomes_markup_on_a_card(answerer: Answerer, given: dict[str, Any], bare: bool) -> None:
    call = planted(given)
    if bare:
        for value in call["prefetch"].values():
            for entry in value.get("entry", []):
                entry["resource"].get("valueQuantity", {}).pop("code", None)
    found = cards(answerer, call)
    assert any("evil" in card["detail"] for card in found), "the text is shown, made safe"
    for card in found:
        for text in (card["detail"], card["summary"]):
            assert not re.search(r"://|(?<!\\)<|(?<!\\)\]\(|\n# heading|\S@\S|www\.\S", text)


def test_the_planted_text_stands_in_the_data_of_the_decision_as_it_was_sent(answerer: Answerer) -> None:
    record = cards(answerer, planted(GIVEN))[0]["extension"]["org.neonatal-ivig-cds.decision"]
    sources = {fact["name"]: fact.get("source") for fact in record["facts"]}
    assert sources["tsb"] == f"Observation/{EVIL}"


def test_the_summary_asks_for_one_thing_once(answerer: Answerer) -> None:
    given = {"age": "48 h", "gestation": "38+0", "platelets": "25 10*9/L", "weight": "3.4 kg"}
    summary = cards(answerer, order_select({**given, "not_sent": ["conditions"]}, "once"))[0]["summary"]
    assert summary.count("active conditions") == 1
