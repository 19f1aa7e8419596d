"""Hours and rates of an order, and their share of what the label allows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import Json
from tests.dosing.orders import ML, G, dose, facts, order, quantity, remark, setting, value, why


def rated(value: float, unit: str, *doses: Json) -> Json:
    return order(*(doses or (dose(3.4, G),)), {"rateQuantity": quantity(value, unit)})


@pytest.mark.parametrize(
    ("draft", "hours"),
    [
        (order(dose(3.4, G), timing={"duration": 4, "durationUnit": "h"}), 4),
        (order(dose(3.4, G), timing={"duration": 150, "durationUnit": "min"}), 2.5),
        (order(dose(3.4, G), timing={"boundsDuration": {"value": 4, "unit": "h"}}), 4),
        (order(dose(3.4, G), text="over 90 min"), 1.5),
        (order(dose(3.4, G), text="over 2-4 h"), 2),
        (order(dose(3.4, G), text="over 2 h", timing={"duration": 4, "durationUnit": "h"}), 4),
        (rated(8.5, "mL/h"), 4),
        (rated(8.5, "mL/h", dose(34, ML)), 4),
        (order(dose(3.4, G), text="at 8.5 mL/h"), 4),
    ],
    ids=str,
)
def test_hours_are_stated_or_follow_from_one_rate(demo: Knowledge, draft: Json, hours: float) -> None:
    assert value(facts(demo, draft), "order_hours") == hours


@pytest.mark.parametrize(
    ("draft", "rate"),
    [
        (rated(27.2, "mL/h"), 13.3333),
        (rated(4, "mg/kg/min"), 4),
        (rated(0.08, "mL/kg/min"), 8),
        (rated(4.8, "mL/kg/h"), 8),
        (rated(1.632, "g/h"), 8),
        (rated(0.48, "g/kg/h"), 8),
        (rated(16.32, "mL/hr"), 8),
        (rated(16.32, "mL/hour"), 8),
        (order(dose(3.4, G), text="start 1 mL/h, then 16.32 mL/h"), 8),
        (
            order(dose(3.4, G), {"rateRatio": {"numerator": quantity(34, "mL"), "denominator": quantity(125, "min")}}),
            8,
        ),
        (
            order(dose(3.4, G), {"rateRange": {"low": quantity(2, "mL/h"), "high": quantity(16.32, "mL/h")}}),
            8,
        ),
    ],
    ids=str,
)
def test_the_highest_rate_in_mg_per_kg_and_minute(demo: Knowledge, draft: Json, rate: float) -> None:
    found = facts(demo, draft)
    assert value(found, "order_rate") == rate
    assert value(found, "order_rate_share") == round(rate / 8, 4)


@pytest.mark.parametrize(("minutes", "share"), [(120, 0.6869), (174, 0.9961), (175, 1.0018), (240, 1.3739)])
def test_the_time_is_measured_by_the_shortest_that_the_label_allows(
    demo: Knowledge, minutes: int, share: float
) -> None:
    found = facts(demo, order(dose(3.4, G), timing={"duration": minutes, "durationUnit": "min"}))
    assert value(found, "order_time_share") == share


def test_hours_that_only_follow_from_a_rate_are_not_judged_twice(demo: Knowledge) -> None:
    found = facts(demo, rated(16.32, "mL/h"))
    assert value(found, "order_rate_share") == 1
    assert "its rate is judged" in why(found, "order_time_share")
    timed = facts(demo, order(dose(3.4, G), text="over 2 h"))
    assert "states no rate" in why(timed, "order_rate_share")


def test_several_rates_make_no_time(demo: Knowledge) -> None:
    found = facts(demo, order(dose(3.4, G), text="2 mL/h, then 8 mL/h"))
    assert "states no infusion time" in why(found, "order_hours")


@pytest.mark.parametrize(
    ("draft", "where", "name", "reason"),
    [
        (rated(8.5, "mL/h"), {"product": None}, "order_rate", "strength of its product is not known"),
        (rated(8.5, "mL/h"), {"kg": None}, "order_rate", "no measured weight"),
        (rated(4, "mg/kg/min"), {"product": "octagam_5"}, "order_rate_share", "rates of the product"),
        (order(dose(3.4, G), text="over 2 h"), {"product": "intratect_10"}, "order_time_share", "rates of the product"),
        (order(dose(3.4, G), text="over 2 h"), {"kg": None}, "order_time_share", "no measured weight"),
        (order(text="over 2 h"), {}, "order_time_share", "the dose is not known"),
        (order(dose(3.4, G)), {}, "order_hours", "states no infusion time"),
        (rated(4, "mg/kg/min"), {"product": None, "strength": Decimal("0.05")}, "order_rate_share", "rates of the"),
    ],
    ids=str,
)
def test_a_pace_that_cannot_be_judged_is_a_doubt(
    demo: Knowledge, draft: Json, where: dict[str, Any], name: str, reason: str
) -> None:
    assert reason in why(facts(demo, draft, setting(demo, **where)), name)


def test_an_order_without_a_product_is_judged_by_the_site_s_and_that_is_said(demo: Knowledge) -> None:
    found = facts(demo, order(dose(3.4, G), text="over 2 h"), setting(demo, product=None))
    assert value(found, "order_time_share") == 0.6869
    assert "(the order names no product)" in remark(found, "order_time_share")
