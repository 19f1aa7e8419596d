"""Slips in a dose: each is found with both its readings, and what only lies near one is not taken for it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import Json
from tests.dosing.orders import G_KG, MG, MG_KG, ML, G, dose, facts, order, quantity, remark, setting, value, why

LONGEST = 75


@pytest.mark.parametrize(
    ("kg", "draft", "slip", "readings"),
    [
        ("3.4", order(dose(3.4, MG)), "milligrams", "3.4 mg is 0.0034 g, 0.001 g/kg; 3.4 g would be 1 g/kg"),
        ("3.4", order(dose(3400, G)), "milligrams", "3400 g is 1000 g/kg; 3.4 g would be 1 g/kg"),
        ("3.4", order(dose(1, MG_KG)), "milligrams", "1 mg/kg is 0.0034 g, 0.001 g/kg; 3.4 g would be 1 g/kg"),
        ("3.4", order(dose(50, G_KG)), "milligrams", "50 g/kg is 170 g; 0.17 g would be 0.05 g/kg"),
        ("3.4", order(dose(34, G)), "tenfold", "34 g is 10 g/kg; 3.4 g would be 1 g/kg"),
        ("3.4", order(dose(17, G)), "tenfold", "17 g is 5 g/kg; 1.7 g would be 0.5 g/kg"),
        ("3.4", order(dose(0.34, G)), "tenfold", "0.34 g is 0.1 g/kg; 3.4 g would be 1 g/kg"),
        ("3.4", order(dose(0.17, G)), "tenfold", "0.17 g is 0.05 g/kg; 1.7 g would be 0.5 g/kg"),
        (
            "3.4",
            order(dose(7.48, G)),
            "pounds",
            "7.48 g is 2.2 g/kg; 3.4 g would be 1 g/kg",
        ),
        (
            "3.4",
            order(dose(0.61, G)),
            "pounds",
            "0.61 g is 0.18 g/kg; 1.36 g would be 0.4 g/kg",
        ),
        (
            "3.4",
            order(dose(1.3, G, "calculated"), dose(0.5, G_KG, "ordered")),
            "pounds",
            "1.3 g is 0.38 g/kg; 1.7 g would be 0.5 g/kg, for 3.4 kg, not 2.6 kg",
        ),
        ("3.4", order(dose(3.4, ML)), "milliliters", "3.4 mL is 0.34 g, 0.1 g/kg; 3.4 g would be 1 g/kg"),
        ("3.4", order(dose(1.7, ML)), "milliliters", "1.7 mL is 0.17 g, 0.05 g/kg; 1.7 g would be 0.5 g/kg"),
        (
            "3.4",
            order(dose(3.4, G), dose(3.4, ML)),
            "milliliters",
            "3.4 g would be 34 mL; 3.4 mL is 0.34 g of 10 %",
        ),
        (
            "3.4",
            order(dose(3.4, G), dose(68, ML)),
            "strength",
            "68 mL is 6.8 g of 10 %, but 3.4 g of 5 %",
        ),
        ("3.4", order(dose(68, ML)), "strength", "68 mL is 6.8 g of 10 %, but 3.4 g of 5 %"),
        ("3.4", order(dose(1, G)), "total", "1 g is 0.29 g/kg; 3.4 g would be 1 g/kg"),
        ("0.9", order(dose(1, G)), "total", "1 g is 1.11 g/kg; 0.9 g would be 1 g/kg"),
        ("2.5", order(dose(0.5, G)), "total", "0.5 g is 0.2 g/kg; 1.25 g would be 0.5 g/kg"),
        ("3.4", order(dose(0.8, G), text="0.8 g/kg IV"), "total", "0.8 g is 0.24 g/kg; 2.72 g would be 0.8 g/kg"),
    ],
    ids=str,
)
def test_a_slip_is_named_with_both_its_readings(
    demo: Knowledge, kg: str, draft: Json, slip: str, readings: str
) -> None:
    found = facts(demo, draft, setting(demo, kg))
    assert value(found, "order_signature") == slip
    assert remark(found, "order_signature") == readings
    assert len(readings) <= LONGEST  # it stands in the summary of a card


@pytest.mark.parametrize(
    ("kg", "draft"),
    [
        ("3.4", order(dose(3.4, G))),
        ("3.4", order(dose(3.5, G))),  # rounded: 1.03 g/kg
        ("3.4", order(dose(1.7, G))),
        ("3.4", order(dose(3400, MG))),
        ("3.4", order(dose(34, ML))),
        ("3.4", order(dose(160, G))),  # 47 g/kg: near a thousandfold
        ("3.4", order(dose(0.0204, G))),  # 0.006 g/kg
        ("3.4", order(dose(10, G))),  # 2.9 g/kg
        ("3.4", order(dose(42, G))),  # 12.4 g/kg
        ("3.4", order(dose(0.45, G))),  # 0.13 g/kg
        ("3.4", order(dose(0.1, G))),  # 0.03 g/kg
        ("3.4", order(dose(7.0, G))),  # 2.06 g/kg
        ("3.4", order(dose(8.0, G))),  # 2.35 g/kg
        ("3.4", order(dose(0.7, G))),  # 0.21 g/kg, half of the least
        ("3.4", order(dose(1.25, G, "calculated"), dose(0.4, G_KG, "ordered"))),  # 8 % less weight
        ("3.4", order(dose(3.0, G, "calculated"), dose(1, G_KG, "ordered"))),  # 12 % less, but a usual dose
        ("3.4", order(dose(3.4, G), dose(35, ML))),  # 3 % apart
        ("3.4", order(dose(1.7, G), dose(34, ML))),  # both readings are usual doses
        ("3.4", order(dose(15, ML))),  # 0.44 g/kg
        ("3.4", order(dose(0.9, G))),  # 0.26 g/kg, and 0.9 g/kg is no dose that is asked for
        ("1.0", order(dose(1, G))),
        ("1.2", order(dose(0.5, G))),  # 0.42 g/kg: below usual, not questioned
    ],
    ids=str,
)
def test_what_only_lies_near_a_slip_is_none(demo: Knowledge, kg: str, draft: Json) -> None:
    assert value(facts(demo, draft, setting(demo, kg)), "order_signature") == "none"


@pytest.mark.parametrize(
    ("draft", "slip"),
    [
        (order(dose(68, ML)), "none"),
        (order(dose(34, ML)), "none"),
        (order(dose(12, ML)), "strength"),  # 0.6 g for 2.4 kg; of 10 % 1.2 g
        (order(dose(6.8, G), dose(68, ML)), "strength"),
        (order(dose(3.4, G), dose(34, ML)), "none"),  # both readings are usual doses: only the entries disagree
        (order(dose(3.4, G), dose(68, ML)), "none"),
    ],
    ids=str,
)
def test_of_a_5_percent_product_the_other_strength_is_10_percent(demo: Knowledge, draft: Json, slip: str) -> None:
    weak = {"product": None, "strength": Decimal("0.05")}
    kg = "2.4" if draft["dosageInstruction"][0]["doseAndRate"][0] == dose(12, ML) else "3.4"
    assert value(facts(demo, draft, setting(demo, kg, **weak)), "order_signature") == slip


def test_one_figure_for_grams_and_milliliters_needs_no_strength(demo: Knowledge) -> None:
    found = facts(demo, order(dose(3.4, G), dose(3.4, ML)), setting(demo, product=None))
    assert value(found, "order_signature") == "milliliters"
    assert remark(found, "order_signature") == "3.4 g and 3.4 mL are one figure in two units"


def test_a_weight_in_pounds_shows_in_the_weight_of_the_order(demo: Knowledge) -> None:
    draft = order(dose(7.5, G, "calculated"), dose(1, G_KG, "ordered"))
    found = facts(demo, draft)
    assert value(found, "order_weight_share") == 2.2059
    assert value(found, "order_signature") == "pounds"


def test_without_a_usual_dose_only_what_shows_without_one_is_found(demo: Knowledge) -> None:
    where = setting(demo, indication="sepsis")
    assert value(facts(demo, order(dose(3.4, MG)), where), "order_signature") == "milligrams"
    found = facts(demo, order(dose(34, G)), where)
    assert value(found, "order_signature") == "none"
    assert "No usual dose is known" in remark(found, "order_signature")


def test_a_guideline_dose_stands_in_where_no_dose_is_usual(demo: Knowledge) -> None:
    nice = demo.guidance["hdn", "nice_cg98"].doses["ivig"]
    where = setting(demo, indication="sepsis", dose=nice)
    assert value(facts(demo, order(dose(17, G)), where), "order_signature") == "tenfold"


def test_a_slip_shows_without_a_weight_where_the_order_is_per_kilogram(demo: Knowledge) -> None:
    found = facts(demo, order(dose(10, G_KG)), setting(demo, None))
    assert value(found, "order_signature") == "tenfold"
    assert remark(found, "order_signature") == "the order says 10 g/kg; 1 g/kg would be usual"


def test_of_a_range_the_end_outside_the_usual_range_is_looked_at(demo: Knowledge) -> None:
    wide = {"doseRange": {"low": quantity(5, G_KG), "high": quantity(10, G_KG)}}
    assert value(facts(demo, order(wide)), "order_signature") == "tenfold"


@pytest.mark.parametrize(
    ("draft", "where", "reason"),
    [
        (order(dose(34, G)), {"kg": None}, "no measured weight"),
        (order(dose(34, ML)), {"product": None}, "strength of its product is not known"),
        (order(dose(34, G)), {"indication": ""}, "no usual dose is known"),
        (order(), {}, "the dose is not known"),
    ],
    ids=str,
)
def test_a_slip_that_cannot_be_looked_for_is_a_doubt(
    demo: Knowledge, draft: Json, where: dict[str, str], reason: str
) -> None:
    assert reason in why(facts(demo, draft, setting(demo, **where)), "order_signature")
