"""Two weights of one day that contradict each other are both named; neither is taken for right."""

from __future__ import annotations

import pytest

from cds_service.facts.fact import Fact
from tests.conftest import ReadRecord
from tests.facts.records import BIRTH_WEIGHT, GESTATION, WEIGHT, Json, measured, record, said

TERM = said(GESTATION, "38+0", effectiveDateTime=None)
DISAGREE = "**Two weights of one day do not agree**"


def weighed(kilograms: float, ago: str) -> Json:
    return measured(WEIGHT, kilograms, "kg", ago=ago, id=f"weight-{ago.replace(' ', '')}")


def remark(read: ReadRecord, *weights: Json, age: str = "60 h") -> str:
    fact = read(record({"age": age}, measurements=[TERM, *weights])).facts["dosing_weight"]
    assert isinstance(fact, Fact), fact
    return fact.remark


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (3.4, 3.4, False),
        (3.4, 2.72, False),  # exactly 20 % of the higher
        (3.4, 2.719, True),
        (2.72, 3.4, False),
        (2.719, 3.4, True),
        (3.4, 2.0, True),
    ],
)
def test_more_than_a_fifth_apart_is_told_with_both_figures(
    read: ReadRecord, now: float, before: float, told: bool
) -> None:
    said_of = remark(read, weighed(now, "1 h"), weighed(before, "5 h"))
    assert (DISAGREE in said_of) is told
    if told:
        assert f"{now:g} kg and {before:g} kg" in said_of


@pytest.mark.parametrize(("ago", "told"), [("2 h", True), ("25 h", True), ("25.1 h", False), ("40 h", False)])
def test_only_weights_of_24_hours_are_held_against_each_other(read: ReadRecord, ago: str, told: bool) -> None:
    assert (DISAGREE in remark(read, weighed(3.4, "1 h"), weighed(2.6, ago))) is told


def test_of_several_the_latest_that_disagrees_is_named(read: ReadRecord) -> None:
    said_of = remark(read, weighed(3.4, "1 h"), weighed(3.3, "3 h"), weighed(2.5, "5 h"), weighed(2.4, "9 h"))
    assert "3.4 kg and 2.5 kg" in said_of
    assert said_of.count(DISAGREE) == 1


def test_the_day_is_that_of_the_latest_weight_not_of_the_call(read: ReadRecord) -> None:
    assert DISAGREE in remark(read, weighed(3.4, "50 h"), weighed(2.6, "60 h"), age="10 d")


@pytest.mark.parametrize(("now", "told"), [(3.74, False), (3.76, True), (2.9, False)])
def test_the_birth_weight_of_the_same_day_is_a_weight_of_the_day(read: ReadRecord, now: float, told: bool) -> None:
    born = measured(BIRTH_WEIGHT, 3.0, "kg")
    assert (DISAGREE in remark(read, born, weighed(now, "1 h"), age="12 h")) is told
    assert DISAGREE not in remark(read, born, weighed(now, "1 h"), age="60 h")


def test_one_contradiction_is_named_once(read: ReadRecord) -> None:
    said_of = remark(read, measured(BIRTH_WEIGHT, 3.4, "kg"), weighed(2.4, "1 h"), age="12 h")
    assert "does not fit the birth weight" in said_of
    assert DISAGREE not in said_of
