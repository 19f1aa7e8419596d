"""The value of a limit for one baby: a constant, or a table cell at gestation and age, or a doubt."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from functools import cache

from cds_service.facts.fact import Baby, Doubt, Missing, Quantity
from cds_service.knowledge.shapes import Number, Table

LAST = Decimal("Infinity")  # sorts after every value of the same hour
Points = tuple[tuple[int, Decimal], ...]


def limit(number: Number, baby: Baby, weeks: int | None = None) -> Quantity | Doubt:
    """`weeks` overrides the gestation, to show a line where the baby's own is not known."""
    if number.table is None:
        return constant(number)
    because: tuple[str, ...] = ()
    first = last = weeks or 0
    if weeks is None:
        gestation = baby.facts[number.gestation]
        if isinstance(gestation, Doubt):
            # Any column of the table: a value above or below all of them needs no gestation to be told so.
            first, last = number.table.gestations[0], number.table.gestations[-1]
            because = gestation.needs
        else:
            first, last = int(gestation.quantity.low), int(gestation.quantity.high)
            because = gestation.quantity.because
    age = baby.facts[number.age]
    if isinstance(age, Doubt):
        return Doubt(number.name, age.missing, age.why, age.needs)
    hours = age.quantity
    low, high = None, None
    for points in columns(number, number.table, first, last):
        if points is None:
            why = f"the table has no column for {first} weeks"
            return Doubt(number.name, Missing.UNUSABLE, why, because or (number.gestation,))
        found = _between(number.table, points, int(hours.low), int(hours.high))
        if found is None:
            why = f"the table prints lines from {points[0][0]} to {points[-1][0]} h of age"
            return Doubt(number.name, Missing.UNUSABLE, why, hours.because or ("tsb",))
        low = found[0] if low is None else min(low, found[0])
        high = found[1] if high is None else max(high, found[1])
    assert low is not None
    assert high is not None
    if low == high:
        return Quantity(low - number.minus, high - number.minus, number.unit)
    return Quantity(low - number.minus, high - number.minus, number.unit, (*hours.because, *because))


@cache
def constant(number: Number) -> Quantity:
    """The value of a number that no table holds."""
    assert number.value is not None
    return Quantity(number.value, number.value, number.unit)


def columns(number: Number, table: Table, first: int, last: int) -> list[Points | None]:
    """The columns for these completed weeks; the last column stands for every later week."""
    cells, top = table.cells[number.column], table.gestations[-1]
    return [cells.get(week) for week in range(min(first, top), min(last, top) + 1)]


def _between(table: Table, points: Points, young: int, old: int) -> tuple[Decimal, Decimal] | None:
    """Lowest and highest threshold between two ages in completed hours; None outside the table."""
    first = at_hour(table, points, young)
    if young == old:
        return None if first is None else (first, first)
    last = at_hour(table, points, old)
    if first is None or last is None:
        return None
    inside = [value for hour, value in points if young < hour < old]
    values = [first, last, *inside]
    return min(values), max(values)


def at_hour(table: Table, points: Points, hour: int) -> Decimal | None:
    """The threshold at an age in completed hours; None before the first or after the last printed age.

    "step": the last printed age at or below. "line": a straight line between printed ages.
    """
    index = bisect_right(points, (hour, LAST)) - 1
    if index < 0:
        return None
    start, value = points[index]
    if index == len(points) - 1:
        return value if hour == start or table.level_after_last else None
    if table.between == "step":
        return value
    end, following = points[index + 1]
    return value + (following - value) * (hour - start) / (end - start)
