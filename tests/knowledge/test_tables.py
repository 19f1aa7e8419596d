"""The threshold tables: complete, never falling, and equal to the printed values at spots chosen by hand."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

import pytest

from cds_service.knowledge.files import PACKAGE
from cds_service.knowledge.shapes import Knowledge, Table

WEEKS = (35, 36, 37, 38)
HOURS = range(1, 337)


@pytest.fixture(scope="module")
def aap(demo: Knowledge) -> Table:
    return demo.tables["aap2022_exchange_risk"]


def cells(table: Table, column: str) -> dict[tuple[int, int], Decimal]:
    return {(weeks, hour): value for weeks, points in table.cells[column].items() for hour, value in points}


def test_the_aap_table_has_every_hour_to_336_for_four_gestations(aap: Table) -> None:
    for column in ("exchange", "escalation_of_care"):
        assert set(cells(aap, column)) == set(itertools.product(WEEKS, HOURS))
    assert aap.gestations == WEEKS


def test_the_escalation_level_is_the_exchange_level_less_two_everywhere(aap: Table) -> None:
    exchange, escalation = cells(aap, "exchange"), cells(aap, "escalation_of_care")
    assert all(exchange[key] - escalation[key] == Decimal("2.0") for key in exchange)


def test_no_aap_line_falls_with_age_or_with_gestation(aap: Table) -> None:
    level = cells(aap, "exchange")
    for weeks in WEEKS:
        line = [level[weeks, hour] for hour in HOURS]
        assert line == sorted(line)
    for hour in HOURS:
        across = [level[weeks, hour] for weeks in WEEKS]
        assert across == sorted(across)


def test_no_aap_line_jumps(aap: Table) -> None:
    level = cells(aap, "exchange")
    for weeks, hour in itertools.product(WEEKS, HOURS[1:]):
        assert level[weeks, hour] - level[weeks, hour - 1] <= Decimal("0.3")


@pytest.mark.parametrize(
    ("weeks", "hour", "level"),
    [
        (38, 1, "14.8"),
        (38, 24, "17.7"),
        (38, 48, "20.1"),
        (38, 72, "22.1"),
        (38, 336, "23.5"),
        (35, 24, "16.1"),
        (35, 1, "13.1"),
    ],
)
def test_spot_values_of_the_aap_table(aap: Table, weeks: int, hour: int, level: str) -> None:
    assert cells(aap, "exchange")[weeks, hour] == Decimal(level)


def test_every_aap_cell_was_compared_with_at_least_two_transcriptions_that_agree() -> None:
    with (PACKAGE / "tables" / "aap2022_exchange_risk.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert all(int(row["sources_equal"]) >= 2 for row in rows)
    assert all(row["printed"] in ("true", "false") for row in rows)


@pytest.fixture(scope="module")
def nice(demo_uk: Knowledge) -> Table:
    return demo_uk.tables["nice_cg98_exchange"]


@pytest.mark.parametrize("weeks", range(23, 38))
def test_the_nice_line_of_a_preterm_newborn_runs_from_80_to_ten_times_the_weeks_at_72_h(
    nice: Table, weeks: int
) -> None:
    assert nice.cells["exchange"][weeks] == ((0, Decimal(80)), (72, Decimal(10 * weeks)))


def test_the_nice_line_of_a_term_newborn_is_the_published_six_hourly_row(nice: Table) -> None:
    row = dict(nice.cells["exchange"][38])
    assert list(row) == list(range(0, 97, 6))
    assert (row[0], row[24], row[42]) == (100, 300, 450)
    assert all(row[hour] == 100 + 50 * hour // 6 for hour in range(0, 43, 6))
    assert {row[hour] for hour in range(42, 97, 6)} == {450}


def test_the_nice_table_reads_between_its_points_and_stays_level_after_the_last(nice: Table) -> None:
    assert (nice.between, nice.level_after_last) == ("line", True)
    assert nice.gestations == tuple(range(23, 39))


def test_the_percentiles_of_weight_rise_with_gestation(demo: Knowledge) -> None:
    table = demo.tables["fenton2013_weight"]
    for column in ("p10", "p90"):
        values = [table.cells[column][weeks][0][1] for weeks in table.gestations]
        assert values == sorted(set(values))
    assert all(table.cells["p10"][weeks][0][1] < table.cells["p90"][weeks][0][1] for weeks in table.gestations)
    assert table.gestations == tuple(range(22, 43))


@pytest.fixture(scope="module")
def cps(demo: Knowledge) -> Table:
    return demo.tables["cps2025_exchange_risk"]


def test_the_cps_table_has_every_hour_from_birth_to_336_for_four_gestations(cps: Table) -> None:
    for column in ("exchange", "pre_exchange"):
        assert set(cells(cps, column)) == set(itertools.product(WEEKS, range(337)))
    assert cps.unit.name == "umol/L"


def test_the_cps_pre_exchange_line_is_30_micromoles_below_the_exchange_line_everywhere(cps: Table) -> None:
    exchange, before = cells(cps, "exchange"), cells(cps, "pre_exchange")
    assert all(exchange[key] - before[key] == 30 for key in exchange)


def test_every_cps_exchange_threshold_is_that_of_aap_2022_before_rounding(aap: Table, cps: Table) -> None:
    """Two independent copies: one of the printed mg/dL, one of unrounded micromol/L (17.1 to the mg/dL)."""
    exact = cells(cps, "exchange")
    for key, printed in cells(aap, "exchange").items():
        assert (exact[key] / Decimal("17.1")).quantize(Decimal("0.1"), ROUND_HALF_UP) == printed


def test_no_cps_line_falls_with_age(cps: Table) -> None:
    level = cells(cps, "exchange")
    for weeks in WEEKS:
        line = [level[weeks, hour] for hour in range(337)]
        assert line == sorted(line)


@pytest.mark.parametrize(
    ("weeks", "low", "high"),
    [
        (range(21, 28), 11, 14),
        (range(28, 30), 12, 14),
        (range(30, 32), 13, 16),
        (range(32, 34), 15, 18),
        ((34,), 17, 19),
    ],
)
def test_the_ranges_of_maisels_are_the_printed_ones_in_every_week(
    demo: Knowledge, weeks: Iterable[int], low: int, high: int
) -> None:
    table = demo.tables["maisels2012_exchange"]
    for week in weeks:
        assert table.cells["low"][week] == ((0, Decimal(low)),)
        assert table.cells["high"][week] == ((0, Decimal(high)),)
    assert table.gestations == tuple(range(21, 35))
