"""The direct antiglobulin test: read in every form it comes in; anything unclear is a doubt."""

from __future__ import annotations

import itertools

import pytest

from cds_service.facts.fact import Doubt, Missing
from tests.conftest import ReadRecord
from tests.facts.records import DAT, SNOMED, Json, coded, doubt_of, measured, record, said, value_of

FLAG = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
POSITIVE = ["positive", "Positive", "POS", "pos.", "weakly positive", "Weak Positive", "positive (weak)", "reactive"]
POSITIVE += ["+", "++", "+++", "++++", "1+", "2+", "3+", "4+", "w+", "Positive, 2+", "DAT: positive"]
NEGATIVE = ["negative", "NEGATIVE", "Neg", "neg.", "non-reactive", "nonreactive", "DAT negative"]
UNCLEAR = [
    "indeterminate",
    "equivocal",
    "not done",
    "not positive",
    "no agglutination",
    "see comment",
    "hemolyzed",
    "0",
]
UNCLEAR += ["pos?", "IgG positive, C3 negative", "", "unlikely positive", "+++++"]


def flagged(flag: str, **members: object) -> Json:
    return coded(DAT, SNOMED, "0", valueCodeableConcept=None, interpretation=[_coding(FLAG, flag)], **members)


def _coding(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


@pytest.mark.parametrize("text", POSITIVE)
def test_a_positive_result_in_words_is_read(read: ReadRecord, text: str) -> None:
    assert value_of(read(record(laboratory=[said(DAT, text)])), "dat") == "positive"


@pytest.mark.parametrize("text", NEGATIVE)
def test_a_negative_result_in_words_is_read(read: ReadRecord, text: str) -> None:
    assert value_of(read(record(laboratory=[said(DAT, text)])), "dat") == "negative"


@pytest.mark.parametrize("text", UNCLEAR)
def test_a_result_that_is_not_clear_is_a_doubt(read: ReadRecord, text: str) -> None:
    assert "not readable as one result" in doubt_of(read(record(laboratory=[said(DAT, text)])), "dat")


@pytest.mark.parametrize(
    "text",
    [
        *("positive control failed", "doubtful positive", "previously positive"),
        *("non reactive", "non positive", "+/-", "±", "false positive", "Positive - contaminated, repeat"),
    ],
)
def test_a_result_that_is_not_positive_is_not_read_as_positive(read: ReadRecord, text: str) -> None:
    fact = read(record(laboratory=[said(DAT, text)])).known("dat")
    assert fact is None or fact.value != "positive"


@pytest.mark.parametrize(("code", "word"), [("10828004", "positive"), ("260385009", "negative")])
@pytest.mark.parametrize("system", [SNOMED, "urn:oid:2.16.840.1.113883.6.96"])
def test_a_coded_result_is_read(read: ReadRecord, system: str, code: str, word: str) -> None:
    assert value_of(read(record(laboratory=[coded(DAT, system, code)])), "dat") == word


@pytest.mark.parametrize(("flag", "word"), [("POS", "positive"), ("NEG", "negative")])
def test_an_interpretation_flag_alone_is_read(read: ReadRecord, flag: str, word: str) -> None:
    assert value_of(read(record(laboratory=[flagged(flag)])), "dat") == word


@pytest.mark.parametrize(("value", "word"), [(True, "positive"), (False, "negative")])
def test_a_boolean_is_read(read: ReadRecord, value: bool, word: str) -> None:
    made = said(DAT, "", valueString=None, valueBoolean=value)
    assert value_of(read(record(laboratory=[made])), "dat") == word


@pytest.mark.parametrize("value", ["true", 1, 0, None, {}])
def test_something_like_a_boolean_is_a_doubt(read: ReadRecord, value: object) -> None:
    made = said(DAT, "") | {"valueBoolean": value}
    doubt_of(read(record(laboratory=[made])), "dat")


@pytest.mark.parametrize(
    "resource",
    [
        coded(DAT, SNOMED, "10828004", interpretation=[_coding(FLAG, "NEG")]),
        coded(DAT, SNOMED, "260385009", interpretation=[_coding(FLAG, "POS")]),
        coded(DAT, SNOMED, "10828004", valueString="negative"),
        said(DAT, "2+", interpretation=[_coding(FLAG, "NEG")]),
        said(DAT, "negative", valueBoolean=True),
        flagged("POS", valueBoolean=False),
    ],
    ids=["code and flag", "negative code and flag", "code and words", "words and flag", "words and boolean", "both"],
)
def test_a_value_and_a_flag_that_contradict_each_other_are_a_doubt(read: ReadRecord, resource: Json) -> None:
    doubt_of(read(record(laboratory=[resource])), "dat")


def test_an_unknown_code_with_a_plain_word_is_read_by_the_word(read: ReadRecord) -> None:
    result = {"coding": [{"system": "http://hospital.example", "code": "P", "display": "Positive"}]}
    made = coded(DAT, SNOMED, "0", valueCodeableConcept=result)
    assert value_of(read(record(laboratory=[made])), "dat") == "positive"


def test_a_number_is_no_result_of_a_dat(read: ReadRecord) -> None:
    doubt_of(read(record(laboratory=[measured(DAT, 2, "mg/dL")])), "dat")


def test_the_latest_result_counts_in_whatever_order_it_comes(read: ReadRecord) -> None:
    results = [
        said(DAT, "positive", ago="1 h"),
        said(DAT, "negative", ago="9 h"),
        said(DAT, "1+", effectiveDateTime=None),
    ]
    for order in itertools.permutations(results):
        assert value_of(read(record(laboratory=list(order))), "dat") == "positive"


def test_results_of_one_moment_that_disagree_are_a_doubt(read: ReadRecord) -> None:
    for order in itertools.permutations([said(DAT, "positive"), said(DAT, "negative")]):
        doubt_of(read(record(laboratory=list(order))), "dat")


def test_a_final_result_counts_before_a_preliminary_one_of_the_same_moment(read: ReadRecord) -> None:
    for order in itertools.permutations([said(DAT, "positive", status="preliminary"), said(DAT, "negative")]):
        assert value_of(read(record(laboratory=list(order))), "dat") == "negative"


def test_an_undated_result_is_used_where_it_is_the_only_one(read: ReadRecord) -> None:
    assert value_of(read(record(laboratory=[said(DAT, "2+", effectiveDateTime=None)])), "dat") == "positive"


@pytest.mark.parametrize(
    "members",
    [
        {"status": "entered-in-error"},
        {"status": "cancelled"},
        {"status": "registered"},
        {"effectiveDateTime": "2026-11-21"},
    ],
    ids=str,
)
def test_a_result_that_is_withdrawn_or_of_the_future_is_not_on_record(read: ReadRecord, members: Json) -> None:
    doubt_of(read(record(laboratory=[said(DAT, "positive", **members)])), "dat", Missing.ABSENT)


@pytest.mark.parametrize("code", ["1007-4", "1006-6", "55776-9"])
def test_every_code_of_the_test_is_read(read: ReadRecord, code: str) -> None:
    assert value_of(read(record(laboratory=[said(code, "2+")])), "dat") == "positive"


def test_the_indirect_test_is_not_the_direct_one(read: ReadRecord) -> None:
    doubt_of(read(record(laboratory=[said("1008-2", "positive")])), "dat", Missing.ABSENT)


def test_an_earlier_result_that_said_otherwise_is_said(read: ReadRecord) -> None:
    before, after = said(DAT, "3+", ago="20 h", id="cord"), said(DAT, "negative", ago="2 h")
    baby = read(record(laboratory=[after, before]))
    assert value_of(baby, "dat") == "negative"
    assert any("Observation/cord" in remark for remark in baby.remarks)
    assert not read(record(laboratory=[after])).remarks


def test_a_result_of_unknown_status_is_a_doubt_and_is_said(read: ReadRecord) -> None:
    baby = read(record(laboratory=[said(DAT, "negative", status="unknown")]))
    assert "on record, but with a status that is not known" in doubt_of(baby, "dat")
    assert any("with a status that is not known: set aside" in remark for remark in baby.remarks)


def test_a_result_of_unknown_status_does_not_replace_one_that_counts(read: ReadRecord) -> None:
    baby = read(record(laboratory=[said(DAT, "negative", status="unknown"), said(DAT, "positive", ago="3 h")]))
    assert value_of(baby, "dat") == "positive"
    assert any("set aside" in remark for remark in baby.remarks)


def test_a_result_dated_ahead_does_not_exist_yet_and_is_said(read: ReadRecord) -> None:
    baby = read(record(laboratory=[said(DAT, "positive", ago="-2 h")]))
    fact = baby.facts["dat"]
    assert isinstance(fact, Doubt)
    assert fact.missing is Missing.ABSENT
    assert any("dated in the future: set aside" in remark for remark in baby.remarks)


def test_a_later_preliminary_result_does_not_replace_a_final_one(read: ReadRecord) -> None:
    results = [said(DAT, "negative", status="preliminary"), said(DAT, "positive", ago="9 h")]
    for order in itertools.permutations(results):
        assert value_of(read(record(laboratory=list(order))), "dat") == "positive"
    assert value_of(read(record(laboratory=results[:1])), "dat") == "negative"
