"""Infusion steps: they give the whole dose, never faster than the label and never shorter than the guideline."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.dosing.rate import Infusion, infusion
from cds_service.knowledge.catalogue import load_catalogue
from cds_service.knowledge.files import PACKAGE, Roots
from cds_service.knowledge.shapes import Product

PRODUCTS = load_catalogue(Roots((PACKAGE,))).products
NAMES = ["gammaplex_10", "bivigam_10", "octagam_10", "privigen_10_us", "privigen_10_eu", "gammagard_liquid"]
STEPPED = ["gammaplex_10", "bivigam_10", "octagam_10"]
KILOGRAMS = st.decimals(Decimal("0.3"), Decimal("6.5"), places=3)
PER_KG = st.decimals(Decimal("0.55"), Decimal("1.5"), places=2)
HOURS = st.sampled_from([Decimal(hours) for hours in ("0", "0.5", "2", "2.5", "4", "6", "12")])


def minutes_of_steps(run: Infusion, dose: Decimal) -> tuple[Fraction, Fraction]:
    """How long the steps take to give the whole dose (mg/kg), and the fastest of their rates."""
    given_so_far, at = Fraction(0), Fraction(0)
    for step in run.steps[:-1]:
        assert step.start == at
        assert step.minutes
        given_so_far += Fraction(step.mg_per_kg_min) * step.minutes
        at += step.minutes
    last = run.steps[-1]
    assert last.start == at
    assert last.minutes is None
    assert given_so_far < Fraction(dose)
    return at + (Fraction(dose) - given_so_far) / Fraction(last.mg_per_kg_min), Fraction(last.mg_per_kg_min)


@pytest.mark.parametrize("name", STEPPED)
@given(kilograms=KILOGRAMS, per_kg=PER_KG, hours=HOURS)
def test_the_steps_give_exactly_the_dose_in_the_stated_time(
    name: str, kilograms: Decimal, per_kg: Decimal, hours: Decimal
) -> None:
    product = PRODUCTS[name]
    run = infusion(product, kilograms, per_kg * kilograms, hours)
    assert run.stepped
    minutes, fastest = minutes_of_steps(run, per_kg * 1000)
    assert float(minutes) == pytest.approx(run.minutes, abs=1.0000001)
    assert minutes <= run.minutes + Fraction(1, 10**9)
    assert fastest <= Fraction(product.top_rate)


@pytest.mark.parametrize("name", ["gammaplex_10", "bivigam_10"])
def test_a_small_dose_that_ends_inside_a_step_gets_no_more_than_it_needs(name: str) -> None:
    for percent in range(20, 55):
        per_kg = Decimal(percent) / 100
        minutes_of_steps(infusion(PRODUCTS[name], Decimal(3), per_kg * 3, Decimal(0)), per_kg * 1000)


@pytest.mark.parametrize("name", NAMES)
@given(kilograms=KILOGRAMS, per_kg=PER_KG, hours=HOURS)
def test_no_step_is_faster_than_the_label_and_the_rates_rise(
    name: str, kilograms: Decimal, per_kg: Decimal, hours: Decimal
) -> None:
    product = PRODUCTS[name]
    run = infusion(product, kilograms, per_kg * kilograms, hours)
    rates = [step.mg_per_kg_min for step in run.steps]
    assert rates == sorted(rates)
    assert all(0 < rate <= product.top_rate for rate in rates)
    for step in run.steps:
        exact = step.mg_per_kg_min * kilograms * 60 / (product.grams_per_ml * 1000)
        assert 0 < step.ml_per_h <= exact
        assert step.ml_per_h <= run.max_ml_per_h


@pytest.mark.parametrize("name", NAMES)
@given(kilograms=KILOGRAMS, per_kg=PER_KG, hours=HOURS)
def test_an_infusion_is_never_shorter_than_the_guideline_or_the_product_allows(
    name: str, kilograms: Decimal, per_kg: Decimal, hours: Decimal
) -> None:
    product = PRODUCTS[name]
    run = infusion(product, kilograms, per_kg * kilograms, hours)
    assert run.guideline_minutes == hours * 60
    assert run.minutes == max(run.guideline_minutes, run.product_minutes)
    assert run.product_minutes >= per_kg * 1000 / product.top_rate
    assert run.product_decides is (run.product_minutes > run.guideline_minutes)


def shortest(product: Product, per_kg: Decimal) -> Fraction:
    """Minutes at the label's fastest, counted minute by minute without the service's own formula."""
    left, minutes = Fraction(per_kg) * 1000, 0
    rates = [Fraction(step.mg_per_kg_min) for step in product.steps for _ in range(step.minutes or 0)]
    while True:
        rate = rates[minutes] if minutes < len(rates) else Fraction(product.top_rate)
        if left <= rate:
            return minutes + left / rate
        left, minutes = left - rate, minutes + 1


@pytest.mark.parametrize("name", NAMES)
@given(kilograms=KILOGRAMS, per_kg=PER_KG)
def test_the_shortest_time_is_the_ramp_counted_minute_by_minute(name: str, kilograms: Decimal, per_kg: Decimal) -> None:
    product = PRODUCTS[name]
    run = infusion(product, kilograms, per_kg * kilograms, Decimal(0))
    assert run.product_minutes == ceil(shortest(product, per_kg))


def octagam_as_labeled() -> Product:
    """Octagam with the label's own last step and maximum, above our ceiling for newborns."""
    product = PRODUCTS["octagam_10"]
    eight = replace(product.steps[-1], mg_per_kg_min=Decimal(8))
    return replace(product, steps=(*product.steps, eight), max_mg_per_kg_min=Decimal(12))


