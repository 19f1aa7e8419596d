"""Whether a further dose is due: by the number given, and by the time since the last."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from cds_service.dosing.repeat import barred
from cds_service.facts.fact import Fact
from cds_service.facts.moments import Span
from cds_service.knowledge.shapes import Dose, Knowledge
from cds_service.review.babies import AS_OF


def given(hours: float) -> Fact:
    at = AS_OF - timedelta(hours=hours)
    return Fact("ivig_given", "completed", Span(at, at), "MedicationAdministration/x")


@pytest.fixture
def aap(demo: Knowledge) -> Dose:
    """May be repeated after 12 h, 2 at most."""
    return demo.guidance["hdn", "aap_2022"].doses["ivig"]


@pytest.mark.parametrize(
    ("doses", "why"),
    [
        ([], ""),
        ([12], ""),
        ([40], ""),
        ([11.9], "last dose 11 h ago, a repeat not before 12 h"),
        ([0], "last dose 0 h ago, a repeat not before 12 h"),
        ([40, 20], "2 doses on record, 2 at most"),
        ([60, 40, 20], "3 doses on record, 2 at most"),
    ],
    ids=str,
)
def test_a_dose_is_barred_inside_the_interval_and_at_the_greatest_number(
    aap: Dose, doses: list[float], why: str
) -> None:
    assert barred(aap, [given(hours) for hours in doses], AS_OF) == why


def test_a_guideline_that_gives_once_bars_every_further_dose(demo: Knowledge) -> None:
    once = demo.guidance["hdn", "nice_cg98"].doses["ivig"]
    assert once.at_most == 1
    assert barred(once, [given(100)], AS_OF) == "1 dose on record, 1 at most"


def test_a_dose_without_a_time_bars_a_further_one(aap: Dose) -> None:
    undated = Fact("ivig_given", "completed")
    assert barred(aap, [undated], AS_OF) == "a dose on record has no time"
    free = Dose("x", aap.cite, Decimal(1), Decimal(1), Decimal(0), aap.repeat_after_hours, "12 h", None)
    assert barred(free, [undated, given(40)], AS_OF) == "a dose on record has no time"


def test_without_a_stated_interval_only_the_number_counts(aap: Dose) -> None:
    free = Dose("x", aap.cite, Decimal(1), Decimal(1), Decimal(0), None, "", 2)
    assert barred(free, [given(1)], AS_OF) == ""


def test_of_a_dose_dated_only_to_the_day_the_latest_moment_counts(aap: Dose) -> None:
    midnight = AS_OF - timedelta(hours=12)
    yesterday = Fact("ivig_given", "completed", Span(midnight - timedelta(hours=24), midnight - timedelta(seconds=1)))
    today = Fact("ivig_given", "completed", Span(midnight, midnight + timedelta(hours=24)))
    assert barred(aap, [yesterday], AS_OF) == ""
    assert barred(aap, [yesterday], AS_OF - timedelta(seconds=2)).startswith("last dose 11 h ago")
    assert barred(aap, [today], AS_OF).startswith("last dose 0 h ago")
