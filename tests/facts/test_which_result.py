"""Of several results, which one is used: by collection time and status, never by the order in the Bundle."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import pytest

from cds_service.facts.fact import Baby, Missing
from tests.conftest import ReadRecord
from tests.facts.records import PLATELETS, TSB, Json, doubt_of, measured, record, said, value_of

LATER = "2026-11-20T11:55:00Z"
SOONER = "2026-11-20T11:30:00Z"


def tsb(value: float, ago: str = "0 h", /, *, unit: str = "mg/dL", **members: Any) -> Json:
    return measured(TSB, value, unit, ago=ago, **members)


def in_every_order(read: ReadRecord, *resources: Json) -> Iterable[Baby]:
    for order in itertools.permutations(resources):
        yield read(record(bilirubin=list(order)))


def test_the_latest_value_is_the_one_collected_last(read: ReadRecord) -> None:
    for baby in in_every_order(read, tsb(16, "5 h"), tsb(18, "1 h"), tsb(17, "3 h")):
        assert value_of(baby, "tsb") == 18
        assert [float(one.quantity.low) for one in baby.series["tsb"]] == [16, 17, 18]


def test_the_time_of_issue_does_not_make_a_value_the_latest(read: ReadRecord) -> None:
    for baby in in_every_order(read, tsb(16, "5 h", issued=LATER), tsb(18, "1 h", issued=SOONER)):
        assert value_of(baby, "tsb") == 18


def test_the_start_of_a_collection_period_is_a_collection_time(read: ReadRecord) -> None:
    period = {"start": "2026-11-20T11:00:00Z", "end": "2026-11-20T11:05:00Z"}
    for baby in in_every_order(read, tsb(18, effectiveDateTime=None, effectivePeriod=period), tsb(16, "2 h")):
        assert value_of(baby, "tsb") == 18


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered"])
def test_a_result_that_is_not_a_result_is_not_used(read: ReadRecord, status: object) -> None:
    for baby in in_every_order(read, tsb(30, status=status), tsb(16, "2 h")):
        assert value_of(baby, "tsb") == 16
    alone = read(record(bilirubin=[tsb(30, status=status)]))
    assert "no total serum bilirubin" in doubt_of(alone, "tsb", Missing.ABSENT)


@pytest.mark.parametrize("status", ["unknown", "", None, 5, "FINAL", ["final"]])
def test_a_result_of_unknown_status_is_not_used_and_is_not_an_empty_record(read: ReadRecord, status: object) -> None:
    for baby in in_every_order(read, tsb(30, status=status), tsb(16, "2 h")):
        assert value_of(baby, "tsb") == 16
    alone = read(record(bilirubin=[tsb(30, status=status)]))
    assert "a status that is not known" in doubt_of(alone, "tsb", Missing.UNUSABLE)


@pytest.mark.parametrize("status", ["final", "corrected", "amended"])
def test_a_preliminary_result_is_not_used_beside_a_final_one_of_the_same_time(read: ReadRecord, status: str) -> None:
    for baby in in_every_order(read, tsb(18, status="preliminary", issued=LATER), tsb(16, status=status)):
        assert value_of(baby, "tsb") == 16
        assert baby.facts["tsb"].remark == ""


def test_a_preliminary_result_alone_is_used_and_marked(read: ReadRecord) -> None:
    for baby in in_every_order(read, tsb(18, status="preliminary"), tsb(16, "2 h")):
        assert value_of(baby, "tsb") == 18
        assert baby.facts["tsb"].remark == "preliminary"


@pytest.mark.parametrize("status", ["corrected", "amended"])
def test_a_corrected_result_beats_the_final_one_whenever_it_was_issued(read: ReadRecord, status: str) -> None:
    for baby in in_every_order(read, tsb(18, issued=LATER), tsb(16, status=status, issued=SOONER)):
        assert value_of(baby, "tsb") == 16


def test_of_two_final_results_of_one_time_the_one_issued_later_counts(read: ReadRecord) -> None:
    for baby in in_every_order(read, tsb(18, issued=SOONER), tsb(16, issued=LATER)):
        assert value_of(baby, "tsb") == 16


def test_issued_later_is_judged_by_the_instant_not_by_the_text(read: ReadRecord) -> None:
    for baby in in_every_order(read, tsb(18, issued=SOONER), tsb(16, issued="2026-11-20T06:55:00-05:00")):
        assert value_of(baby, "tsb") == 16


def test_two_results_of_one_time_that_disagree_are_a_doubt(read: ReadRecord) -> None:
    for baby in in_every_order(read, tsb(18), tsb(16), tsb(18), tsb(15, "3 h")):
        assert "two results for one collection time that disagree" in doubt_of(baby, "tsb")


def test_two_results_of_one_time_that_agree_in_different_units_are_one(read: ReadRecord) -> None:
    for baby in in_every_order(read, tsb(18.1), tsb(309.51, unit="umol/L")):
        assert value_of(baby, "tsb") in (18.1, 309.51)


def test_a_limit_and_a_value_of_one_time_give_the_same_answer_in_every_order(read: ReadRecord) -> None:
    over = tsb(18)
    over["valueQuantity"]["comparator"] = ">"
    first, second = in_every_order(read, over, tsb(18))
    assert first.facts["tsb"] == second.facts["tsb"]


def test_a_result_dated_in_the_future_is_not_used(read: ReadRecord) -> None:
    for baby in in_every_order(read, tsb(30, "-1 h"), tsb(16, "2 h")):
        assert value_of(baby, "tsb") == 16
        assert any("dated in the future" in remark for remark in baby.remarks)


def test_a_bilirubin_dated_only_to_the_day_is_a_doubt(read: ReadRecord) -> None:
    baby = read(record(bilirubin=[tsb(18, effectiveDateTime="2026-11-20")]))
    assert "known only to the day" in doubt_of(baby, "tsb")


def test_a_platelet_count_dated_only_to_the_day_is_used(read: ReadRecord) -> None:
    count = measured(PLATELETS, 25, "10*9/L", effectiveDateTime="2026-11-20")
    assert value_of(read(record(laboratory=[count])), "platelets") == 25


def test_an_undated_bilirubin_beside_a_dated_one_is_set_aside_and_said(read: ReadRecord) -> None:
    for baby in in_every_order(read, tsb(30, effectiveDateTime=None, issued=LATER), tsb(16, "2 h")):
        assert value_of(baby, "tsb") == 16
        assert "a result of total serum bilirubin (30 mg/dL) without a collection time: set aside" in baby.remarks


def test_of_many_results_set_aside_the_first_values_are_named(read: ReadRecord) -> None:
    undated = [tsb(value, effectiveDateTime=None) for value in (21, 22, 23, 24, 25)]
    baby = read(record(bilirubin=[tsb(16, "2 h"), *undated]))
    assert any("(21 mg/dL, 22 mg/dL, 23 mg/dL and 2 more) without" in remark for remark in baby.remarks)


def test_an_undated_bilirubin_alone_is_a_doubt_and_not_an_empty_record(read: ReadRecord) -> None:
    baby = read(record(bilirubin=[tsb(30, effectiveDateTime=None)]))
    assert "without a collection time" in doubt_of(baby, "tsb")


@pytest.mark.parametrize(
    "members",
    [{"effectiveDateTime": "yesterday"}, {"effectiveDateTime": None, "status": "preliminary"}],
    ids=["malformed", "preliminary"],
)
def test_a_bilirubin_whose_time_cannot_be_read_is_not_an_empty_record(read: ReadRecord, members: Json) -> None:
    doubt_of(read(record(bilirubin=[tsb(30, **members)])), "tsb")


@pytest.mark.parametrize(("ago", "used"), [("12 h", True), ("12.01 h", False), ("13 h", False)])
def test_a_bilirubin_older_than_twelve_hours_is_stale(read: ReadRecord, ago: str, used: bool) -> None:
    baby = read(record(bilirubin=[tsb(18, ago)]))
    if used:
        assert value_of(baby, "tsb") == 18
    else:
        assert "stale" in doubt_of(baby, "tsb")


@pytest.mark.parametrize("code", ["1968-7", "1977-8", "48624-1", "1971-1"], ids=["direct", "urine", "cord", "indirect"])
def test_a_look_alike_of_bilirubin_never_becomes_the_serum_value(read: ReadRecord, code: str) -> None:
    baby = read(record(bilirubin=[measured(code, 18.1, "mg/dL")]))
    doubt_of(baby, "tsb", Missing.ABSENT)
    assert not baby.series["tsb"]


@pytest.mark.parametrize(
    ("code", "name"),
    [("58941-6", "tcb"), ("72898-0", "tcb"), ("42719-5", "blood_bilirubin"), ("97770-2", "blood_bilirubin")],
)
def test_skin_and_whole_blood_bilirubin_are_facts_of_their_own(read: ReadRecord, code: str, name: str) -> None:
    baby = read(record(bilirubin=[measured(code, 25, "mg/dL")]))
    assert value_of(baby, name) == 25
    doubt_of(baby, "tsb", Missing.ABSENT)


@pytest.mark.parametrize("code", ["1975-2", "14631-6", "35194-0", "109063-8", "77137-8"])
@pytest.mark.parametrize("system", ["http://loinc.org", "urn:oid:2.16.840.1.113883.6.1", "https://loinc.org"])
def test_every_code_of_serum_bilirubin_is_read_under_every_name_of_loinc(
    read: ReadRecord, code: str, system: str
) -> None:
    coding = {"coding": [{"system": system, "code": code}]}
    assert value_of(read(record(bilirubin=[tsb(18, code=coding)])), "tsb") == 18


@pytest.mark.parametrize("system", [None, "", "http://hospital.example", "http://snomed.info/sct"])
def test_the_code_of_another_system_is_not_a_loinc_code(read: ReadRecord, system: str | None) -> None:
    coding = {"coding": [{"system": system, "code": TSB}]}
    doubt_of(read(record(bilirubin=[tsb(18, code=coding)])), "tsb", Missing.ABSENT)


def test_a_result_coded_as_two_tests_is_set_aside_and_said(read: ReadRecord) -> None:
    both = {"coding": [{"system": "http://loinc.org", "code": code} for code in (TSB, "58941-6")]}
    baby = read(record(bilirubin=[tsb(18, code=both)]))
    assert "two different tests" in doubt_of(baby, "tsb", Missing.UNUSABLE)
    assert any("two different tests" in remark for remark in baby.remarks)


def test_a_result_under_a_local_code_beside_the_loinc_code_is_read(read: ReadRecord) -> None:
    both = {
        "coding": [{"system": "http://hospital.example", "code": "BILT"}, {"system": "http://loinc.org", "code": TSB}]
    }
    assert value_of(read(record(bilirubin=[tsb(18, code=both)])), "tsb") == 18


def test_results_are_found_under_whatever_prefetch_key_they_come(read: ReadRecord) -> None:
    sent = record(bilirubin=[], labs=[tsb(18)])
    assert value_of(read(sent), "tsb") == 18


@pytest.mark.parametrize(
    ("comparator", "value", "low", "high"), [("<", 10, 0, 10), ("<=", 10, 0, 10), (">", 25, 25, 1500)]
)
def test_a_limit_is_the_range_it_states(
    read: ReadRecord, comparator: str, value: float, low: float, high: float
) -> None:
    count = measured(PLATELETS, value, "10*9/L")
    count["valueQuantity"]["comparator"] = comparator
    fact = read(record(laboratory=[count])).known("platelets")
    assert fact is not None
    assert (fact.quantity.low, fact.quantity.high) == (low, high)


def test_a_limit_below_the_plausible_range_is_still_a_limit(read: ReadRecord) -> None:
    count = measured(PLATELETS, 0.5, "10*9/L")
    count["valueQuantity"]["comparator"] = "<"
    assert read(record(laboratory=[count])).known("platelets") is not None


def test_text_in_place_of_a_count_is_a_doubt(read: ReadRecord) -> None:
    doubt_of(read(record(laboratory=[said(PLATELETS, "clumped")])), "platelets")


@pytest.mark.parametrize("comparator", ["approx", "~", "ad"])
def test_a_comparator_that_is_not_known_is_a_doubt(read: ReadRecord, comparator: str) -> None:
    count = measured(PLATELETS, 10, "10*9/L")
    count["valueQuantity"]["comparator"] = comparator
    doubt_of(read(record(laboratory=[count])), "platelets")


@pytest.mark.parametrize("value", [{"valueRange": {"low": {"value": 18}}}, {"valueRatio": {}}], ids=str)
def test_a_bilirubin_whose_value_comes_in_another_form_is_not_an_empty_record(read: ReadRecord, value: Json) -> None:
    doubt_of(read(record(bilirubin=[tsb(18, valueQuantity=None, **value)])), "tsb")


def test_a_result_under_a_local_code_alone_is_not_read_and_that_is_said(read: ReadRecord) -> None:
    local = {"coding": [{"system": "http://hospital.example", "code": "BILT"}], "text": "Total bilirubin"}
    baby = read(record(bilirubin=[tsb(18, code=local)]))
    doubt_of(baby, "tsb", Missing.ABSENT)
    assert baby.remarks == ["1 result(s) without a LOINC or SNOMED CT code: not read"]
