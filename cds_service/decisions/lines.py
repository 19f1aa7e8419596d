"""Where a value stands against the lines that a guideline watches, and when it would cross them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cds_service.decisions.decide import Answer
from cds_service.decisions.limits import at_hour, columns, limit
from cds_service.facts.fact import Fact, Quantity
from cds_service.knowledge.shapes import Number, Table

HORIZON_HOURS = 72


@dataclass(slots=True)
class Line:
    """One line at one gestation. `distance` is line minus value, in the line's unit; None where either is a range."""

    number: Number
    weeks: int
    assumed: bool
    value: Quantity
    distance: Decimal | None


def lines(answer: Answer) -> list[Line]:
    """The watched lines at the baby's gestation; at the ends of the table where the gestation is not known."""
    watch = answer.guidance.watch
    if watch is None:
        return []
    baby = answer.judge.baby
    value = baby.known(watch.fact)
    found = []
    for number in watch.lines:
        assert number.table is not None
        known = _weeks(number.table, baby.known(number.gestation))
        assumed = known is None
        for week in number.table.show_at if known is None else (known,):
            line = limit(number, baby, week) if assumed else answer.judge.limit(number)
            if isinstance(line, Quantity):
                found.append(Line(number, week, assumed, line, _distance(line, value)))
    return found


def _weeks(table: Table, gestation: Fact | None) -> int | None:
    """The completed weeks to read the table at; None where they may be of several columns."""
    if gestation is None:
        return None
    low = int(gestation.quantity.low)
    # The last column stands for every later week: `>= 38 weeks` is as good as 38 there.
    return low if gestation.quantity.exact or low >= table.gestations[-1] else None


def _distance(line: Quantity, value: Fact | None) -> Decimal | None:
    if value is None or not line.exact or not value.quantity.exact:
        return None
    return line.low - value.quantity.to(line.unit).low


@dataclass(slots=True)
class Crossing:
    """When the value would reach the line at its present rate of rise: `hours` after `drawn`."""

    number: Number
    rate: Fact
    hours: int
    at: datetime


def crossing(answer: Answer, number: Number) -> Crossing | None:
    """Walks forward hour by hour, the line rising with age; None where it is not crossed within 72 h or not known."""
    watch = answer.guidance.watch
    baby = answer.judge.baby
    if watch is None or number.table is None:
        return None
    value, rate = baby.known(watch.fact), baby.known(watch.rate)
    weeks, age = _weeks(number.table, baby.known(number.gestation)), baby.known(number.age)
    if value is None or value.at is None or rate is None or weeks is None or age is None:
        return None
    if not all(one.quantity.exact for one in (value, age)) or rate.quantity.low <= 0:
        return None
    return _walk(number, value, rate, weeks, int(age.quantity.low))


def _walk(number: Number, value: Fact, rate: Fact, weeks: int, age: int) -> Crossing | None:
    table = number.table
    assert table is not None
    assert value.at is not None
    points = columns(number, table, weeks, weeks)[0]
    if points is None:
        return None
    unit = number.unit
    start = value.quantity.to(unit).low
    per_hour = rate.quantity.low * rate.quantity.unit.factor / unit.factor
    for ahead in range(1, HORIZON_HOURS + 1):
        line = at_hour(table, points, age + ahead)
        if line is None:
            return None
        if start + per_hour * ahead >= line - number.minus:
            return Crossing(number, rate, ahead, value.at.early + timedelta(hours=ahead))
    return None
