"""Reads what an order says in figures: amounts in g, mg, g/kg, mL and the like, rates, and lengths of time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from cds_service.facts.fact import Quantity
from cds_service.fhir.read import Json, as_dict, as_text
from cds_service.knowledge.shapes import Unit

Spellings = Mapping[tuple[str, str], Unit]

# The quantities that a dose may be stated in; each has its units and their spellings in units.csv.
KINDS = ("dose_mass", "dose", "volume", "volume_per_kg")
UCUM = frozenset({"http://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8"})
CONTRADICTORY = "is in two units that disagree"
NO_NUMBER = "is not a number that a dose can be"
NO_UNIT = "has a unit that is not known"
ANNOTATION = re.compile(r"\{[^}]*\}")
PER_DOSE = re.compile(r"(?:/|\s+per\s+)(?:dose|day|d|24\s*h(?:ours?|rs?)?)$")
# Grains ("gr") and micrograms are left out on purpose: a dose of IVIG is in neither, and either would be a slip.
LONGEST_UNIT = 20  # characters of a unit that are shown
READABLE_UNIT = 80  # characters; no spelling of a unit is nearly as long
SMALLEST, LARGEST = Decimal("0.000001"), Decimal(10_000_000)
WORDS = {
    **dict.fromkeys(("g", "gm", "gms", "gram", "grams", "gramme", "grammes"), "g"),
    **dict.fromkeys(("mg", "mgs", "milligram", "milligrams"), "mg"),
    **dict.fromkeys(("ml", "mls", "cc", "milliliter", "milliliters", "millilitre", "millilitres"), "mL"),
    **dict.fromkeys(("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms"), "kg"),
}
MINUTES = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), Decimal(1) / 60),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), Decimal(1)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), Decimal(60)),
    **dict.fromkeys(("d", "day", "days"), Decimal(1440)),
    **dict.fromkeys(("wk", "wks", "week", "weeks"), Decimal(10080)),
    **dict.fromkeys(("mo", "month", "months"), Decimal(43200)),  # 30 days
    **dict.fromkeys(("a", "year", "years"), Decimal(525600)),  # 365 days
}


class Rate(NamedTuple):
    """An amount in one minute, and how it was said."""

    per_minute: Quantity
    said: str


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """The usual spelling of a unit: g, mg, mL, kg, alone or with a slash.

    >>> plain("grams per kilogram"), plain("GM/KG/dose"), plain("mL{total}"), plain("mcg")
    ('g/kg', 'g/kg', 'mL', 'mcg')
    """
    words = PER_DOSE.sub("", ANNOTATION.sub("", text).strip().lower())
    parts = [part.strip().rstrip(".") for part in re.split(r"/|\bper\b", words)]
    return "/".join(WORDS.get(part, part) for part in parts)


def unit_of(text: str, spellings: Spellings) -> Unit | None:
    """The unit that a code or a spelling names; None where it is none that a dose may be stated in."""
    if not text or len(text) > READABLE_UNIT:
        return None
    for spelling in (text, plain(text)):
        for kind in KINDS:
            if found := spellings.get((kind, spelling)):
                return found
    return None


def amount(raw: object, spellings: Spellings) -> tuple[Quantity | None, str, str]:
    """A FHIR Quantity: the amount, how it was said, and what keeps it from being read.

    The unit is read by code and by spelling. Where both are known, they must agree; a UCUM code that is not known is
    not overruled by a spelling that is.
    """
    quantity = as_dict(raw)
    code, text = as_text(quantity.get("code")).strip(), as_text(quantity.get("unit")).strip()
    value = number(quantity.get("value"))
    said = f"{'' if value is None else f'{value:.8g}'} {(text or code)[:LONGEST_UNIT]}".strip()
    if value is None or value <= 0 or quantity.get("comparator"):
        return None, said or "a dose", NO_NUMBER
    by_code, by_text = unit_of(code, spellings), unit_of(text, spellings)
    foreign = code != "" and by_code is None and as_text(quantity.get("system")) in UCUM
    if (by_code and by_text and by_code != by_text) or (foreign and by_text):
        return None, f"{said}, by its code {code[:LONGEST_UNIT]},", CONTRADICTORY
    unit = by_code or (None if foreign else by_text)
    return (None, said, NO_UNIT) if unit is None else (Quantity(value, value, unit), said, "")


def between(raw: object, spellings: Spellings) -> tuple[Quantity | None, str, str]:
    """A FHIR Range, as one quantity from its low to its high; one end alone counts as both."""
    ends = [amount(end, spellings) for key in ("low", "high") if (end := as_dict(raw).get(key))]
    for _, said, problem in ends:
        if problem:
            return None, said, problem
    found = [one for one, _, _ in ends if one]
    if not found or found[0].unit.quantity != found[-1].unit.quantity:
        return None, "", CONTRADICTORY if found else NO_NUMBER
    first, last = found[0], found[-1].to(found[0].unit)
    said = " to ".join(text for _, text, _ in ends)
    return Quantity(min(first.low, last.low), max(first.low, last.low), first.unit), said, ""


def rate(raw: object, spellings: Spellings) -> Rate | None:
    """A FHIR Quantity whose unit is an amount in a time: `mL/h`, `mg/kg/min`."""
    quantity = as_dict(raw)
    value = number(quantity.get("value"))
    names = [name for key in ("code", "unit") if (name := as_text(quantity.get(key)).strip())]
    read = [found for name in names if (found := _rate_unit(name, spellings))]
    if value is None or value <= 0 or not read or any(one != read[0] for one in read):
        return None
    return of_rate(value, value, *read[0], f"{value:.8g} {names[-1][:LONGEST_UNIT]}")


def ratio(raw: object, spellings: Spellings) -> Rate | None:
    """A FHIR Ratio of an amount to a time: 34 mL in 4 h."""
    top, below = as_dict(as_dict(raw).get("numerator")), as_dict(as_dict(raw).get("denominator"))
    found, said, _ = amount(top, spellings)
    minutes = in_minutes(below.get("value", 1), as_text(below.get("code")) or as_text(below.get("unit")))
    if found is None or not minutes:
        return None
    time = f"{below.get('value', 1)} {as_text(below.get('unit')) or as_text(below.get('code'))}"
    return of_rate(found.low, found.low, found.unit, minutes, f"{said} in {time}")


def of_rate(low: Decimal, high: Decimal, unit: Unit, minutes: Decimal, said: str) -> Rate:
    return Rate(Quantity(low / minutes, high / minutes, unit), said)


def _rate_unit(text: str, spellings: Spellings) -> tuple[Unit, Decimal] | None:
    """The unit of the amount, and the minutes of the time: `mL/h` is mL in 60."""
    if len(text) > READABLE_UNIT:
        return None
    head, slash, time = re.sub(r"\bper\b", "/", ANNOTATION.sub("", text.lower())).rpartition("/")
    minutes, unit = MINUTES.get(time.strip().rstrip(".")), unit_of(head.strip(), spellings)
    return (unit, minutes) if slash and unit and minutes else None


def in_minutes(value: Any, unit: str) -> Decimal | None:
    """A length of time in minutes; None where it is none.

    >>> in_minutes(1.5, "h"), in_minutes(90, "min"), in_minutes(1, "fortnight")
    (Decimal('90.0'), Decimal('90'), None)
    """
    found, minutes = number(value), MINUTES.get(unit.strip().lower())
    return found * minutes if found is not None and found > 0 and minutes else None


def number(value: Any) -> Decimal | None:
    """A JSON number as the decimal that it was written as; none that no order can mean, such as 1e300."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    found = Decimal(repr(value))
    return found if found.is_finite() and sane(found) else None


def sane(value: Decimal) -> bool:
    """Whether it can be computed with and shown: a millionth to ten million, or 0."""
    return not value or SMALLEST <= abs(value) <= LARGEST


def quantity_of(resource: Json, spellings: Spellings) -> Quantity | None:
    """The dose of an administration, `dosage.dose`, or of an immunization, `doseQuantity`."""
    return amount(as_dict(resource.get("dosage")).get("dose") or resource.get("doseQuantity"), spellings)[0]
