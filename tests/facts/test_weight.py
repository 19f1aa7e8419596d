"""The dosing weight: recent, measured, plausible for the gestation, or none at all."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cds_service.facts.fact import Fact
from tests.conftest import ReadRecord
from tests.facts.records import BIRTH_WEIGHT, GESTATION, WEIGHT, Json, doubt_of, measured, record, said

TERM = said(GESTATION, "38+0", effectiveDateTime=None)


def weighed(kilograms: float, ago: str = "1 h", **members: Any) -> Json:
    return measured(WEIGHT, kilograms, "kg", ago=ago, **members)


def dosing(read: ReadRecord, *resources: Json, age: str = "48 h") -> Fact:
    fact = read(record({"age": age}, measurements=[*resources])).facts["dosing_weight"]
    assert isinstance(fact, Fact), fact
    return fact


def refused(read: ReadRecord, *resources: Json, age: str = "48 h") -> str:
    return doubt_of(read(record({"age": age}, measurements=[*resources])), "dosing_weight")


@pytest.mark.parametrize(
    ("age", "ago", "warned"),
    [
        ("48 h", "24 h", False),
        ("48 h", "24.1 h", True),
        ("6.9 d", "25 h", True),
        ("7 d", "72 h", False),
        ("7 d", "72.1 h", True),
        ("12 d", "72 h", False),
        ("12 d", "168 h", True),
    ],
)
def test_a_weight_is_fresh_for_24_h_in_the_first_week_and_72_h_later(
    read: ReadRecord, age: str, ago: str, warned: bool
) -> None:
    fact = dosing(read, TERM, weighed(3.4, ago), age=age)
    assert float(fact.quantity.low) == 3.4
    assert bool(fact.remark) is warned
    if warned:
        assert f"{int(float(ago.removesuffix(' h')))} h old" in fact.remark


@pytest.mark.parametrize("ago", ["168.1 h", "8 d", "30 d"])
def test_a_weight_older_than_seven_days_is_no_dosing_weight(read: ReadRecord, ago: str) -> None:
    assert "days old" in refused(read, TERM, weighed(3.4, ago), age="31 d")


def test_the_birth_weight_serves_on_the_first_day(read: ReadRecord) -> None:
    fact = dosing(read, TERM, measured(BIRTH_WEIGHT, 3.4, "kg"), age="23 h")
    assert (float(fact.quantity.low), fact.remark) == (3.4, "")


def test_after_the_first_day_the_birth_weight_is_used_with_a_warning_that_names_its_age(read: ReadRecord) -> None:
    remark = dosing(read, TERM, measured(BIRTH_WEIGHT, 3.4, "kg"), age="30 h").remark
    assert "birth weight used is 30 h old" in remark


def test_the_birth_weight_belongs_to_birth_whenever_it_was_written_down(read: ReadRecord) -> None:
    written_now = measured(BIRTH_WEIGHT, 3.4, "kg")
    assert float(dosing(read, TERM, written_now, weighed(3.2, "2 h"), age="30 h").quantity.low) == 3.2


def test_after_a_week_the_birth_weight_is_no_dosing_weight(read: ReadRecord) -> None:
    assert "days old" in refused(read, TERM, measured(BIRTH_WEIGHT, 3.4, "kg"), age="8 d")


def test_the_latest_weight_is_used_in_whatever_order_they_come(read: ReadRecord) -> None:
    for resources in ((weighed(3.4, "5 h"), weighed(3.3, "1 h")), (weighed(3.3, "1 h"), weighed(3.4, "5 h"))):
        assert float(dosing(read, TERM, *resources).quantity.low) == 3.3


# At 38 weeks the 10th percentile is 2,629 g and the 90th 3,886 g.
@pytest.mark.parametrize(
    ("grams", "verdict"),
    [
        (1314, "refused"),
        (1315, "warned"),
        (1840, "warned"),
        (1841, "taken"),
        (5051, "taken"),
        (5052, "warned"),
        (5829, "warned"),
        (5830, "refused"),
    ],
)
def test_a_weight_is_held_against_the_percentiles_of_the_gestation(read: ReadRecord, grams: int, verdict: str) -> None:
    weight = measured(WEIGHT, grams, "g", ago="1 h")
    if verdict == "refused":
        assert "implausible for the gestation" in refused(read, TERM, weight)
        return
    fact = dosing(read, TERM, weight)
    assert float(fact.quantity.low) == grams / 1000
    assert ("unusual for the gestation" in fact.remark) is (verdict == "warned")


def test_after_the_first_week_more_weight_is_allowed(read: ReadRecord) -> None:
    assert dosing(read, TERM, weighed(5.9), age="20 d").remark == ""
    assert "implausible" in refused(read, TERM, weighed(5.9), age="6 d")


def test_without_a_gestation_the_weight_is_used_unchecked(read: ReadRecord) -> None:
    assert float(dosing(read, weighed(1.0)).quantity.low) == 1.0


@pytest.mark.parametrize(
    ("value", "unit", "kilograms"),
    [(7.5, "[lb_av]", "3.401942775"), (7.5, "lb", "3.401942775"), (120, "oz", "3.401942775"), (3400, "g", "3.4")],
)
def test_a_weight_in_pounds_ounces_or_grams_is_converted_exactly(
    read: ReadRecord, value: float, unit: str, kilograms: str
) -> None:
    weight = dosing(read, TERM, measured(WEIGHT, value, unit)).quantity
    assert f"{weight.low.normalize():f}" == kilograms


@pytest.mark.parametrize("value", [3400, 0.2, 6.6, 34])
def test_a_weight_that_no_newborn_has_is_no_dosing_weight(read: ReadRecord, value: float) -> None:
    assert "not plausible" in refused(read, TERM, weighed(value))


def test_an_unreadable_latest_weight_is_not_replaced_by_the_birth_weight(read: ReadRecord) -> None:
    birth = measured(BIRTH_WEIGHT, 3.4, "kg")
    assert "unit that is not known" in refused(read, TERM, birth, measured(WEIGHT, 3.3, "stone"), age="20 h")


def test_a_stated_weight_is_no_measured_weight(read: ReadRecord) -> None:
    baby = read(record({"age": "48 h"}, measurements=[TERM, measured("3142-7", 3.4, "kg")]))
    assert baby.known("dosing_weight") is None


@pytest.mark.parametrize("code", ["29463-7", "3141-9", "18833-4"])
def test_every_code_of_a_measured_weight_is_read(read: ReadRecord, code: str) -> None:
    assert float(dosing(read, TERM, measured(code, 3.4, "kg")).quantity.low) == 3.4


def test_an_undated_weight_is_no_dosing_weight(read: ReadRecord) -> None:
    assert "without a collection time" in refused(read, TERM, weighed(3.4, effectiveDateTime=None))


def test_two_weights_of_one_time_that_disagree_are_no_dosing_weight(read: ReadRecord) -> None:
    assert "disagree" in refused(read, TERM, weighed(3.4), weighed(3.3))


def test_with_an_unknown_age_the_stricter_limit_holds(read: ReadRecord) -> None:
    fact = read(record({}, measurements=[TERM, weighed(3.4, "30 h")])).facts["dosing_weight"]
    assert isinstance(fact, Fact)
    assert re.search(r"30 h old", fact.remark)


@pytest.mark.parametrize(("kilograms", "fits"), [(2.54, False), (2.56, True), (3.0, True), (4.79, True), (4.81, False)])
def test_a_weight_far_from_the_birth_weight_is_used_with_a_warning(
    read: ReadRecord, kilograms: float, fits: bool
) -> None:
    born = measured(BIRTH_WEIGHT, 3.0, "kg", ago="20 d")
    fact = dosing(read, born, weighed(kilograms), age="20 d")
    assert ("does not fit the birth weight" not in fact.remark) is fits


@pytest.mark.parametrize("comparator", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("known", [[TERM], []], ids=["38 weeks", "no gestation"])
def test_a_weight_given_only_as_a_limit_is_no_dosing_weight(
    read: ReadRecord, known: list[Json], comparator: str
) -> None:
    weight = weighed(3.4)
    weight["valueQuantity"]["comparator"] = comparator
    assert "above or below a limit" in refused(read, *known, weight)
