"""The other laboratory values: units that mean the same, answers in words, codes and flags, and what stays a doubt."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cds_service.facts.fact import Missing
from cds_service.knowledge.shapes import Knowledge
from tests.conftest import ReadRecord
from tests.facts.records import LOINC, SNOMED, Json, coded, doubt_of, measured, record, said, value_of

FLAG = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
ENTEROVIRUS, GROUP, AFP = "29591-5", "882-1", "1834-1"


def flags(code: str) -> list[Json]:
    return [{"coding": [{"system": FLAG, "code": code}]}]


@pytest.mark.parametrize(
    ("name", "code", "value", "unit", "wanted"),
    [
        ("hemoglobin", "718-7", 130, "g/L", "13"),
        ("hemoglobin", "59260-0", 6.206, "mmol/L", "10"),
        ("hematocrit", "4544-3", 0.66, "L/L", "66"),
        ("inr", "6301-6", 2.1, "{INR}", "2.1"),
        ("alt", "1742-6", 2, "ukat/L", "120"),
        ("ferritin", "2276-4", 900, "ng/mL", "900"),
        ("crp", "1988-5", 3, "mg/dL", "30"),
        ("albumin", "1751-7", 30, "g/L", "3"),
        ("wbc", "6690-2", 15, "K/uL", "15"),
        ("sodium", "2951-2", 129, "mEq/L", "129"),
        ("igg", "2465-3", 400, "mg/dL", "4"),
    ],
)
def test_a_value_in_another_unit_is_the_same_in_the_unit_of_the_rules(
    read: ReadRecord, demo: Knowledge, name: str, code: str, value: float, unit: str, wanted: str
) -> None:
    fact = read(record(laboratory=[measured(code, value, unit)])).known(name)
    assert fact is not None
    ours = demo.facts[name].unit
    assert ours is not None
    assert fact.quantity.to(ours).low == Decimal(wanted)


@pytest.mark.parametrize(
    ("name", "code", "unit"),
    [
        ("ferritin", "14723-1", "pmol/L"),
        ("albumin", "54347-0", "umol/L"),
        ("crp", "76485-2", "nmol/L"),
        ("igg", "77177-4", "umol/L"),
    ],
)
def test_a_result_that_cannot_be_converted_is_not_usable_and_never_missing(
    read: ReadRecord, name: str, code: str, unit: str
) -> None:
    assert "a unit that is not known" in doubt_of(read(record(laboratory=[measured(code, 30, unit)])), name)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("detected", "detected"),
        ("Enterovirus RNA: Detected", "detected"),
        ("POSITIVE", "detected"),
        ("not detected", "not_detected"),
        ("Enterovirus RNA not detected", "not_detected"),
        ("Non-detected", "not_detected"),
        ("undetectable", "not_detected"),
        ("negative", "not_detected"),
    ],
)
def test_a_pcr_result_is_read_in_words(read: ReadRecord, text: str, means: str) -> None:
    assert value_of(read(record(laboratory=[said(ENTEROVIRUS, text)])), "enterovirus") == means


@pytest.mark.parametrize(
    "text", ["no enterovirus detected", "inconclusive", "detected?", "pending", "see report", "12"]
)
def test_an_unclear_pcr_result_is_a_doubt(read: ReadRecord, text: str) -> None:
    doubt_of(read(record(laboratory=[said(ENTEROVIRUS, text)])), "enterovirus")


@pytest.mark.parametrize(
    ("system", "code", "means"),
    [
        (SNOMED, "260373001", "detected"),
        (SNOMED, "260415000", "not_detected"),
        (LOINC, "LA11882-0", "detected"),
        (LOINC, "LA6577-6", "not_detected"),
    ],
)
def test_a_pcr_result_is_read_by_code(read: ReadRecord, system: str, code: str, means: str) -> None:
    assert value_of(read(record(laboratory=[coded(ENTEROVIRUS, system, code)])), "enterovirus") == means


@pytest.mark.parametrize(("sent", "means"), [(True, "detected"), (False, "not_detected")])
def test_a_boolean_is_read_in_the_words_of_the_fact(read: ReadRecord, sent: bool, means: str) -> None:
    made = said(ENTEROVIRUS, "x", valueString=None, valueBoolean=sent)
    assert value_of(read(record(laboratory=[made])), "enterovirus") == means


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("A", "a"),
        ("A positive", "a"),
        ("A, Rh pos", "a"),
        ("O Rh(D) negative", "o"),
        ("O-", "o"),
        ("0 pos", "o"),
        ("AB neg", "ab"),
        ("AB+", "ab"),
        ("blood group B", "b"),
        ("OPOS", "o"),
    ],
)
def test_a_blood_group_is_read_with_or_without_its_rh_type(read: ReadRecord, text: str, group: str) -> None:
    assert value_of(read(record(laboratory=[said(GROUP, text)])), "blood_group") == group


@pytest.mark.parametrize("text", ["A or AB", "not determined", "Rh positive", "see report"])
def test_an_unclear_blood_group_is_a_doubt(read: ReadRecord, text: str) -> None:
    doubt_of(read(record(laboratory=[said(GROUP, text)])), "blood_group")


@pytest.mark.parametrize(("code", "means"), [("H", "high"), ("HH", "high"), ("N", "normal"), ("L", "low")])
def test_what_has_no_limit_for_newborns_is_read_by_the_laboratorys_flag(
    read: ReadRecord, code: str, means: str
) -> None:
    made = [measured(loinc, 2, "mg/dL", interpretation=flags(code)) for loinc in (AFP, "2160-0")]
    baby = read(record(laboratory=made))
    assert value_of(baby, "afp") == value_of(baby, "creatinine") == means


@pytest.mark.parametrize("members", [{}, {"interpretation": flags("A")}], ids=["no flag", "abnormal"])
def test_alpha_fetoprotein_without_a_telling_flag_is_a_doubt(read: ReadRecord, members: Json) -> None:
    doubt_of(read(record(laboratory=[measured(AFP, 120000, "ng/mL", **members)])), "afp")


@pytest.mark.parametrize("code", ["69369-7", "29660-8", "88721-6", "1747-5", "14579-7", "19080-1"])
def test_look_alikes_are_not_read(read: ReadRecord, code: str) -> None:
    """Maternal, donor and body-fluid results, antibodies, and a panel that cannot tell entero- from rhinovirus."""
    baby = read(record(laboratory=[said(code, "positive")]))
    for name in ("blood_group", "parvovirus", "enterovirus", "albumin", "afp"):
        doubt_of(baby, name, Missing.ABSENT)
