"""What a guideline shows without deciding by it: the ranges of Maisels 2012, and what of CPS was not obtained."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.cards.chart import Chart
from cds_service.decisions.decide import answer
from cds_service.facts.gather import FactReader
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.cases import read_baby

PRETERM = {"age": "48 h", "gestation": "32+4", "dat": "positive", "weight": "1.9 kg"}
RANGE = "a range of exchange levels, 15 mg/dL to 18 mg/dL"


def said(knowledge: Knowledge, guideline: str, given: dict[str, Any]) -> tuple[str, str, str]:
    """Verdict, indicator, and every note that is said, filled in."""
    baby = read_baby(given, knowledge, FactReader(knowledge), "test")
    found = answer(knowledge.guidance["hdn", guideline], baby)
    chart = Chart(knowledge, baby)
    return found.verdict, found.indicator, "\n".join(chart.fill(note.text, found) for note in found.notes)


@pytest.mark.parametrize("guideline", ["aap_2022", "baseline", "cps"])
@pytest.mark.parametrize(
    ("tsb", "words"),
    [
        ("14.9 mg/dL", "is below that range. That is no advice against exchange"),
        ("15 mg/dL", "is inside that range"),
        ("17.9 mg/dL", "is inside that range"),
        ("18 mg/dL", "is at or above the upper end of that range"),
        ("25 mg/dL", "is at or above the upper end of that range"),
    ],
)
def test_under_35_weeks_the_range_is_shown_and_changes_nothing(
    demo: Knowledge, guideline: str, tsb: str, words: str
) -> None:
    verdict, indicator, notes = said(demo, guideline, {**PRETERM, "tsb": tsb})
    assert (verdict, indicator) == ("out-of-scope", "warning")
    assert "it decides nothing here" in notes
    assert RANGE in notes
    assert notes.count("that range") == 1
    assert words in notes


@pytest.mark.parametrize("guideline", ["aap_2022", "baseline", "cps"])
def test_at_35_weeks_and_where_the_gestation_is_missing_no_range_is_shown(demo: Knowledge, guideline: str) -> None:
    term = {**PRETERM, "gestation": "35+0", "tsb": "15 mg/dL"}
    for given in (term, {key: value for key, value in term.items() if key != "gestation"}):
        assert "Maisels" not in said(demo, guideline, given)[2]


def test_a_bilirubin_that_is_only_a_limit_is_placed_only_where_the_limit_tells(demo: Knowledge) -> None:
    for tsb, words in ((">18 mg/dL", "at or above the upper end"), ("<15 mg/dL", "is below that range")):
        assert words in said(demo, "aap_2022", {**PRETERM, "tsb": tsb})[2]
    notes = said(demo, "aap_2022", {**PRETERM, "tsb": ">15 mg/dL"})[2]
    assert RANGE in notes
    assert "that range" not in notes


@pytest.mark.parametrize("tsb", ["320 umol/L", "350 umol/L", "200 umol/L", None])
@pytest.mark.parametrize("gestation", ["38+0", "34+0"])
@pytest.mark.parametrize("dat", ["positive", "negative", None])
def test_every_card_by_the_lines_of_cps_says_that_its_wording_on_ivig_was_not_obtained(
    demo: Knowledge, tsb: str | None, gestation: str, dat: str | None
) -> None:
    given = {"age": "48 h", "gestation": gestation, "tsb": tsb, "dat": dat}
    notes = said(demo, "cps", {key: value for key, value in given.items() if value is not None})[2]
    assert "The IVIG wording of CPS 2025 was not obtained" in notes
