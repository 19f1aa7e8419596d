"""IVIG that was given may be on record as an immunization or a procedure: it counts where that is proven, and once."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.facts.fact import Baby, Fact, Missing
from cds_service.hooks.service import Answerer
from cds_service.review.babies import Json, bundle, order_select, order_sign
from cds_service.review.orders import order
from tests.conftest import ReadRecord
from tests.facts.records import GIVEN, SNOMED, SUBJECT, changed, doubt_of, record
from tests.hooks.calls import PATIENT_VIEW, answered, topics, view_call

CVX = "http://hl7.org/fhir/sid/cvx"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
ORDER_SIGN = "neonatal-ivig-order-sign"
AT_SIX = "2026-11-20T06:00:00Z"


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def immunization(**members: Any) -> Json:
    usual = {"resourceType": "Immunization", "id": "imm", "status": "completed", "patient": SUBJECT}
    return changed(usual, **{"vaccineCode": coded(CVX, "87"), "occurrenceDateTime": AT_SIX} | members)


def procedure(said: str | Json = "IVIG infusion", **members: Any) -> Json:
    usual = {"resourceType": "Procedure", "id": "proc", "status": "completed", "subject": SUBJECT}
    code = {"text": said} if isinstance(said, str) else said
    return changed(usual, **{"code": code, "performedDateTime": AT_SIX} | members)


def administration(at: str | None = AT_SIX, **members: Any) -> Json:
    usual = {"resourceType": "MedicationAdministration", "id": "adm", "status": "completed", "subject": SUBJECT}
    return changed(usual, **{"medicationCodeableConcept": {"text": "IVIG"}, "effectiveDateTime": at} | members)


def sources(baby: Baby) -> list[str]:
    return [fact.source for fact in baby.series["ivig_given"]]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"vaccineCode": coded("urn:oid:2.16.840.1.113883.12.292", "87")},
        {"vaccineCode": {"text": "Immune globulin, intravenous"}},
        {"vaccineCode": {"text": "Gammagard Liquid"}, "route": {"text": "IV"}},
    ],
    ids=str,
)
def test_an_immunization_that_is_ivig_counts_as_given(read: ReadRecord, members: Json) -> None:
    fact = read(record(immunizations=[immunization(**members)])).facts["ivig_given"]
    assert isinstance(fact, Fact)
    assert (fact.value, fact.source) == ("completed", "Immunization/imm")
    assert fact.at is not None
    assert fact.at.early.isoformat() == "2026-11-20T06:00:00+00:00"


@pytest.mark.parametrize("code", ["14", "86", "29", "30", "71", "93", "156", "157", "159", "306", "307", "08"])
def test_an_immunization_with_anything_else_does_not(read: ReadRecord, code: str) -> None:
    doubt_of(read(record(immunizations=[immunization(vaccineCode=coded(CVX, code))])), "ivig_given", Missing.ABSENT)


@pytest.mark.parametrize(
    "members",
    [
        {"status": "not-done"},
        {"status": "entered-in-error"},
        {"vaccineCode": {"text": "immune globulin"}},
        {"vaccineCode": {"text": "immune globulin"}, "route": {"text": "IM"}},
        {"vaccineCode": {"text": "Rho(D) immune globulin IV"}},
        {"vaccineCode": None},
        {"vaccineCode": 5},
    ],
    ids=str,
)
def test_an_immunization_that_does_not_prove_it_does_not_count(read: ReadRecord, members: Json) -> None:
    baby = read(record(immunizations=[immunization(**members)]))
    doubt_of(baby, "ivig_given", Missing.ABSENT)
    assert not any("could not be read" in remark for remark in baby.remarks)


def test_the_dose_of_an_immunization_is_kept(read: ReadRecord) -> None:
    given = immunization(doseQuantity={"value": 3.4, "unit": "g"})
    fact = read(record(immunizations=[given])).facts["ivig_given"]
    assert isinstance(fact, Fact)
    assert fact.amount is not None
    assert (float(fact.amount.low), fact.amount.unit.name) == (3.4, "g")


@pytest.mark.parametrize(
    "said",
    [
        "IVIG infusion",
        "Infusion of intravenous immunoglobulin",
        "Administration of IVIG 1 g/kg over 4 h",
        "Intravenous immunoglobulin therapy",
        "IVIG (Privigen) for hemolytic disease",
        "Transfusion of Privigen 10%",
        coded(HCPCS, "J1459"),
        {"coding": [{"system": "http://hospital.example", "code": "7", "display": "IVIG administration"}]},
    ],
    ids=str,
)
def test_a_procedure_that_is_the_giving_of_ivig_counts_as_given(read: ReadRecord, said: str | Json) -> None:
    fact = read(record(procedures=[procedure(said)])).facts["ivig_given"]
    assert isinstance(fact, Fact)
    assert fact.source == "Procedure/proc"


@pytest.mark.parametrize(
    "said",
    [
        "Platelet count after IVIG",
        "Consent for IVIG",
        "IVIG consent obtained",
        "IVIG monitoring",
        "IVIG level",
        "Education about IVIG",
        "IVIG planned",
        "IVIG not given",
        "No IVIG infusion",
        "IVIG refused",
        "Maternal IVIG in pregnancy",
        "IVIG infusion of the mother",
        "Immunoglobulin G measurement",
        "immunoglobulin infusion",
        "Immune globulin injection",
        "Rho(D) immune globulin IV infusion",
        "Infusion of Rh immune globulin intravenous",
        "Hepatitis B immune globulin",
        "Exchange transfusion",
        coded(HCPCS, "J1561"),
        coded(HCPCS, "J2791"),
        coded(SNOMED, "39188002"),
        {},
    ],
    ids=str,
)
def test_a_procedure_about_ivig_or_of_something_else_does_not(read: ReadRecord, said: str | Json) -> None:
    baby = read(record(procedures=[procedure(said)]))
    doubt_of(baby, "ivig_given", Missing.ABSENT)
    assert not any("could not be read" in remark for remark in baby.remarks)


@pytest.mark.parametrize("status", ["preparation", "not-done", "entered-in-error"])
def test_a_procedure_that_was_not_done_does_not_count(read: ReadRecord, status: str) -> None:
    doubt_of(read(record(procedures=[procedure(status=status)])), "ivig_given", Missing.ABSENT)


@pytest.mark.parametrize("kind", ["immunizations", "procedures"])
@pytest.mark.parametrize(
    ("at", "counted"),
    [
        ("2026-11-20T06:00:00Z", 1),
        ("2026-11-20T11:59:00Z", 1),
        ("2026-11-20T00:00:00Z", 1),
        ("2026-11-19T23:59:00Z", 2),
        ("2026-11-19T06:00:00Z", 2),
        ("2026-11-20", 1),
        (None, 1),
    ],
)
def test_one_dose_that_is_recorded_twice_over_counts_once(
    read: ReadRecord, kind: str, at: str | None, counted: int
) -> None:
    again = immunization(occurrenceDateTime=at) if kind == "immunizations" else procedure(performedDateTime=at)
    baby = read(record(ivig_given=[administration()], **{kind: [again]}))
    assert len(sources(baby)) == counted
    assert "MedicationAdministration/adm" in sources(baby)


def test_two_doses_of_one_kind_are_two_however_close(read: ReadRecord) -> None:
    close = [procedure(id="a"), procedure(id="b", performedDateTime="2026-11-20T07:00:00Z")]
    assert sources(read(record(procedures=close))) == ["Procedure/a", "Procedure/b"]


def test_three_records_of_one_dose_are_one(read: ReadRecord) -> None:
    baby = read(record(ivig_given=[administration()], procedures=[procedure()], immunizations=[immunization()]))
    assert sources(baby) == ["MedicationAdministration/adm"]


def test_an_open_chart_is_silent_after_a_dose_recorded_as_a_procedure_or_an_immunization(answerer: Answerer) -> None:
    assert topics(answered(answerer, view_call(), PATIENT_VIEW)[1]["cards"])
    for key, given in (("procedures", procedure()), ("immunizations", immunization())):
        call = view_call(**{key: bundle([given])})
        assert answered(answerer, call, PATIENT_VIEW)[1]["cards"] == []


@pytest.mark.parametrize("given", [procedure(), immunization()], ids=["procedure", "immunization"])
def test_an_order_soon_after_such_a_dose_is_too_soon(answerer: Answerer, given: Json) -> None:
    call = order_sign(order_select(GIVEN, "x"), order({"dose": "3.4 g", "over": "4 h"}, "test"))
    assert "safetytoosoonwarn" not in topics(answered(answerer, call, ORDER_SIGN)[1]["cards"])
    call["prefetch"]["more"] = bundle([given])
    found = answered(answerer, call, ORDER_SIGN)[1]["cards"]
    assert "safetytoosoonwarn" in topics(found)
