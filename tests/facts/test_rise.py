"""The rise of bilirubin: which two values make it, the noise that is no rise, and the phototherapy they were under."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from cds_service.facts.fact import Baby, Doubt, Fact
from tests.conftest import ReadRecord
from tests.facts.records import GIVEN, SNOMED, SUBJECT, TSB, Json, measured, record, value_of

UMOL = Decimal("17.1")


def tsb(value: float, ago: str) -> Json:
    return measured(TSB, value, "mg/dL", ago=ago)


def light(since: str | None, **members: Any) -> Json:
    usual = {"resourceType": "Procedure", "id": "light", "status": "in-progress", "subject": SUBJECT}
    code = {"coding": [{"system": SNOMED, "code": "31394004"}], "text": "intensive phototherapy"}
    period = {"performedPeriod": {"start": since}} if since else {}
    return usual | {"code": code} | period | members


def under(read: ReadRecord, *values: Json, since: str | None = "2026-11-19T12:00:00Z") -> Baby:
    return read(record({**GIVEN, "age": "90 h"}, bilirubin=list(values), procedures=[light(since)]))


def rate(baby: Baby) -> float | None:
    """Rise in mg/dL per hour; None where it is not known."""
    fact = baby.facts["tsb_rate"]
    return float(fact.quantity.low) if isinstance(fact, Fact) else None


def test_the_rate_is_the_rise_by_the_hours_between(read: ReadRecord) -> None:
    assert rate(under(read, tsb(12, "6 h"), tsb(15, "0 h"))) == 0.5
    assert rate(under(read, tsb(15, "6 h"), tsb(12, "0 h"))) == -0.5


@pytest.mark.parametrize(("ago", "known"), [("3.9 h", False), ("4 h", True), ("24 h", True), ("24.1 h", False)])
def test_the_two_values_are_four_to_twenty_four_hours_apart(read: ReadRecord, ago: str, known: bool) -> None:
    baby = under(read, tsb(12, ago), tsb(15, "0 h"))
    assert (rate(baby) is not None) is known
    if not known:
        assert baby.facts["tsb_rate"].needs == ("earlier_tsb",)


def test_of_several_earlier_values_the_latest_that_is_far_enough_counts(read: ReadRecord) -> None:
    values = [tsb(10, "12 h"), tsb(12, "6 h"), tsb(14, "2 h"), tsb(15, "0 h")]
    for order in itertools.permutations(values):
        assert rate(under(read, *order)) == 0.5


def test_a_value_drawn_under_phototherapy_counts_before_a_closer_one_drawn_without(read: ReadRecord) -> None:
    since = "2026-11-20T03:00:00Z"
    assert rate(under(read, tsb(12, "8 h"), tsb(10, "12 h"), tsb(16, "0 h"), since=since)) == 0.5


def test_a_value_that_cannot_be_used_makes_no_pair(read: ReadRecord) -> None:
    for odd in (
        measured(TSB, 12, "mg/L", ago="6 h"),
        measured(TSB, 12, "mg/dL", ago="6 h", status="cancelled"),
        measured(TSB, 12, "mg/dL", effectiveDateTime="2026-11-20"),
    ):
        assert rate(under(read, odd, tsb(15, "0 h"))) is None


def test_a_latest_value_given_as_a_limit_makes_no_rate(read: ReadRecord) -> None:
    over = tsb(15, "0 h")
    over["valueQuantity"]["comparator"] = ">"
    assert rate(under(read, tsb(12, "6 h"), over)) is None


@pytest.mark.parametrize(
    ("earlier", "latest", "word"),
    [
        (10, 10.55, "not_rising"),
        (10, 10.56, "rising"),
        (10, 10, "not_rising"),
        (10, 9, "not_rising"),
        (20, 21.1, "not_rising"),
        (20, 21.11, "rising"),
    ],
)
def test_a_rise_within_the_noise_is_no_rise(read: ReadRecord, earlier: float, latest: float, word: str) -> None:
    assert value_of(under(read, tsb(earlier, "6 h"), tsb(latest, "0 h")), "tsb_trend") == word


def test_the_trend_may_rest_on_a_closer_pair_where_there_is_no_other(read: ReadRecord) -> None:
    assert value_of(under(read, tsb(12, "2 h"), tsb(15, "0 h")), "tsb_trend") == "rising"
    assert value_of(under(read, tsb(16, "6 h"), tsb(12, "2 h"), tsb(15, "0 h")), "tsb_trend") == "not_rising"


@pytest.mark.parametrize(
    ("comparator", "latest", "word"), [(">", 12, "rising"), (">", 10, None), ("<", 10, "not_rising"), ("<", 12, None)]
)
def test_a_latest_value_given_as_a_limit_may_still_tell_the_trend(
    read: ReadRecord, comparator: str, latest: float, word: str | None
) -> None:
    limit = tsb(latest, "0 h")
    limit["valueQuantity"]["comparator"] = comparator
    fact = under(read, tsb(10, "6 h"), limit).facts["tsb_trend"]
    assert (fact.value if isinstance(fact, Fact) else None) == word


@pytest.mark.parametrize("name", ["phototherapy_during_rate", "phototherapy_during_rise"])
@pytest.mark.parametrize(
    ("since", "known", "needs"),
    [
        ("2026-11-20T06:00:00Z", True, ()),
        ("2026-11-20T06:00:01Z", False, ("earlier_tsb",)),
        ("2026-11-20", False, ("phototherapy_start",)),
        (None, False, ("phototherapy_start",)),
    ],
)
def test_both_values_must_be_drawn_under_phototherapy(
    read: ReadRecord, name: str, since: str | None, known: bool, needs: tuple[str, ...]
) -> None:
    fact = under(read, tsb(12, "6 h"), tsb(15, "0 h"), since=since).facts[name]
    if known:
        assert isinstance(fact, Fact)
        assert fact.value == "intensive"
    else:
        assert isinstance(fact, Doubt)
        assert fact.needs == needs


def test_phototherapy_that_was_stopped_is_not_what_the_values_were_drawn_under(read: ReadRecord) -> None:
    stopped = light("2026-11-19T12:00:00Z", status="completed")
    baby = read(record(GIVEN, bilirubin=[tsb(12, "6 h"), tsb(15, "0 h")], procedures=[stopped]))
    assert value_of(baby, "phototherapy_during_rate") == "stopped"


def test_the_rate_is_the_same_in_either_unit(read: ReadRecord) -> None:
    def in_micromoles(value: str, ago: str) -> Json:
        return measured(TSB, float(Decimal(value) * UMOL), "umol/L", ago=ago)

    mixed = under(read, in_micromoles("12", "6 h"), tsb(15, "0 h"))
    assert rate(mixed) == rate(under(read, tsb(12, "6 h"), in_micromoles("15", "0 h"))) == 0.5
