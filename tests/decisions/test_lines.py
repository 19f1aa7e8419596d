"""Where a bilirubin stands against its lines, and when it would cross them at the present rise."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.decisions.decide import Answer, decide
from cds_service.decisions.lines import crossing, lines
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import AS_OF
from tests.conftest import ReadRecord
from tests.decisions.tables import exchange_table
from tests.facts.records import GESTATION, GIVEN, measured, record


def followed(demo: Knowledge, read: ReadRecord, given_facts: dict[str, Any]) -> Answer:
    return decide(demo, read(record(given_facts)))[0].followed


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GIVEN.items() if key != name}


def test_each_line_is_told_with_its_distance(demo: Knowledge, read: ReadRecord) -> None:
    found = lines(followed(demo, read, {**GIVEN, "tsb": "19 mg/dL"}))
    told = [(one.number.name, one.weeks, one.assumed, float(one.value.low), float(one.distance or 0)) for one in found]
    assert told == [("escalation", 38, False, 18.1, -0.9), ("exchange", 38, False, 20.1, 1.1)]


def test_a_distance_is_in_the_unit_of_the_line(demo: Knowledge, read: ReadRecord) -> None:
    first = lines(followed(demo, read, {**GIVEN, "tsb": "292.41 umol/L"}))[0]
    assert first.distance == Decimal("1.0")


def test_without_a_gestation_the_lines_at_both_ends_of_the_table_are_told(demo: Knowledge, read: ReadRecord) -> None:
    found = lines(followed(demo, read, without("gestation")))
    assert [(one.number.name, one.weeks, one.assumed) for one in found] == [
        ("escalation", 35, True),
        ("escalation", 38, True),
        ("exchange", 35, True),
        ("exchange", 38, True),
    ]


@pytest.mark.parametrize("name", ["tsb", "age"])
def test_without_a_bilirubin_or_an_age_there_is_no_distance(demo: Knowledge, read: ReadRecord, name: str) -> None:
    assert all(one.distance is None for one in lines(followed(demo, read, without(name))))


def test_without_a_time_of_birth_a_line_is_a_range_without_a_distance(demo: Knowledge, read: ReadRecord) -> None:
    for one in lines(followed(demo, read, {**GIVEN, "birth_time": False})):
        assert one.value.low < one.value.high
        assert one.distance is None


def by_hand(hours: int, tsb: Decimal, per_hour: Decimal, minus: Decimal) -> int | None:
    """The first full hour at which the value has reached the line, which rises with age."""
    for ahead in range(1, 73):
        level = exchange_table().get((38, hours + ahead))
        if level is None:
            return None
        if tsb + per_hour * ahead >= level - minus:
            return ahead
    return None


@given(
    hours=st.sampled_from([10, 24, 48, 100, 270, 330]),
    tenths=st.integers(60, 220),
    rise=st.integers(-20, 60),
    apart=st.sampled_from([4, 5, 8, 10]),
)
def test_the_crossing_is_found_hour_by_hour(
    demo: Knowledge, read: ReadRecord, hours: int, tenths: int, rise: int, apart: int
) -> None:
    earlier, latest = Decimal(tenths - rise) / 10, Decimal(tenths) / 10
    given_facts = GIVEN | {
        "age": f"{hours} h",
        "tsb": f"{latest} mg/dL",
        "earlier_tsb": f"{max(earlier, Decimal(1))} mg/dL",
        "earlier_drawn": f"{apart} h",
        "phototherapy_since": "20 h",
    }
    per_hour = (latest - max(earlier, Decimal(1))) / apart
    answer = followed(demo, read, given_facts)
    for name, minus in (("escalation", Decimal(2)), ("exchange", Decimal(0))):
        found = crossing(answer, answer.guidance.numbers[name])
        wanted = by_hand(hours, latest, per_hour, minus) if per_hour > 0 else None
        assert (found.hours if found else None) == wanted
        if found and wanted:
            assert found.at == AS_OF + timedelta(hours=wanted)


def test_without_a_second_value_no_crossing_is_told(demo: Knowledge, read: ReadRecord) -> None:
    answer = followed(demo, read, GIVEN)
    assert all(crossing(answer, number) is None for number in answer.guidance.numbers.values())


@pytest.mark.parametrize(("weeks", "told"), [(38, [(38, False)]), (36, [(35, True), (38, True)])])
def test_a_gestation_of_at_least_the_last_column_is_read_there(
    demo: Knowledge, read: ReadRecord, weeks: int, told: list[tuple[int, bool]]
) -> None:
    born = measured(GESTATION, weeks, "wk")
    born["valueQuantity"]["comparator"] = ">="
    made = record(measurements=[born])
    found = lines(decide(demo, read(made))[0].followed)
    assert [(one.weeks, one.assumed) for one in found if one.number.name == "exchange"] == told
