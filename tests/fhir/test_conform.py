"""A draft order is sent back unchanged where it is valid R4, mended where that is safe, else not at all."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest

from cds_service.fhir.conform import conforming
from cds_service.review.babies import draft_order

EXTENSION = {"url": "http://hospital.example/order-set", "valueString": "NICU"}
DOSE = {"doseQuantity": {"value": 1.7, "unit": "g", "system": "http://unitsofmeasure.org", "code": "g"}}
FULL: dict[str, Any] = {
    **draft_order(),
    "meta": {"versionId": "1", "lastUpdated": "2026-11-20T12:00:00.000Z", "profile": ["http://hospital.example/p"]},
    "extension": [EXTENSION],
    "identifier": [{"system": "http://hospital.example/orders", "value": "7"}],
    "_status": {"extension": [EXTENSION]},
    "category": [{"coding": [{"system": "http://hospital.example/c", "code": "inpatient", "userSelected": True}]}],
    "priority": "stat",
    "doNotPerform": False,
    "authoredOn": "2026-11-20T06:59:59-05:00",
    "requester": {"reference": "Practitioner/1", "display": "Dr. Example"},
    "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "IVIG"}, "status": "active"}],
    "note": [{"authorString": "RN", "time": "2026-11-20", "text": "through its own line"}],
    "dosageInstruction": [
        {
            "sequence": 1,
            "text": "1.7 g IV over 2 h",
            "timing": {"repeat": {"count": 1, "duration": 2, "durationUnit": "h"}},
            "route": {"text": "IV"},
            "doseAndRate": [DOSE],
        }
    ],
    "dispenseRequest": {"numberOfRepeatsAllowed": 0, "quantity": {"value": 5, "unit": "g"}},
    "substitution": {"allowedBoolean": False},
}


def changed(**members: Any) -> dict[str, Any]:
    return {**draft_order(), **members}


def dosage(**members: Any) -> dict[str, Any]:
    return changed(dosageInstruction=[members])


@pytest.mark.parametrize("draft", [draft_order(), FULL], ids=["plain", "full"])
def test_a_valid_draft_is_kept_unchanged(draft: dict[str, Any]) -> None:
    MedicationRequest.model_validate(draft)
    before = copy.deepcopy(draft)
    assert conforming(draft) == before
    assert draft == before


def test_the_narrative_is_left_out_because_it_would_no_longer_be_true() -> None:
    narrative = {"status": "generated", "div": "<div>IVIG 1 g</div>"}
    inner = {"resourceType": "Medication", "id": "m", "code": {"text": "IVIG"}}
    kept = conforming(changed(text=narrative, contained=[inner | {"text": narrative}]))
    assert kept == changed(contained=[inner])


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (changed(category={"text": "inpatient"}), changed(category=[{"text": "inpatient"}])),
        (changed(note={"text": "slowly"}), changed(note=[{"text": "slowly"}])),
        (dosage(doseAndRate=DOSE), dosage(doseAndRate=[DOSE])),
        (changed(dosageInstruction={"text": "IV"}), dosage(text="IV")),
        (changed(dosageInstruction={"doseAndRate": DOSE}), dosage(doseAndRate=[DOSE])),
        (changed(reasonCode={"coding": {"code": "x"}}), changed(reasonCode=[{"coding": [{"code": "x"}]}])),
    ],
    ids=["category", "note", "doseAndRate", "dosageInstruction", "both", "coding"],
)
def test_one_object_in_place_of_an_array_is_put_into_an_array(sent: dict[str, Any], kept: dict[str, Any]) -> None:
    assert conforming(sent) == kept
    MedicationRequest.model_validate(kept)


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in draft_order().items() if name != key}


@pytest.mark.parametrize(
    "draft",
    [
        without("resourceType"),
        without("status"),
        without("intent"),
        without("subject"),
        without("medicationCodeableConcept"),
        {},
        changed(resourceType="MedicationOrder"),
        changed(resourceType="Patient"),
        changed(resourceType=["MedicationRequest"]),
        changed(status="dreamed"),
        changed(status=5),
        changed(status=""),
        changed(intent="wish"),
        changed(priority="soon"),
        changed(subject="Patient/newborn-1"),
        changed(subject=None),
        changed(subject={}),
        changed(unknown="x"),
        changed(dateWritten="2026-11-20"),
        changed(medicationReference={"reference": "Medication/1"}),
        changed(reportedBoolean=True, reportedReference={"display": "x"}),
        changed(doNotPerform="no"),
        changed(doNotPerform=0),
        changed(authoredOn="today"),
        changed(authoredOn="2026-11-20T12:00"),
        changed(authoredOn="2026-13-01"),
        changed(authoredOn="2026-11-20T12:00:00"),
        changed(authoredOn=20261120),
        changed(note=[{}]),
        changed(note=[]),
        changed(note=["slowly"]),
        changed(id="a b"),
        changed(id=5),
        changed(substitution={}),
        changed(extension=[{"valueString": "x"}]),
        changed(extension=[{"url": "x", "valueString": "x", "valueCode": "x"}]),
        changed(contained=[{"resourceType": "Patient"}]),
        changed(_status="x"),
        changed(_subject={"extension": [EXTENSION]}),
        changed(_unknown={"extension": [EXTENSION]}),
        dosage(doseAndRate=[{"doseQuantity": {"value": "1.7"}}]),
        dosage(doseAndRate=[{"doseQuantity": {"value": True}}]),
        dosage(doseAndRate=[{"doseQuantity": {"value": 1}, "doseRange": {"low": {"value": 1}}}]),
        dosage(asNeededBoolean=True, asNeededCodeableConcept={"text": "x"}),
        dosage(text=" "),
        dosage(timing={"repeat": {"durationUnit": "hours"}}),
        dosage(timing={"repeat": {"count": 1.5}}),
    ],
    ids=str,
)
def test_anything_else_that_is_not_r4_is_refused(draft: dict[str, Any]) -> None:
    assert conforming(draft) is None


@pytest.mark.parametrize(
    "draft",
    [
        changed(authoredOn="2026-02-31"),
        changed(authoredOn="0000"),
        changed(authoredOn="2026-11-20T12:00:00-23:59"),
        changed(meta={"lastUpdated": "2026-11-20"}),
        changed(_id={"extension": [EXTENSION]}),
        changed(dispenseRequest={"numberOfRepeatsAllowed": -1}),
        changed(extension=[{"url": "x", "valueBase64Binary": "QQ"}]),
        changed(extension=[{"url": "x", "valuePositiveInt": 0}]),
        changed(extension=[{"url": "x", "valueUnsignedInt": -1}]),
        changed(extension=[{"url": "x", "valueDate": "2026-02-30"}]),
        changed(extension=[{"url": "x", "valueInstant": "2026"}]),
        dosage(timing={"repeat": {"count": 0}}),
        dosage(timing={"repeat": {"offset": -5}}),
        dosage(doseAndRate=[{"doseQuantity": {"value": 1, "comparator": "approx"}}]),
    ],
    ids=lambda draft: str({key: value for key, value in draft.items() if key not in draft_order()})[:70],
)
def test_a_value_that_r4_forbids_is_refused(draft: dict[str, Any]) -> None:
    assert conforming(draft) is None


def test_an_id_longer_than_r4_allows_is_kept_because_real_drafts_carry_them() -> None:
    for length in (194, 255):
        draft = changed(id="a" * length)
        assert conforming(draft) == draft
        MedicationRequest.model_validate(draft)
    assert conforming(changed(id="a" * 256)) is None


def test_a_draft_nested_deeply_does_not_stop_the_service() -> None:
    extension: dict[str, Any] = {"url": "x"}
    for _ in range(200):
        extension = {"url": "x", "extension": [extension]}
    draft = changed(extension=[extension])
    assert conforming(draft) is None
