"""Amounts in extensions are named, and never taken for the dose."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.facts.hidden import hidden
from cds_service.facts.order import stated_order
from cds_service.fhir.read import Json
from cds_service.knowledge.shapes import Knowledge

GRAMS = {"value": 1.7, "unit": "g"}
SAID = "1.7 g, in an extension that is not read"


def extended(**value: Any) -> Json:
    return {"extension": [{"url": "https://ehr.example/dose", **value}]}


@pytest.mark.parametrize(
    "order",
    [
        extended(valueQuantity=GRAMS),
        {"modifierExtension": {"valueQuantity": GRAMS}},
        {"dosageInstruction": extended(valueQuantity=GRAMS)},
        {"dosageInstruction": [{"doseAndRate": [{"_type": extended(valueQuantity=GRAMS)}]}]},
        {"extension": [{"url": "https://ehr.example/order", **extended(valueQuantity=GRAMS)}]},
        {"extension": [extended(valueQuantity=GRAMS)["extension"][0]] * 3},
    ],
    ids=["of the order", "modifier, an object", "of a dosage", "of a primitive", "nested", "three times"],
)
def test_an_amount_in_an_extension_is_named_once(demo: Knowledge, order: Json) -> None:
    assert hidden(order, demo.spellings) == [SAID]
    stated = stated_order(order, demo.spellings)
    assert stated.doses == ()
    assert stated.unread == (SAID,)


def test_a_range_is_named_by_both_ends(demo: Knowledge) -> None:
    order = extended(valueRange={"low": {"value": 0.5, "unit": "g/kg"}, "high": {"value": 1, "unit": "g/kg"}})
    assert hidden(order, demo.spellings) == ["0.5 g/kg to 1 g/kg, in an extension that is not read"]


@pytest.mark.parametrize(
    "order",
    [
        {},
        extended(valueQuantity={"value": 3, "unit": "h"}),
        extended(valueQuantity={"value": "1.7", "unit": "g"}),
        extended(valueString="1.7 g"),
        {"extension": [None, 5, "x", []]},
        {"contained": [extended(valueQuantity=GRAMS)]},
        {"dispenseRequest": extended(valueQuantity=GRAMS)},
        {"valueQuantity": GRAMS},
    ],
    ids=str,
)
def test_what_is_no_amount_of_the_order_is_passed_over(demo: Knowledge, order: Json) -> None:
    assert hidden(order, demo.spellings) == []


def test_beside_a_coded_dose_extensions_say_nothing_more(demo: Knowledge) -> None:
    order = {"dosageInstruction": [{"doseAndRate": [{"doseQuantity": GRAMS}], **extended(valueQuantity=GRAMS)}]}
    assert stated_order(order, demo.spellings).unread == ()
