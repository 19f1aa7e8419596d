"""Where an order's medication is found, and which IVIG counts as given or ordered."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.facts.fact import Fact, Missing
from cds_service.facts.moments import Span
from cds_service.hooks.service import Answerer
from cds_service.review.babies import AS_OF, bundle, draft_order
from tests.conftest import ReadRecord
from tests.facts.judging import IVIG, UNREADABLE, judged
from tests.facts.records import SNOMED, SUBJECT, Json, changed, doubt_of, record

PRIVIGEN = {
    "resourceType": "Medication",
    "id": "m1",
    "code": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1809521"}]},
}
SC = {"coding": [{"system": SNOMED, "code": "34206005", "display": "Subcutaneous route"}]}


@pytest.mark.parametrize(
    ("order", "beside", "prefetch"),
    [
        ({"medicationReference": {"reference": "#m1"}, "contained": [PRIVIGEN]}, [], {}),
        ({"medicationReference": {"reference": "Medication/m1"}}, [{"resource": PRIVIGEN}], {}),
        ({"medicationReference": {"reference": "https://fhir.example/r4/Medication/m1"}}, [{"resource": PRIVIGEN}], {}),
        ({"medicationReference": {"reference": "Medication/m1/_history/2"}}, [{"resource": PRIVIGEN}], {}),
        (
            {"medicationReference": {"reference": "urn:uuid:11111111-1111-4111-8111-111111111111"}},
            [{"fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111", "resource": PRIVIGEN}],
            {},
        ),
        ({"medicationReference": {"reference": "Medication/m1"}}, [], {"medications": bundle([PRIVIGEN])}),
        ({"medicationReference": {"reference": "Medication/m1"}}, [], {"medication": PRIVIGEN}),
        ({"medicationReference": {"reference": "Medication/gone", "display": "Privigen 10%"}}, [], {}),
        ({"medicationReference": {"display": "Privigen 10%"}}, [], {}),
    ],
    ids=[
        "contained",
        "entry",
        "absolute",
        "version",
        "uuid",
        "prefetch Bundle",
        "prefetch",
        "display beside",
        "display",
    ],
)
def test_a_medication_is_found_wherever_it_is_referred_to(
    answerer: Answerer, order: Json, beside: list[Json], prefetch: Json
) -> None:
    assert judged(answerer, order, *beside, prefetch=prefetch) == IVIG


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Medication/gone"},
        {"reference": "#gone"},
        {"identifier": {"value": "7"}},
        {"reference": "urn:uuid:x"},
    ],
    ids=str,
)
def test_a_reference_that_leads_nowhere_is_said_and_never_silence(answerer: Answerer, reference: Json) -> None:
    assert judged(answerer, {"medicationReference": reference}) == UNREADABLE


@pytest.mark.parametrize(
    "order", [{}, {"medicationCodeableConcept": {}}, {"medicationReference": "Medication/m1"}], ids=str
)
def test_an_order_without_any_medication_is_said(answerer: Answerer, order: Json) -> None:
    assert judged(answerer, order) == UNREADABLE


def given(**members: Any) -> Json:
    usual = {"resourceType": "MedicationAdministration", "id": "given", "status": "completed", "subject": SUBJECT}
    return changed(
        usual, **{"medicationCodeableConcept": {"text": "IVIG"}, "effectiveDateTime": "2026-11-20T06:00:00Z"} | members
    )


@pytest.mark.parametrize("status", ["completed", "in-progress", "on-hold", "stopped", "unknown"])
def test_ivig_that_was_given_is_on_record(read: ReadRecord, status: str) -> None:
    fact = read(record(ivig_given=[given(status=status)])).facts["ivig_given"]
    assert isinstance(fact, Fact)
    assert fact.value == status


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({"status": None}, "unknown"),
        ({"status": "COMPLETED"}, "completed"),
        ({"status": "given"}, "unknown"),
        ({"status": 5}, "unknown"),
    ],
    ids=str,
)
def test_an_odd_status_is_no_reason_to_give_it_again(read: ReadRecord, members: Json, status: str) -> None:
    fact = read(record(ivig_given=[given(**members)])).facts["ivig_given"]
    assert isinstance(fact, Fact)
    assert fact.value == status


def test_a_dose_dated_ahead_counts_as_given_now_and_that_is_said(read: ReadRecord) -> None:
    baby = read(record(ivig_given=[given(effectiveDateTime="2026-11-20T12:05:00Z")]))
    fact = baby.facts["ivig_given"]
    assert isinstance(fact, Fact)
    assert fact.at == Span(AS_OF, AS_OF)
    assert any("dated in the future" in remark for remark in baby.remarks)


def test_a_medication_given_that_cannot_be_read_is_said(read: ReadRecord) -> None:
    unread = given(medicationCodeableConcept=None, medicationReference={"reference": "Medication/none"})
    baby = read(record(ivig_given=[unread, unread]))
    assert "2 medication(s) ordered or given could not be read: they may be IVIG" in baby.remarks


@pytest.mark.parametrize(
    "members",
    [
        {"status": "not-done"},
        {"status": "entered-in-error"},
        {"medicationCodeableConcept": {"text": "Rho(D) immune globulin IV"}},
        {"medicationCodeableConcept": {"text": "Gammagard"}, "dosage": {"route": SC}},
    ],
    ids=str,
)
def test_what_was_not_given_or_is_not_ivig_is_not_on_record(read: ReadRecord, members: Json) -> None:
    doubt_of(read(record(ivig_given=[given(**members)])), "ivig_given", Missing.ABSENT)


def test_an_active_order_of_ivig_is_on_record(read: ReadRecord) -> None:
    order = draft_order() | {"status": "active", "authoredOn": "2026-11-20T08:00:00Z"}
    assert isinstance(read(record(ivig_orders=[order])).facts["ivig_order"], Fact)


@pytest.mark.parametrize("status", ["draft", "stopped", "cancelled", "completed", "on-hold", None])
def test_an_order_that_is_not_active_is_not_on_record(read: ReadRecord, status: str | None) -> None:
    order = draft_order() | {"status": status}
    doubt_of(read(record(ivig_orders=[order])), "ivig_order", Missing.ABSENT)


def test_an_order_not_to_give_ivig_is_no_order_of_ivig(read: ReadRecord) -> None:
    order = draft_order() | {"status": "active", "doNotPerform": True}
    doubt_of(read(record(ivig_orders=[order])), "ivig_order", Missing.ABSENT)


@pytest.mark.parametrize(
    ("members", "amount"),
    [
        ({"dosage": {"dose": {"value": 1.7, "unit": "g"}}}, (1.7, "g")),
        ({"dosage": {"dose": {"value": 1700, "unit": "mg"}}}, (1700, "mg")),
        ({"dosage": {"dose": {"value": 0.5, "unit": "g/kg"}}}, (0.5, "g/kg")),
        (
            {"medicationCodeableConcept": {"text": "Privigen 10%"}, "dosage": {"dose": {"value": 17, "unit": "mL"}}},
            (1.7, "g"),
        ),
        (
            {"medicationCodeableConcept": {"text": "IVIG 5 %"}, "dosage": {"dose": {"value": 17, "unit": "mL"}}},
            (0.85, "g"),
        ),
        ({"dosage": {"dose": {"value": 17, "unit": "mL"}}}, None),
        ({"dosage": {"dose": {"value": 17, "unit": "vial"}}}, None),
        ({"dosage": {"dose": {"value": 1.7, "unit": "g", "code": "mg"}}}, None),
        ({"dosage": {"text": "1.7 g"}}, None),
        ({"dosage": 5}, None),
        ({}, None),
    ],
    ids=str,
)
def test_how_much_was_given_is_kept_with_the_dose(
    read: ReadRecord, members: Json, amount: tuple[float, str] | None
) -> None:
    fact = read(record(ivig_given=[given(**members)])).facts["ivig_given"]
    assert isinstance(fact, Fact)
    much = fact.amount
    assert (much and (float(much.low), much.unit.name)) == amount
