"""Conditions on record: which count, which count only as suspected, and under which code systems."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.facts.fact import Baby, Doubt, Fact, Missing, OnRecord
from cds_service.review.babies import ICD, condition
from tests.conftest import ReadRecord
from tests.facts.records import GIVEN, SNOMED, Json, changed, record

ABO = "P55.1"
WHO = "http://hl7.org/fhir/sid/icd-10"


def problem(icd: str = ABO, /, *, verification: str = "confirmed", **members: Any) -> Json:
    return changed(condition("problem", icd, verification), **members)


def concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def status(code: str) -> Json:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": code}]}


ASKED = {"isoimmune_hdn", "jaundice_or_hemolysis", "fnait", "neonatal_thrombocytopenia", "bleeding"}
ASKED |= {"other_cause_of_thrombocytopenia"}


def lists(baby: Baby, name: str = "conditions") -> set[str]:
    """Of the lists that these tests are about: others may hold the same words."""
    fact = baby.facts[name]
    assert isinstance(fact, Fact)
    assert isinstance(fact.value, OnRecord)
    return ASKED & set(fact.value.found)


@pytest.mark.parametrize(
    "code",
    [
        concept(ICD, "P55.1"),
        concept(WHO, "P55.1"),
        concept(SNOMED, "32858009"),
        concept("urn:oid:2.16.840.1.113883.6.90", "P55.1"),
        concept("urn:oid:2.16.840.1.113883.6.3", "P55.1"),
        concept("urn:oid:2.16.840.1.113883.6.96", "32858009"),
        concept("http://snomed.info/sct/", "32858009"),
        {"text": "ABO isoimmunization of newborn"},
        {"coding": [{"display": "ABO hemolytic disease of the newborn", "code": "local"}]},
        {"coding": [{"system": "http://hospital.example", "code": "7"}, {"system": ICD, "code": "P55.1"}]},
    ],
    ids=str,
)
def test_a_diagnosis_is_found_by_icd_by_snomed_and_by_its_words(read: ReadRecord, code: Json) -> None:
    assert "isoimmune_hdn" in lists(read(record(conditions=[problem(code=code)])))


@pytest.mark.parametrize(
    ("text", "found", "suspected"),
    [
        ("Neonatal sepsis", {"other_cause_of_thrombocytopenia"}, {"other_cause_of_thrombocytopenia"}),
        (
            "E. coli sepsis, day 3 of treatment",
            {"other_cause_of_thrombocytopenia"},
            {"other_cause_of_thrombocytopenia"},
        ),
        ("NEC, no perforation", {"other_cause_of_thrombocytopenia"}, {"other_cause_of_thrombocytopenia"}),
        ("Possible sepsis", set(), {"other_cause_of_thrombocytopenia"}),
        ("Rule out sepsis", set(), {"other_cause_of_thrombocytopenia"}),
        ("Sepsis ruled out", set(), set()),
        ("No evidence of sepsis", set(), set()),
        ("Maternal sepsis", set(), set()),
        ("Family history of thrombocytopenia", set(), set()),
        ("Intracranial haemorrhage", {"bleeding"}, {"bleeding"}),
        ("IVH grade II", {"bleeding"}, {"bleeding"}),
        ("Active bleeding", {"bleeding"}, {"bleeding"}),
        ("Intracranial bleed", {"bleeding"}, {"bleeding"}),
        ("Pulmonary hemorrhage", {"bleeding"}, {"bleeding"}),
        ("r/o IVH", set(), {"bleeding"}),
        ("Subconjunctival hemorrhage", set(), set()),
        ("Risk of bleeding", set(), set()),
        ("IVH not present", set(), set()),
        ("Screening for sepsis", set(), set()),
        ("Resolved sepsis", set(), set()),
        ("Septic shock", {"other_cause_of_thrombocytopenia"}, {"other_cause_of_thrombocytopenia"}),
        ("Mother with ITP", {"other_cause_of_thrombocytopenia"}, {"other_cause_of_thrombocytopenia"}),
        ("History of maternal ITP", {"other_cause_of_thrombocytopenia"}, {"other_cause_of_thrombocytopenia"}),
        ("Previous child with Rh isoimmunization", set(), set()),
        ("R/O ABO hemolytic disease", set(), {"isoimmune_hdn"}),
    ],
)
def test_a_condition_without_a_code_is_read_by_its_words(
    read: ReadRecord, text: str, found: set[str], suspected: set[str]
) -> None:
    baby = read(record(conditions=[problem(code={"text": text})]))
    assert lists(baby) == found
    assert lists(baby, "suspected_conditions") == suspected


@pytest.mark.parametrize(
    "code",
    [
        concept(WHO, "P55"),
        concept(ICD, "p55.1"),
        concept("http://hl7.org/fhir/sid/icd-9-cm", "P55.1"),
        concept(SNOMED, "P55.1"),
        {"text": "rule out ABO isoimmunization of newborn"},
        {"text": "no ABO isoimmunization of newborn"},
        {"text": "Mother: ABO isoimmunization of newborn in 2024"},
        {},
        None,
        "P55.1",
    ],
    ids=str,
)
def test_other_codes_and_longer_words_are_not_the_diagnosis(read: ReadRecord, code: Any) -> None:
    assert lists(read(record(conditions=[problem(code=code)]))) == set()


def test_words_do_not_count_beside_a_code_that_says_something_else(read: ReadRecord) -> None:
    code = concept(ICD, "P36.9") | {"text": "ABO isoimmunization of newborn"}
    assert lists(read(record(conditions=[problem(code=code)]))) == {"other_cause_of_thrombocytopenia"}


@pytest.mark.parametrize("name", ["conditions", "suspected_conditions"])
@pytest.mark.parametrize(
    "members",
    [
        {"verification": "refuted"},
        {"verification": "entered-in-error"},
        {"clinicalStatus": status("resolved")},
        {"clinicalStatus": status("inactive")},
        {"clinicalStatus": status("remission")},
        {"abatementDateTime": "2026-11-19"},
        {"abatementDateTime": "2026-11-20T12:00:00Z"},
        {"abatementDateTime": "2026-11-20T12:00:00+05:00"},
        {"clinicalStatus": status("resolved"), "verification": "provisional"},
    ],
    ids=str,
)
def test_a_diagnosis_that_is_refuted_wrong_or_over_does_not_count(read: ReadRecord, name: str, members: Json) -> None:
    assert lists(read(record(conditions=[problem(**members)])), name) == set()


@pytest.mark.parametrize("said", [{"text": "Resolved"}, "resolved"], ids=["text", "word"])
def test_a_diagnosis_resolved_in_words_does_not_count(read: ReadRecord, said: object) -> None:
    assert lists(read(record(conditions=[problem(clinicalStatus=said)]))) == set()


@pytest.mark.parametrize(
    "members",
    [
        {"clinicalStatus": status("active")},
        {"clinicalStatus": status("recurrence")},
        {"clinicalStatus": status("relapse")},
        {"clinicalStatus": None, "verificationStatus": None},
        {"abatementDateTime": "2026-11-20T12:00:01Z"},
        {"abatementDateTime": "2026-12-01"},
        {"abatementDateTime": "some day"},
    ],
    ids=str,
)
def test_a_diagnosis_that_is_not_over_counts(read: ReadRecord, members: Json) -> None:
    assert lists(read(record(conditions=[problem(**members)]))) == {"isoimmune_hdn"}


@pytest.mark.parametrize("verification", ["provisional", "differential", "unconfirmed"])
def test_an_unconfirmed_diagnosis_counts_only_as_suspected(read: ReadRecord, verification: str) -> None:
    baby = read(record(conditions=[problem(verification=verification)]))
    assert lists(baby) == set()
    assert lists(baby, "suspected_conditions") == {"isoimmune_hdn"}


def test_a_confirmed_diagnosis_counts_beside_a_refuted_one(read: ReadRecord) -> None:
    both = [problem(verification="refuted"), problem("P55.0")]
    assert lists(read(record(conditions=both))) == lists(read(record(conditions=both[::-1]))) == {"isoimmune_hdn"}


def test_an_empty_problem_list_is_complete(read: ReadRecord) -> None:
    fact = read(record(conditions=[])).facts["conditions"]
    assert isinstance(fact, Fact)
    assert fact.value == OnRecord({}, complete=True, need="conditions")


@pytest.mark.parametrize(
    "value",
    [{"resourceType": "OperationOutcome"}, 5, {"resourceType": "Bundle", "link": [{"relation": "next", "url": "x"}]}],
    ids=["error", "number", "first page"],
)
def test_a_problem_list_that_failed_is_a_doubt_and_not_an_empty_one(read: ReadRecord, value: object) -> None:
    for name in ("conditions", "suspected_conditions"):
        fact = read(record() | {"conditions": value}).facts[name]
        assert isinstance(fact, Doubt)
        assert fact.missing is Missing.NOT_OBTAINED


def test_a_problem_list_that_was_not_sent_is_a_doubt(read: ReadRecord) -> None:
    fact = read(record({**GIVEN, "not_sent": ["conditions"]})).facts["conditions"]
    assert isinstance(fact, Doubt)
    assert fact.missing is Missing.NOT_OBTAINED


def test_a_first_page_counts_for_what_it_holds_but_is_not_the_whole_list(read: ReadRecord) -> None:
    sent = record(conditions=[problem()])
    sent["conditions"]["link"] = [{"relation": "next", "url": "https://fhir.example/page2"}]
    fact = read(sent).facts["conditions"]
    assert isinstance(fact, Fact)
    assert isinstance(fact.value, OnRecord)
    assert "isoimmune_hdn" in fact.value.found
    assert not fact.value.complete


@pytest.mark.parametrize(
    "code",
    [
        concept(SNOMED, "44795003") | {"text": "Rhesus isoimmunization"},
        {"coding": [{"system": SNOMED, "code": "44795003", "display": "Rhesus isoimmunization affecting pregnancy"}]},
        concept(ICD, "O36.0110") | {"text": "Rh isoimmunization"},
        concept(ICD, "O36.0190") | {"text": "Rh isoimmunization"},
        {"text": "Rhesus isoimmunization affecting pregnancy (disorder)"},
    ],
    ids=str,
)
def test_the_diagnosis_of_the_mother_is_not_the_newborn_s(read: ReadRecord, code: Json) -> None:
    baby = read(record(conditions=[problem(code=code)]))
    assert lists(baby) == lists(baby, "suspected_conditions") == set()


def test_a_code_that_its_own_text_takes_back_counts_only_as_suspected(read: ReadRecord) -> None:
    code = concept(ICD, "P55.0") | {"text": "No Rh isoimmunization"}
    baby = read(record(conditions=[problem(code=code)]))
    assert lists(baby) == set()
    assert lists(baby, "suspected_conditions") == {"isoimmune_hdn"}
