"""order-select: which drafts are judged, and that an IVIG order is never met with silence."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.hooks.service import Answerer
from cds_service.review.babies import draft_order
from tests.facts.records import GIVEN, Json
from tests.hooks.calls import REMOVED, cards, drafts, order_call, other_order, topics

JUDGED = "hdnaap2022maygivewarning"
UNREADABLE = "notcheckedunreadable"
IVIG = draft_order()
UUID = "urn:uuid:11111111-1111-4111-8111-111111111111"


def first_topic(answerer: Answerer, call: Json) -> str:
    found = cards(answerer, call)
    return topics(found)[0] if found else "silence"


@pytest.mark.parametrize(
    "orders",
    [[other_order()], [], [other_order("a"), other_order("b", "Rho(D) immune globulin IV")], [IVIG, other_order()]],
    ids=["one", "none", "look-alike", "ivig not selected"],
)
def test_without_ivig_among_the_selected_orders_there_is_no_card(answerer: Answerer, orders: list[Json]) -> None:
    selected = [f"MedicationRequest/{one['id']}" for one in orders if one is not IVIG]
    assert cards(answerer, order_call(selections=selected, draftOrders=drafts(*orders))) == []


@pytest.mark.parametrize(
    ("selection", "entry"),
    [
        ("MedicationRequest/draft-ivig", {"resource": IVIG}),
        ("draft-ivig", {"resource": IVIG}),
        ("https://ehr.example/r4/MedicationRequest/draft-ivig", {"resource": IVIG}),
        (UUID, {"fullUrl": UUID, "resource": {key: one for key, one in IVIG.items() if key != "id"}}),
    ],
    ids=["reference", "id", "absolute", "uuid"],
)
def test_a_selection_is_found_by_reference_id_or_full_url(answerer: Answerer, selection: str, entry: Json) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": other_order()}, entry]}
    assert first_topic(answerer, order_call(selections=[selection], draftOrders=bundle)) == JUDGED


def test_a_selection_that_leads_nowhere_is_said_and_an_ivig_draft_is_judged_anyway(answerer: Answerer) -> None:
    found = cards(answerer, order_call(selections=["MedicationRequest/gone"], draftOrders=drafts(other_order(), IVIG)))
    assert topics(found)[0] == JUDGED
    assert any("not among the draft orders sent" in card["detail"] for card in found)


@pytest.mark.parametrize(
    "bundle", [drafts(other_order()), drafts(), {}, REMOVED, {"entry": 5}, {"entry": [None]}], ids=str
)
def test_a_selection_that_leads_nowhere_without_an_ivig_draft_is_said(answerer: Answerer, bundle: object) -> None:
    found = cards(answerer, order_call(selections=["MedicationRequest/gone"], draftOrders=bundle))
    assert topics(found) == [UNREADABLE]
    assert "nothing was checked" in found[0]["summary"]
    assert found[0]["indicator"] == "warning"


def test_one_selection_of_two_that_leads_nowhere_is_said(answerer: Answerer) -> None:
    selections = ["MedicationRequest/other", "MedicationRequest/gone"]
    assert first_topic(answerer, order_call(selections=selections, draftOrders=drafts(other_order()))) == UNREADABLE


def test_without_selections_an_ivig_draft_whose_patient_cannot_be_read_is_said(answerer: Answerer) -> None:
    odd = {**IVIG, "subject": {"reference": None}}
    assert first_topic(answerer, order_call(selections=[], draftOrders=drafts(odd))) == UNREADABLE


def test_without_selections_every_draft_is_looked_at(answerer: Answerer) -> None:
    assert first_topic(answerer, order_call(selections=[], draftOrders=drafts(other_order(), IVIG))) == JUDGED
    assert first_topic(answerer, order_call(selections=[], draftOrders=drafts(other_order()))) == "silence"
    assert first_topic(answerer, order_call(selections=[], draftOrders=REMOVED)) == "silence"


@pytest.mark.parametrize(
    "bundle",
    [
        {"entry": [{"resource": IVIG}]},
        {"resourceType": "Bundle", "entry": {"resource": IVIG}},
        {"resourceType": ["Bundle"], "entry": [{"resource": IVIG}]},
        {"resourceType": "Bundle", "entry": [None, 5, {"resource": "x"}, {"resource": IVIG}]},
    ],
    ids=["no type", "one entry", "odd type", "odd entries"],
)
def test_a_bundle_that_is_not_quite_one_is_read(answerer: Answerer, bundle: Json) -> None:
    assert first_topic(answerer, order_call(draftOrders=bundle)) == JUDGED


@pytest.mark.parametrize(
    "subject",
    [{"reference": "Patient/newborn-2"}, {"reference": "Group/newborn-1"}, {"display": "Twin A"}, "newborn-1"],
)
def test_an_ivig_draft_for_another_patient_is_not_judged_and_that_is_said(answerer: Answerer, subject: object) -> None:
    found = cards(answerer, order_call(draftOrders=drafts(IVIG | {"subject": subject})))
    assert topics(found) == [UNREADABLE]
    assert "another patient" in found[0]["detail"]


@pytest.mark.parametrize("subject", [None, {}, {"reference": "https://ehr.example/Patient/newborn-1"}], ids=str)
def test_an_ivig_draft_for_this_patient_or_for_nobody_named_is_judged(answerer: Answerer, subject: object) -> None:
    assert first_topic(answerer, order_call(draftOrders=drafts(IVIG | {"subject": subject}))) == JUDGED


@pytest.mark.parametrize(
    "dosage",
    [
        {"doseAndRate": {"doseQuantity": {"value": 1, "unit": "g"}}, "route": {"text": "IV"}},
        [{"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "g"}}]}],
        {"doseAndRate": [5]},
        "1 g IV",
        [None],
    ],
    ids=["objects", "arrays", "number", "text", "null"],
)
def test_the_dosage_of_a_draft_may_have_any_shape(answerer: Answerer, dosage: object) -> None:
    assert first_topic(answerer, order_call(draftOrders=drafts(IVIG | {"dosageInstruction": dosage}))) == JUDGED


def test_objects_in_place_of_arrays_are_mended_in_the_suggestion(answerer: Answerer) -> None:
    draft = IVIG | {
        "category": {"text": "inpatient"},
        "dosageInstruction": {"doseAndRate": {"doseQuantity": {"value": 1}}},
    }
    advice = cards(answerer, order_call(draftOrders=drafts(draft)))[0]
    resource = advice["suggestions"][0]["actions"][0]["resource"]
    assert resource["category"] == [{"text": "inpatient"}]
    assert isinstance(resource["dosageInstruction"][0]["doseAndRate"], list)


def test_an_order_in_the_older_format_is_judged_but_not_sent_back(answerer: Answerer) -> None:
    old = IVIG | {"resourceType": "MedicationOrder", "patient": IVIG["subject"]}
    call = order_call(selections=["MedicationOrder/draft-ivig"], draftOrders=drafts(old))
    found = cards(answerer, call)
    assert topics(found)[0] == JUDGED
    assert "suggestions" not in found[0]


@pytest.mark.parametrize("kind", ["ServiceRequest", "NutritionOrder", "MedicationStatement"])
def test_what_is_no_medication_order_is_passed_over(answerer: Answerer, kind: str) -> None:
    call = order_call(selections=[f"{kind}/draft-ivig"], draftOrders=drafts(IVIG | {"resourceType": kind}))
    assert cards(answerer, call) == []


def test_what_was_not_sent_is_named_on_the_card(answerer: Answerer) -> None:
    found = cards(answerer, order_call({**GIVEN, "not_sent": ["conditions", "ivig_given"]}))
    assert any("Not sent, and so not checked: conditions, ivig_given." in card["detail"] for card in found)


def test_what_failed_or_was_set_aside_is_said_on_the_card(answerer: Answerer) -> None:
    call = order_call()
    call["prefetch"]["conditions"] = {"resourceType": "OperationOutcome"}
    call["prefetch"]["labs"] = {"resourceType": "Observation", "subject": {"reference": "Patient/twin"}}
    detail = cards(answerer, call)[0]["detail"]
    assert "Could not be read in full, and so not relied on: conditions." in detail
    assert "1 resource(s) of another or no patient were set aside." in detail


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"age": "48 h"},
        {"age": "29 d", "gestation": "40+0"},
        {**GIVEN, "tsb": "5 mg/dL"},
        {**GIVEN, "dat": "negative"},
        {**GIVEN, "not_sent": ["bilirubin", "laboratory", "measurements", "conditions", "procedures"]},
    ],
    ids=str,
)
def test_an_ivig_order_always_gets_a_card(answerer: Answerer, given: dict[str, Any]) -> None:
    assert cards(answerer, order_call(given))
