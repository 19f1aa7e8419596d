"""The strength of a medication by its ingredients: read where it is one, and never computed from what is none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.facts.ivig import ingredient_strengths
from cds_service.hooks.service import Answerer
from cds_service.review.babies import Json, order_select, order_sign
from cds_service.review.orders import order
from tests.facts.records import GIVEN
from tests.hooks.calls import answered

UCUM = "http://unitsofmeasure.org"
IVIG = {"text": "Immune globulin intravenous"}


def quantity(value: Any, unit: str = "", code: str = "") -> Json:
    found: Json = {"value": value}
    return found | ({"unit": unit} if unit else {}) | ({"system": UCUM, "code": code} if code else {})


def strengths(numerator: object, denominator: object) -> set[str]:
    ingredient = {"itemCodeableConcept": IVIG, "strength": {"numerator": numerator, "denominator": denominator}}
    medication = {"resourceType": "Medication", "id": "m", "code": IVIG, "ingredient": [ingredient]}
    found = ingredient_strengths({"medicationReference": {"reference": "#m"}, "contained": [medication]}, {})
    return {str(one.normalize()) for one in found}


@pytest.mark.parametrize(
    ("numerator", "denominator", "grams_per_ml"),
    [
        (quantity(100, "mg", "mg"), quantity(1, "mL", "mL"), "0.1"),
        (quantity(100, "mg"), quantity(1, "mL"), "0.1"),
        (quantity(100, code="mg"), quantity(1, code="mL"), "0.1"),
        (quantity(0.05, "g"), quantity(1, "mL"), "0.05"),
        (quantity(5, "g"), quantity(100, "mL"), "0.05"),
        (quantity(10.0, "G"), quantity(100.0, "ML"), "0.1"),
        (quantity(100, "g"), quantity(1, "L"), "0.1"),
    ],
)
def test_a_mass_in_a_volume_is_a_strength(numerator: Json, denominator: Json, grams_per_ml: str) -> None:
    assert strengths(numerator, denominator) == {grams_per_ml}


@pytest.mark.parametrize(
    ("numerator", "denominator"),
    [
        (quantity(100, "mg/mL"), quantity(100, "mg/mL")),
        (quantity(500, "MG/5ML"), quantity(1, "mL")),
        (quantity(100, "mg"), quantity(100, "mg")),
        (quantity(100, "mg"), quantity(1, "vial")),
        (quantity(1, "mL"), quantity(100, "mg")),
        (quantity(100, "mg"), quantity(0, "mL")),
        (quantity(-100, "mg"), quantity(1, "mL")),
        (quantity("100", "mg/5"), quantity(1, "mL")),
        (quantity(None, "mg"), quantity(1, "mL")),
        (quantity(1e308, "mg"), quantity(1, "mL")),
        (quantity(1e-7, "g"), quantity(1, "mL")),
        (quantity(True, "mg"), quantity(1, "mL")),
        (quantity(100, "mg"), None),
        ("100 mg", "1 mL"),
        ([], {}),
    ],
    ids=str,
)
def test_what_is_no_mass_in_a_volume_is_no_strength(numerator: object, denominator: object) -> None:
    assert strengths(numerator, denominator) == set()


@pytest.mark.parametrize("ingredient", [None, 5, "x", [None], [5], [{"strength": 5}], [{"strength": [1]}]], ids=str)
def test_odd_ingredients_are_passed_over(ingredient: object) -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": IVIG, "ingredient": ingredient}
    drafted = {"medicationReference": {"reference": "#m"}, "contained": [medication]}
    assert ingredient_strengths(drafted, {}) == frozenset()


def read_back(answerer: Answerer, value: int, text: str = "Immune globulin intravenous") -> str:
    """What the card says of an order of 34 mL, by the strength of its medication beside it."""
    ingredient = {"strength": {"numerator": quantity(value, "mg"), "denominator": quantity(1, "mL")}}
    medication = {"resourceType": "Medication", "id": "m", "code": {"text": text}, "ingredient": [ingredient]}
    drafted = order({"dose": "34 mL", "over": "4 h"}, "test") | {"medicationReference": {"reference": "Medication/m"}}
    del drafted["medicationCodeableConcept"]
    call = order_sign(order_select(GIVEN, "strength"), drafted, medication)
    found = answered(answerer, call, "neonatal-ivig-order-sign")[1]["cards"]
    return next(card["detail"] for card in found if "The order as read" in card["detail"])


def test_milliliters_are_grams_by_the_ingredients_strength(answerer: Answerer) -> None:
    assert "3.4 g" in read_back(answerer, 100)
    assert "1.7 g" in read_back(answerer, 50)


def test_the_strength_in_words_counts_before_that_of_the_ingredients(answerer: Answerer) -> None:
    assert "3.4 g" in read_back(answerer, 50, "Immune globulin intravenous 10%")


def test_two_ingredients_of_different_strengths_are_both_kept() -> None:
    parts = [{"strength": {"numerator": quantity(one, "mg"), "denominator": quantity(1, "mL")}} for one in (50, 100)]
    medication = {"resourceType": "Medication", "id": "m", "code": IVIG, "ingredient": parts}
    drafted = {"medicationReference": {"reference": "#m"}, "contained": [medication]}
    assert ingredient_strengths(drafted, {}) == {Decimal("0.05"), Decimal("0.1")}
