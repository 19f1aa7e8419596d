"""Grams, milliliters and vials: exact first, rounded to what can be drawn up, never far from the exact dose."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.dosing.dose import plan, portion, round_grams, vials
from cds_service.facts.fact import Doubt
from cds_service.knowledge.shapes import Knowledge
from tests.conftest import ReadRecord
from tests.facts.records import GIVEN, record

GRAMS = st.decimals(Decimal("0.05"), Decimal(15), places=4)
KILOGRAMS = st.decimals(Decimal("0.3"), Decimal("6.5"), places=3)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("0.45", "0.45"),
        ("1.7", "1.7"),
        ("3.4", "3.5"),
        ("0.25", "0.25"),
        ("0.5", "0.5"),
        ("0.55", "0.5"),
        ("0.56", "0.6"),
        ("0.95", "1.0"),
        ("2.75", "3.0"),
        ("1.25", "1.3"),
        ("3.2", "3.0"),
        ("6.5", "6.5"),
        ("1.7009713875", "1.7"),
    ],
)
def test_a_dose_is_rounded_to_half_a_gram_else_to_a_tenth_else_not_at_all(exact: str, rounded: str) -> None:
    assert round_grams(Decimal(exact)) == Decimal(rounded)


@given(exact=GRAMS)
def test_rounding_never_changes_a_dose_by_more_than_a_tenth(exact: Decimal) -> None:
    rounded = round_grams(exact)
    assert rounded > 0
    assert abs(rounded - exact) <= exact / 10
    assert rounded == exact or rounded % Decimal("0.1") == 0


@given(kilograms=KILOGRAMS, low=st.booleans())
def test_a_portion_is_weight_times_dose_and_stays_inside_the_hard_limits(
    demo: Knowledge, kilograms: Decimal, low: bool
) -> None:
    dose = demo.guidance["hdn", "aap_2022"].doses["ivig"]
    limits = demo.dose_limits["hdn"]
    product = demo.site.product
    per_kg = dose.low if low else dose.high
    one = portion(per_kg, kilograms, dose, product, limits)
    assert one.exact == per_kg * kilograms
    assert abs(one.rounded - one.exact) <= one.exact / 10
    assert limits.hard[0] * kilograms <= one.rounded <= limits.hard[1] * kilograms
    assert one.milliliters * product.grams_per_ml == one.rounded
    assert one.rounded_per_kg == pytest.approx(one.rounded / kilograms)


@given(kilograms=KILOGRAMS, per_kg=st.sampled_from(["0.2", "0.21", "1.45", "1.5"]))
def test_rounding_never_carries_a_dose_over_a_hard_limit(demo: Knowledge, kilograms: Decimal, per_kg: str) -> None:
    dose = demo.guidance["hdn", "aap_2022"].doses["ivig"]
    limits = demo.dose_limits["hdn"]
    one = portion(Decimal(per_kg), kilograms, dose, demo.site.product, limits)
    assert limits.hard[0] * kilograms <= one.rounded <= limits.hard[1] * kilograms


@given(grams=GRAMS, sizes=st.sets(st.sampled_from(["0.5", "1", "2.5", "5", "10", "20"]), min_size=1))
def test_the_vials_hold_the_dose_and_waste_less_than_the_largest_vial(grams: Decimal, sizes: set[str]) -> None:
    stock = tuple(Decimal(size) for size in sizes)
    taken = vials(grams, stock)
    held = sum(count * size for count, size in taken)
    assert all(count > 0 and size in stock for count, size in taken)
    assert grams <= held < grams + max(stock)


@pytest.mark.parametrize(
    ("grams", "taken"), [("3.5", [(1, "5")]), ("5", [(1, "5")]), ("5.1", [(1, "10")]), ("24", [(1, "20"), (1, "5")])]
)
def test_the_smallest_single_vial_that_holds_the_dose_is_taken(grams: str, taken: list[tuple[int, str]]) -> None:
    stock = (Decimal(5), Decimal(10), Decimal(20))
    assert vials(Decimal(grams), stock) == tuple((count, Decimal(size)) for count, size in taken)


def test_a_range_of_doses_makes_two_portions_and_a_single_dose_one(demo: Knowledge, read: ReadRecord) -> None:
    baby = read(record())
    for indication, guideline, expected in (("hdn", "aap_2022", ["1.7", "3.4"]), ("hdn", "nice_cg98", ["1.7"])):
        dose = demo.guidance[indication, guideline].doses["ivig"]
        found = plan(dose, baby, demo.site.product, demo.dose_limits[indication])
        assert found is not None
        assert [one.exact for one in found.portions] == [Decimal(grams) for grams in expected]


def test_without_a_usable_weight_there_is_no_dose(demo: Knowledge, read: ReadRecord) -> None:
    baby = read(record({**GIVEN, "weight": "3400 kg"}))
    assert isinstance(baby.facts["dosing_weight"], Doubt)
    dose = demo.guidance["hdn", "aap_2022"].doses["ivig"]
    assert plan(dose, baby, demo.site.product, demo.dose_limits["hdn"]) is None


@pytest.mark.parametrize("name", ["gammaplex_10", "gammagard_liquid", "privigen_10_eu"])
def test_no_dose_takes_less_than_what_is_least_for_a_newborn(demo: Knowledge, name: str) -> None:
    """0.4 g/kg run in under 2 h at the label's fastest; the order that we would question is never one that we offer."""
    dose = demo.guidance["immunodeficiency", "baseline"].doses["replacement"]
    limits = demo.dose_limits["immunodeficiency"]
    run = portion(dose.low, Decimal("3.84"), dose, demo.products[name], limits).infusion
    assert run.product_minutes < 120
    assert run.minutes == 120