@pytest.mark.parametrize(
    ("product", "low", "high"),
    [(PRODUCTS["gammaplex_10"], 2.91, 2.92), (PRODUCTS["bivigam_10"], 3.82, 3.84), (octagam_as_labeled(), 2.7, 2.8)],
    ids=["gammaplex", "bivigam", "octagam"],
)
def test_the_published_times_for_one_gram_a_kilogram(product: Product, low: float, high: float) -> None:
    run = infusion(product, Decimal("3.4"), Decimal("3.4"), Decimal(0))
    assert low <= run.product_minutes / 60 <= high


def test_our_own_ceiling_for_newborns_makes_octagam_slower_than_its_label() -> None:
    run = infusion(PRODUCTS["octagam_10"], Decimal("3.4"), Decimal("3.4"), Decimal(0))
    assert run.product_minutes == 189


def test_the_ramp_of_gammaplex_for_a_newborn_of_one_kilogram() -> None:
    run = infusion(PRODUCTS["gammaplex_10"], Decimal(1), Decimal(1), Decimal(2))
    told = [(step.start, step.minutes, float(step.ml_per_h)) for step in run.steps]
    assert told == [(0, 15, 0.3), (15, 15, 0.6), (30, 15, 1.2), (45, 15, 2.4), (60, 15, 3.6), (75, None, 4.8)]
    assert run.product_decides


def test_a_long_guideline_time_needs_only_the_first_steps() -> None:
    run = infusion(PRODUCTS["gammaplex_10"], Decimal(2), Decimal(1), Decimal(12))
    assert [float(step.mg_per_kg_min) for step in run.steps] == pytest.approx([0.5, 492.5 / 705])
    assert run.minutes == 720
    assert not run.product_decides


@pytest.mark.parametrize("name", ["privigen_10_us", "privigen_10_eu", "gammagard_liquid"])
def test_of_a_product_without_sourced_steps_only_start_and_maximum_are_said(name: str) -> None:
    product = PRODUCTS[name]
    run = infusion(product, Decimal("3.4"), Decimal("3.4"), Decimal(2))
    assert not run.stepped
    (only,) = run.steps
    assert only.mg_per_kg_min == product.steps[0].mg_per_kg_min
    assert only.minutes == product.steps[0].minutes
    assert run.max_mg_per_kg_min == product.top_rate


def test_the_smallest_newborn_still_gets_a_rate_that_a_pump_can_run() -> None:
    run = infusion(PRODUCTS["gammaplex_10"], Decimal("0.3"), Decimal("0.15"), Decimal(4))
    assert all(step.ml_per_h >= Decimal("0.05") for step in run.steps)
