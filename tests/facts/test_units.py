"""Values and units: what is read, and what is a doubt rather than a guess."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from cds_service.knowledge.files import PACKAGE
from tests.conftest import ReadRecord
from tests.facts.records import (
    GESTATION,
    PLATELETS,
    TSB,
    UCUM,
    WEIGHT,
    doubt_of,
    measured,
    record,
    said,
    value_of,
)

# quantity -> prefetch key, code, fact, a plausible value in the quantity's base unit
READ = {
    "bilirubin": ("bilirubin", TSB, "tsb", 300.0),
    "platelets": ("laboratory", PLATELETS, "platelets", 25.0),
    "weight": ("measurements", WEIGHT, "body_weight", 3.4),
    "time": ("measurements", GESTATION, "gestational_age", 39 * 168.0),
    "hemoglobin": ("laboratory", "718-7", "hemoglobin", 9.0),
    "hematocrit": ("laboratory", "4544-3", "hematocrit", 66.0),
    "reticulocytes": ("laboratory", "17849-1", "reticulocytes", 4.0),
    "inr": ("laboratory", "6301-6", "inr", 2.1),
    "enzyme": ("laboratory", "1742-6", "alt", 120.0),
    "ferritin": ("laboratory", "2276-4", "ferritin", 900.0),
    "crp": ("laboratory", "1988-5", "crp", 30.0),
    "esr": ("laboratory", "30341-2", "esr", 40.0),
    "albumin": ("laboratory", "1751-7", "albumin", 30.0),
    "wbc": ("laboratory", "6690-2", "wbc", 15.0),
    "sodium": ("laboratory", "2951-2", "sodium", 129.0),
    "igg": ("laboratory", "2465-3", "igg", 4.0),
}
# Measured only in orders and in this service.
INSIDE = {
    "bilirubin_rate",
    "dose",
    "dose_mass",
    "volume",
    "volume_per_kg",
    "infusion_rate",
    "ratio",
    "count",
    "calendar",
}


def spellings() -> list[dict[str, str]]:
    with (PACKAGE / "units.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return [row for row in rows if row["quantity"] in READ and "never read" not in row["source"]]


def test_the_list_of_spellings_covers_every_measured_quantity() -> None:
    with (PACKAGE / "units.csv").open(encoding="utf-8", newline="") as handle:
        assert {row["quantity"] for row in csv.DictReader(handle)} == {*READ, *INSIDE}
    assert len(spellings()) > 150


@pytest.mark.parametrize("row", spellings(), ids=lambda row: f"{row['quantity']} {row['spelling']}")
@pytest.mark.parametrize("as_code", [False, True], ids=["as unit", "as code"])
def test_every_spelling_of_a_unit_is_read(read: ReadRecord, row: dict[str, str], as_code: bool) -> None:
    key, code, name, base = READ[row["quantity"]]
    quantity: dict[str, Any] = {"value": base / float(row["factor"])}
    quantity |= {"system": UCUM, "code": row["spelling"]} if as_code else {"unit": row["spelling"]}
    fact = read(record(**{key: [measured(code, 0, valueQuantity=quantity)]})).known(name)
    assert fact is not None
    assert float(fact.quantity.low * fact.quantity.unit.factor) == pytest.approx(base, rel=1e-9)
    assert fact.reported is not None
    assert fact.reported.unit == row["spelling"]


@pytest.mark.parametrize(
    ("quantity", "why"),
    [
        ({"value": 18.1, "unit": "mg/L"}, "unit that is not known (mg/L)"),
        ({"value": 18.1, "system": UCUM, "code": "mg/L"}, "unit that is not known (mg/L)"),
        ({"value": 18.1, "system": UCUM, "code": "kg", "unit": "kg"}, "unit that is not known (kg)"),
        ({"value": 18.1, "unit": "mg/dL", "system": UCUM, "code": "mg/L"}, "unit that is not known (mg/L)"),
        ({"value": 18.1}, "unit that is not known (none)"),
        ({"value": 18.1, "unit": " "}, "unit that is not known (none)"),
        ({"value": 18.1, "unit": 5, "code": ["mg/dL"]}, "unit that is not known (none)"),
        ({"value": 18.1, "unit": "umol/L", "system": UCUM, "code": "mg/dL"}, "two units that disagree"),
        ({"value": 18.1, "unit": "mg/dL", "code": "umol/L"}, "two units that disagree"),
        ({"value": "18.1", "unit": "mg/dL"}, "not a finite number"),
        ({"value": True, "unit": "mg/dL"}, "not a finite number"),
        ({"value": None, "unit": "mg/dL"}, "not a finite number"),
        ({"value": [18.1], "unit": "mg/dL"}, "not a finite number"),
        ({"value": float("nan"), "unit": "mg/dL"}, "not a finite number"),
        ({"value": float("inf"), "unit": "mg/dL"}, "not a finite number"),
        ({"value": float("-inf"), "unit": "mg/dL"}, "not a finite number"),
        ({"unit": "mg/dL"}, "not a finite number"),
        ({}, "not a finite number"),
        ("18.1 mg/dL", "not a quantity"),
        ([{"value": 18.1, "unit": "mg/dL"}], "not a quantity"),
        ({"value": 306, "unit": "mg/dL"}, "not plausible"),
        ({"value": 60.1, "unit": "mg/dL"}, "not plausible"),
        ({"value": 0.09, "unit": "mg/dL"}, "not plausible"),
        ({"value": -18.1, "unit": "mg/dL"}, "not plausible"),
        ({"value": 0, "unit": "mg/dL"}, "not plausible"),
        ({"value": 1e308, "unit": "mg/dL"}, "not plausible"),
        ({"value": 10**400, "unit": "mg/dL"}, "not plausible"),
    ],
    ids=str,
)
def test_a_value_or_unit_that_is_not_clear_is_a_doubt(read: ReadRecord, quantity: object, why: str) -> None:
    baby = read(record(bilirubin=[measured(TSB, 0, valueQuantity=quantity)]))
    assert why in doubt_of(baby, "tsb")


@pytest.mark.parametrize("limit", [0.1, 60])
def test_the_ends_of_the_plausible_range_are_plausible(read: ReadRecord, limit: float) -> None:
    assert value_of(read(record(bilirubin=[measured(TSB, limit, "mg/dL")])), "tsb") == limit


def test_a_number_written_as_text_is_a_doubt(read: ReadRecord) -> None:
    assert "text without a unit" in doubt_of(read(record(bilirubin=[said(TSB, "18.1 mg/dL")])), "tsb")


def test_a_bare_integer_is_a_doubt(read: ReadRecord) -> None:
    bare = measured(TSB, 0, valueQuantity=None, valueInteger=18)
    assert "text without a unit" in doubt_of(read(record(bilirubin=[bare])), "tsb")


def test_a_known_code_counts_beside_words_that_are_not_known(read: ReadRecord) -> None:
    quantity = {"value": 18.1, "unit": "milligrams per deciliter", "system": UCUM, "code": "mg/dL"}
    assert value_of(read(record(bilirubin=[measured(TSB, 0, valueQuantity=quantity)])), "tsb") == 18.1


def test_a_known_word_counts_beside_a_code_of_another_system(read: ReadRecord) -> None:
    quantity = {"value": 18.1, "unit": "mg/dL", "system": "http://hospital.example/units", "code": "17"}
    assert value_of(read(record(bilirubin=[measured(TSB, 0, valueQuantity=quantity)])), "tsb") == 18.1


def test_a_unit_of_another_quantity_is_never_borrowed(read: ReadRecord) -> None:
    baby = read(record(laboratory=[measured(PLATELETS, 25, "mg/dL")]))
    assert "unit that is not known" in doubt_of(baby, "platelets")


def test_an_unreadable_latest_value_is_not_replaced_by_an_older_one(read: ReadRecord) -> None:
    older = measured(TSB, 18.1, "mg/dL", ago="3 h")
    latest = measured(TSB, 310, "mg/L")
    assert "unit that is not known" in doubt_of(read(record(bilirubin=[latest, older])), "tsb")


def test_an_observation_without_any_value_does_not_hide_the_one_before(read: ReadRecord) -> None:
    older = measured(TSB, 18.1, "mg/dL", ago="3 h")
    empty = measured(TSB, 0, valueQuantity=None, dataAbsentReason={"text": "clotted"})
    assert value_of(read(record(bilirubin=[empty, older])), "tsb") == 18.1


@pytest.mark.parametrize(("value", "unit"), [(18.1, "mg/dL"), (309.51, "umol/L"), (0.30951, "mmol/L")])
def test_one_bilirubin_in_three_units_is_one_value(read: ReadRecord, value: float, unit: str) -> None:
    fact = read(record(bilirubin=[measured(TSB, value, unit)])).known("tsb")
    assert fact is not None
    assert str(fact.quantity.low * fact.quantity.unit.factor).rstrip("0") == "309.51"
