"""What servers add to what they send: mild outcomes that are not mild, resources about nobody, members of `meta`."""

from __future__ import annotations

import pytest

from cds_service.fhir.conform import conforming
from cds_service.fhir.prefetch import State, collect
from cds_service.fhir.read import Json

ORDER: Json = {
    "resourceType": "MedicationRequest",
    "id": "o",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p"},
    "medicationCodeableConcept": {"text": "IVIG"},
}


def state_with(severity: str, code: str) -> State:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}
    bundle = {"resourceType": "Bundle", "total": 0, "entry": [{"resource": outcome, "search": {"mode": "outcome"}}]}
    return collect({"laboratory": bundle}, ("laboratory",), "p").states["laboratory"]


@pytest.mark.parametrize("severity", ["warning", "information"])
def test_an_outcome_that_says_that_something_was_left_out_is_a_failure_however_mild(severity: str) -> None:
    assert state_with(severity, "suppressed") is State.FAILED
    assert state_with(severity, "incomplete") is State.FAILED
    assert state_with(severity, "processing") is State.NONE


def test_an_error_is_a_failure_whatever_its_code() -> None:
    assert state_with("error", "processing") is State.FAILED


@pytest.mark.parametrize("kind", ["Practitioner", "PractitionerRole", "Organization", "Location", "Coverage"])
def test_a_resource_about_no_patient_is_not_counted_as_set_aside(kind: str) -> None:
    assert collect({"-user": {"resourceType": kind, "id": "u"}}, (), "p").set_aside == 0


def test_a_result_of_nobody_is_set_aside() -> None:
    assert collect({"labs": {"resourceType": "Observation", "id": "u"}}, (), "p").set_aside == 1


def test_of_meta_goes_back_what_r4_knows() -> None:
    meta = {"versionId": "1", "lastUpdated": "2026-11-20T12:00:00Z", "project": "x", "author": {"reference": "Bot/1"}}
    kept = conforming(ORDER | {"meta": meta})
    assert kept == ORDER | {"meta": {"versionId": "1", "lastUpdated": "2026-11-20T12:00:00Z"}}


def test_a_meta_of_which_nothing_is_r4_goes() -> None:
    assert conforming(ORDER | {"meta": {"project": "x"}}) == ORDER


@pytest.mark.parametrize("meta", ["x", [], {"versionId": "not an id!"}, {}])
def test_a_meta_that_is_broken_keeps_the_order_from_going_back(meta: object) -> None:
    assert conforming(ORDER | {"meta": meta}) is None
