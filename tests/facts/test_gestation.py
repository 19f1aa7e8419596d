"""Gestational age: as weeks, days or text; completed weeks are rounded down; nonsense is a doubt."""

from __future__ import annotations

import pytest

from tests.conftest import ReadRecord
from tests.facts.records import GESTATION, doubt_of, measured, record, said

SPELLINGS = [
    "39+6",
    "39 + 6",
    "39w6d",
    "39w 6d",
    "39 weeks 6 days",
    "39 wk 6 d",
    "39 6/7",
    "39+6/7",
    "39 W 6 D",
    "39weeks6days",
    "39 weeks and 6 days",
    "39 weeks, 6 days",
    "39+6/40",
]


def days(read: ReadRecord, resource: dict[str, object]) -> float:
    fact = read(record(measurements=[resource])).known("gestational_age")
    assert fact is not None
    return float(fact.quantity.low * fact.quantity.unit.factor / 24)


def weeks(read: ReadRecord, resource: dict[str, object]) -> float:
    fact = read(record(measurements=[resource])).known("gestational_weeks")
    assert fact is not None
    return float(fact.quantity.low)


@pytest.mark.parametrize("text", SPELLINGS)
def test_weeks_and_days_in_text_are_read(read: ReadRecord, text: str) -> None:
    assert days(read, said(GESTATION, text)) == 279
    assert weeks(read, said(GESTATION, text)) == 39


@pytest.mark.parametrize("text", ["39", "39 weeks", "39 wk", "39w", "39+0", "39 0/7"])
def test_whole_weeks_in_text_are_read(read: ReadRecord, text: str) -> None:
    assert days(read, said(GESTATION, text)) == 273


@pytest.mark.parametrize(
    ("value", "unit", "in_days", "completed"),
    [
        (39, "wk", 273, 39),
        (39, "weeks", 273, 39),
        (279, "d", 279, 39),
        (280, "days", 280, 40),
        (38.5, "wk", 269.5, 38),
        (38.999, "wk", 272.993, 38),
    ],
)
def test_a_quantity_in_weeks_or_days_is_read(
    read: ReadRecord, value: float, unit: str, in_days: float, completed: int
) -> None:
    assert days(read, measured(GESTATION, value, unit)) == pytest.approx(in_days)
    assert weeks(read, measured(GESTATION, value, unit)) == completed


@pytest.mark.parametrize(
    "text",
    ["term", "thirty-nine", "39.6", "weeks 39", "3+6", "239+6", "39++6", "39+6+1", "39-40", "~39", "39 or 40", "++"],
)
def test_text_that_is_no_gestation_is_a_doubt(read: ReadRecord, text: str) -> None:
    baby = read(record(measurements=[said(GESTATION, text)]))
    assert "not read as weeks and days" in doubt_of(baby, "gestational_age")
    doubt_of(baby, "gestational_weeks")
    doubt_of(baby, "postmenstrual_age")


@pytest.mark.parametrize("text", ["39+9", "39+7", "396"])
def test_a_week_has_no_more_than_six_further_days(read: ReadRecord, text: str) -> None:
    doubt_of(read(record(measurements=[said(GESTATION, text)])), "gestational_age")


@pytest.mark.parametrize(("value", "unit"), [(20, "wk"), (46, "wk"), (39, "d"), (279, "wk"), (-39, "wk"), (9, "mo")])
def test_a_gestation_that_cannot_be_is_a_doubt(read: ReadRecord, value: float, unit: str) -> None:
    doubt_of(read(record(measurements=[measured(GESTATION, value, unit)])), "gestational_age")


@pytest.mark.parametrize(("text", "plausible"), [("21+0", True), ("20+6", False), ("45+0", True), ("45+1", False)])
def test_the_plausible_range_is_from_21_to_45_weeks(read: ReadRecord, text: str, plausible: bool) -> None:
    baby = read(record(measurements=[said(GESTATION, text)]))
    assert (baby.known("gestational_age") is not None) is plausible


def test_an_undated_gestation_is_used(read: ReadRecord) -> None:
    assert days(read, said(GESTATION, "39+6", effectiveDateTime=None)) == 279


@pytest.mark.parametrize("code", ["76516-4", "11884-4", "18185-9", "49051-6"])
def test_every_code_of_gestation_is_read(read: ReadRecord, code: str) -> None:
    assert days(read, said(code, "39+6")) == 279


def test_postmenstrual_age_is_gestation_at_birth_plus_completed_days(read: ReadRecord) -> None:
    fact = read(record({"age": "10.9 d", "gestation": "38+5"})).known("postmenstrual_age")
    assert fact is not None
    assert float(fact.quantity.low * fact.quantity.unit.factor / 24) == 38 * 7 + 5 + 10


def test_two_gestations_that_differ_are_said_and_the_latest_is_used(read: ReadRecord) -> None:
    first, second = said(GESTATION, "38+3", ago="40 h"), said(GESTATION, "34+6", ago="1 h")
    baby = read(record(measurements=[first, second]))
    assert baby.facts["gestational_weeks"].quantity.low == 34
    assert any("different values of gestational age" in remark for remark in baby.remarks)
    assert not read(record(measurements=[first, said(GESTATION, "38+3", ago="1 h")])).remarks
