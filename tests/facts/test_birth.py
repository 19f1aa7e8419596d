"""When the baby was born, how old it is, and that one instant is one instant in every offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cds_service.facts.fact import Missing
from cds_service.review.babies import AS_OF, BIRTH_TIME, stamp
from tests.conftest import ReadRecord
from tests.facts.records import GIVEN, TSB, Json, doubt_of, measured, record

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


def born(day: str | None, time: str | None = None) -> Json:
    """The usual record, of a newborn of this birth date and birth time."""
    made = record()
    patient: dict[str, Any] = {"resourceType": "Patient", "id": made["patient"]["id"]}
    if day is not None:
        patient["birthDate"] = day
    if time is not None:
        patient["_birthDate"] = {"extension": [{"url": BIRTH_TIME, "valueDateTime": time}]}
    return made | {"patient": patient}


def test_the_birth_time_extension_gives_the_age_to_the_hour(read: ReadRecord) -> None:
    baby = read(born("2026-11-18", "2026-11-18T12:30:00Z"))
    age = baby.known("age_at_tsb")
    assert age is not None
    assert (age.quantity.low, age.quantity.high) == (47, 47)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-18", 24), ("2026-07-04", 24)]
)
def test_without_a_birth_time_birth_is_the_whole_local_day_even_where_the_clock_changes(
    read: ReadRecord, day: str, hours: int
) -> None:
    birth = read(born(day)).birth
    assert birth is not None
    assert birth.late - birth.early + SECOND == hours * HOUR
    assert not birth.exact


def test_the_local_day_is_that_of_the_site(read: ReadRecord) -> None:
    birth = read(born("2026-11-18")).birth
    assert birth is not None
    assert birth.early == datetime(2026, 11, 18, 5, tzinfo=UTC)
    assert birth.late == datetime(2026, 11, 19, 4, 59, 59, tzinfo=UTC)


def test_without_a_birth_time_the_age_is_a_range_and_says_what_would_settle_it(read: ReadRecord) -> None:
    age = read(born("2026-11-18")).known("age_at_tsb")
    assert age is not None
    assert (age.quantity.low, age.quantity.high) == (31, 55)
    assert age.quantity.because == ("birth_time",)


@pytest.mark.parametrize("day", [None, "", "18 November 2026", "2026-13-01", "2026-02-30", 20261118, ["2026-11-18"]])
def test_without_a_readable_birth_date_the_age_is_not_known(read: ReadRecord, day: Any) -> None:
    baby = read(born(day))
    assert baby.birth is None
    for name in ("age", "age_at_tsb"):
        assert doubt_of(baby, name, Missing.ABSENT) == "no date of birth is known"
        assert baby.facts[name].needs == ("birth_date",)


@pytest.mark.parametrize("time", ["", "soon", "2026-11-18", "2026-11", None, 5, "2026-11-18T25:00:00Z"])
def test_a_birth_time_that_is_none_leaves_the_whole_day(read: ReadRecord, time: Any) -> None:
    assert read(born("2026-11-18", time)).birth == read(born("2026-11-18")).birth


def test_the_birth_time_alone_is_enough(read: ReadRecord) -> None:
    assert read(born(None, "2026-11-18T12:00:00Z")).birth == read(born("2026-11-18", "2026-11-18T12:00:00Z")).birth


def test_a_birth_time_on_another_day_than_the_birth_date_is_not_used_and_that_is_said(read: ReadRecord) -> None:
    baby = read(born("2026-11-18", "2026-11-17T12:00:00Z"))
    assert baby.birth == read(born("2026-11-18")).birth
    assert any("birth date and birth time disagree" in remark for remark in baby.remarks)


@pytest.mark.parametrize("time", ["2026-11-19T02:00:00Z", "2026-11-18T21:00:00-05:00", "2026-11-19T03:00:00+01:00"])
def test_a_birth_late_in_the_evening_agrees_with_its_local_date_in_every_offset(read: ReadRecord, time: str) -> None:
    baby = read(born("2026-11-18", time))
    assert baby.birth is not None
    assert baby.birth.early == datetime(2026, 11, 19, 2, tzinfo=UTC)
    assert not baby.remarks


def test_an_impossible_birth_time_does_not_stop_the_reading(read: ReadRecord) -> None:
    read(born("2026-11-18", "0001-01-01T00:00:00Z"))


def test_extensions_of_other_kinds_are_passed_over(read: ReadRecord) -> None:
    made = born("2026-11-18", "2026-11-18T12:00:00Z")
    other = {"url": "http://example.org/birthPlace", "valueDateTime": "2026-11-18T01:00:00Z"}
    made["patient"]["_birthDate"]["extension"].insert(0, other)
    birth = read(made).birth
    assert birth is not None
    assert birth.early == datetime(2026, 11, 18, 12, tzinfo=UTC)


def test_a_bilirubin_drawn_before_birth_is_a_doubt(read: ReadRecord) -> None:
    born_later = born("2026-11-20", "2026-11-20T11:30:00Z")
    drawn = record(bilirubin=[measured(TSB, 18, "mg/dL", effectiveDateTime="2026-11-20T11:00:00Z")])
    assert "dated before birth" in doubt_of(read(drawn | {"patient": born_later["patient"]}), "age_at_tsb")


@pytest.mark.parametrize("time", [None, "2026-11-25T12:00:00Z"], ids=["date", "time"])
def test_a_birth_in_the_future_is_no_known_age(read: ReadRecord, time: str | None) -> None:
    assert read(born("2026-11-25", time)).known("age") is None


@pytest.mark.parametrize(("minutes", "hours"), [(0, 0), (59, 0), (60, 1), (119, 1), (120, 2), (48 * 60 - 1, 47)])
def test_hours_of_age_are_completed_hours(read: ReadRecord, minutes: int, hours: int) -> None:
    time = AS_OF - timedelta(minutes=minutes)
    age = read(born(time.date().isoformat(), stamp(time))).known("age_at_tsb")
    assert age is not None
    assert age.quantity.low == hours


def moved(value: Any, offset: timedelta) -> Any:
    """Every instant written in another offset; dates stay as they are."""
    if isinstance(value, dict):
        return {key: moved(item, offset) for key, item in value.items()}
    if isinstance(value, list):
        return [moved(item, offset) for item in value]
    if isinstance(value, str) and STAMP.match(value):
        return datetime.fromisoformat(value).astimezone(timezone(offset)).isoformat()
    return value


@pytest.mark.parametrize("hours", [-12, -5, -3.5, 0, 1, 5.75, 14])
def test_the_same_instant_in_any_offset_gives_the_same_facts(read: ReadRecord, hours: float) -> None:
    given = {**GIVEN, "earlier_tsb": "15 mg/dL", "earlier_drawn": "6 h", "ivig_given": "30 h", "birth_weight": "3.3 kg"}
    usual = record(given)
    there = read(moved(usual, timedelta(hours=hours)))
    assert there.facts == read(usual).facts
    assert there.birth == read(usual).birth
