"""What came, what is none, what failed and what is missing; and whose resources they are."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.fhir.prefetch import Record, State, collect
from cds_service.review.babies import bundle, observation, patient

ID = "newborn-1"
VALUE = observation("b1", "1975-2", "18.1 mg/dL")
NEXT = [{"relation": "next", "url": "https://fhir.example/page2"}]


def outcome(*severities: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": one, "code": "x"} for one in severities]}


def entries(*resources: object, **members: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources], **members}


def collected(value: object) -> Record:
    return collect({"patient": patient({}), "labs": value}, ("patient", "labs"), ID)


@pytest.mark.parametrize(
    ("value", "state", "count"),
    [
        (entries(VALUE), State.CAME, 1),
        (entries(VALUE, link=[{"relation": "self", "url": "x"}]), State.CAME, 1),
        ({"entry": [{"resource": VALUE}]}, State.CAME, 1),
        ({"resourceType": "Bundle", "entry": {"resource": VALUE}}, State.CAME, 1),
        (VALUE, State.CAME, 1),
        (entries(outcome("information"), VALUE), State.CAME, 1),
        (entries(outcome("warning"), VALUE), State.CAME, 1),
        (None, State.NONE, 0),
        (bundle([]), State.NONE, 0),
        ({"resourceType": "Bundle"}, State.NONE, 0),
        (entries(outcome("information"), total=0), State.NONE, 0),
        (entries(outcome("warning", "information"), total=0), State.NONE, 0),
        (outcome("information"), State.FAILED, 0),
        (outcome("error"), State.FAILED, 0),
        (entries(outcome("error"), total=0), State.FAILED, 0),
        (entries(outcome("information", "fatal")), State.FAILED, 0),
        (entries(outcome()), State.FAILED, 0),
        (entries(outcome("error"), VALUE), State.FAILED, 1),
        (entries(VALUE, link=NEXT), State.FAILED, 1),
        (entries(VALUE, link=NEXT[0]), State.FAILED, 1),
        (5, State.FAILED, 0),
        ("Observation/b1", State.FAILED, 0),
        (True, State.FAILED, 0),
        ([VALUE], State.FAILED, 0),
        ({}, State.FAILED, 0),
        ({"id": "b1"}, State.FAILED, 0),
    ],
    ids=lambda value: value.name if isinstance(value, State) else str(value)[:60],
)
def test_the_state_of_an_answer_says_whether_its_absence_means_anything(
    value: object, state: State, count: int
) -> None:
    record = collected(value)
    assert record.states["labs"] is state
    assert len(record.of("Observation")) == count


@pytest.mark.parametrize("entry", [5, "x", [5], [{"resource": "x"}], [{"fullUrl": "Observation/b1"}]], ids=str)
def test_a_bundle_whose_entries_cannot_be_read_has_failed(entry: object) -> None:
    assert collected({"resourceType": "Bundle", "entry": entry}).states["labs"] is State.FAILED


def test_an_outcome_of_an_odd_shape_has_failed() -> None:
    odd = {"resourceType": "OperationOutcome", "issue": [{"severity": []}]}
    assert collected(entries(odd)).states["labs"] is State.FAILED


def test_a_key_that_was_not_sent_is_missing() -> None:
    record = collect({}, ("patient", "labs"), ID)
    assert record.states == {"patient": State.MISSING, "labs": State.MISSING}
    assert record.patient is None


def test_an_unknown_key_is_read_like_a_known_one() -> None:
    record = collect({"whatever": bundle([VALUE])}, ("labs",), ID)
    assert record.of("Observation") == [VALUE]
    assert record.states == {"whatever": State.CAME, "labs": State.MISSING}


@pytest.mark.parametrize(
    "reference",
    [
        f"Patient/{ID}",
        f"Patient/{ID}/_history/3",
        f"https://fhir.example/r4/Patient/{ID}",
        f"https://fhir.example/r4/Patient/{ID}/_history/3",
        f"Patient/{ID}/",
    ],
)
@pytest.mark.parametrize("member", ["subject", "patient"])
def test_a_resource_of_this_patient_is_known_by_every_form_of_reference(reference: str, member: str) -> None:
    resource = {key: value for key, value in VALUE.items() if key != "subject"} | {member: {"reference": reference}}
    record = collected(bundle([resource]))
    assert record.of("Observation") == [resource]
    assert record.set_aside == 0


def test_a_resource_may_refer_to_the_patient_by_the_uuid_of_a_bundle() -> None:
    uuid = "urn:uuid:11111111-1111-4111-8111-111111111111"
    resource = VALUE | {"subject": {"reference": uuid}}
    sent = {"resourceType": "Bundle", "entry": [{"fullUrl": uuid, "resource": patient({})}, {"resource": resource}]}
    record = collect({"all": sent}, (), ID)
    assert record.of("Observation") == [resource]
    assert record.patient is not None


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/newborn-2"},
        {"reference": "Patient/newborn-10"},
        {"reference": "Patient/NEWBORN-1"},
        {"reference": f"Group/{ID}"},
        {"reference": ID},
        {"reference": f"https://fhir.example/NotPatient/{ID}"},
        {"reference": "urn:uuid:22222222-2222-4222-8222-222222222222"},
        {"display": "Baby"},
        {"reference": 1},
        {},
        None,
        f"Patient/{ID}",
        [{"reference": f"Patient/{ID}"}],
    ],
    ids=str,
)
def test_a_resource_of_another_or_of_nobody_is_set_aside_and_counted(subject: object) -> None:
    record = collected(bundle([VALUE | {"subject": subject}, VALUE]))
    assert record.of("Observation") == [VALUE]
    assert record.set_aside == 1


def test_another_patient_is_set_aside_and_said() -> None:
    record = collect({"patient": patient({}) | {"id": "newborn-2"}}, ("patient",), ID)
    assert record.patient is None
    assert record.other_patient
    assert record.set_aside == 1


def test_the_patient_counts_under_whatever_key_it_comes() -> None:
    assert collect({"baby": bundle([patient({})])}, ("patient",), ID).patient == patient({})


def test_a_resource_whose_type_is_no_word_is_not_taken_for_an_empty_answer() -> None:
    assert collected(entries({"resourceType": 5})).states["labs"] is State.FAILED


def test_nothing_sent_is_changed() -> None:
    sent = {"patient": patient({}), "labs": entries(VALUE, VALUE | {"subject": {}})}
    before = repr(sent)
    collect(sent, ("patient", "labs"), ID)
    assert repr(sent) == before


SEARCHSET = {"resourceType": "Bundle", "type": "searchset"}


@pytest.mark.parametrize(
    ("bundle_", "state"),
    [
        (SEARCHSET | {"total": 7}, State.FAILED),
        (SEARCHSET | {"total": 2, "entry": [{"resource": VALUE}]}, State.FAILED),
        (SEARCHSET | {"total": 1, "entry": [{"resource": VALUE}]}, State.CAME),
        (SEARCHSET | {"total": 0}, State.NONE),
        (SEARCHSET, State.NONE),
        (
            SEARCHSET
            | {"total": 2, "entry": [{"resource": VALUE}, {"resource": VALUE, "search": {"mode": "include"}}]},
            State.FAILED,
        ),
    ],
)
def test_a_bundle_that_holds_less_than_it_says_is_not_all_there_is(bundle_: dict[str, Any], state: State) -> None:
    assert collect({"labs": bundle_}, ("labs",), ID).states["labs"] is state


@pytest.mark.parametrize("value", [bundle([VALUE]), VALUE])
def test_a_key_that_holds_something_else_than_it_was_asked_for_is_not_relied_on(value: dict[str, Any]) -> None:
    record = collect({"allergies": value}, ("allergies",), ID, types={"allergies": "AllergyIntolerance"})
    assert record.states["allergies"] is State.FAILED
    assert record.of("Observation") == [VALUE]


@pytest.mark.parametrize(
    "reference", ["Group/1/Patient/newborn-1", "javascript:/Patient/newborn-1", "xPatient/newborn-1"]
)
def test_a_reference_of_another_form_is_not_taken_for_this_patient(reference: str) -> None:
    record = collect({"labs": bundle([VALUE | {"subject": {"reference": reference}}])}, ("labs",), ID)
    assert record.set_aside == 1
