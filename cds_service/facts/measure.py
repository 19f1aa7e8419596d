"""Reads one measured fact from Observations: the latest usable value by collection time, or a doubt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from cds_service.facts.fact import Doubt, Fact, Missing, Quantity, Reported
from cds_service.facts.moments import BEFORE_ALL, HOUR, Span, length, parse
from cds_service.fhir.read import Json, as_dict, as_text, collected, label, words
from cds_service.knowledge.shapes import FactSpec, Unit

FINAL = frozenset({"final", "amended", "corrected"})
CORRECTED = frozenset({"amended", "corrected"})
FUTURE = "dated in the future"
NO_RESULT = frozenset({"cancelled", "entered-in-error", "registered"})
UCUM = "http://unitsofmeasure.org"
WEEKS = r"w(?:(?:ee)?ks?)?"
WEEKS_DAYS = re.compile(
    rf"(\d{{2}})(?:\s*{WEEKS})?(?:,|\s+and)?"
    rf"(?:(?:\s*[+/]\s*|\s+|(?<=[a-z])\s*)([0-6])(?:\s*/\s*7(?:\s*{WEEKS})?)?(?:\s*d(?:ays?)?)?)?(?:\s*/\s*40)?"
)
COMPARATORS = ("", "<", "<=", ">", ">=")
# Two results of one moment in different units agree within the last printed digit: 0.1 of 10 mg/dL (own choice).
SAME_IN_OTHER_UNIT = Decimal("0.01")
SHOWN = 3  # values set aside that are named

SetAside = list[tuple[str, str]]  # why a result is not used, and what it says
Dated = tuple[Span | None, str, Json]  # collection time, status, Observation


@dataclass(slots=True)
class Reading:
    """One result. `problem` says why it cannot be used, where it cannot."""

    status: str
    at: Span | None
    value: Quantity | None
    reported: Reported | None
    source: str
    issued: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Measuring:
    """Reads Observations into one fact, at one moment, in one time zone."""

    spellings: Mapping[tuple[str, str], Unit]
    aliases: Mapping[str, str]
    as_of: datetime
    zone: tzinfo
    birth: Span | None

    def fact(
        self, spec: FactSpec, resources: list[Json], remarks: list[str], history: timedelta
    ) -> tuple[Fact | Doubt | None, list[Fact]]:
        """The fact (None: nothing on record), and the usable values from it back to `history` before, oldest first."""
        if not resources:
            return None, []
        readings, set_aside = self._usable(spec, resources, history)
        none_left = said_of(spec, set_aside, remarks)
        if not readings:
            return none_left, []
        latest = readings[0]
        if spec.constant and any(
            one.value and latest.value and not _agree(one.value, latest.value) for one in readings
        ):
            remarks.append(f"different values of {spec.title} are on record: the latest is used")
        series = [self._fact(spec, one) for one in reversed(readings) if not one.problem]
        if latest.problem:
            return Doubt(spec.name, Missing.UNUSABLE, f"the latest {spec.title} {latest.problem}", (spec.name,)), series
        if why := self._too_vague_or_old(spec, latest):
            return Doubt(spec.name, Missing.UNUSABLE, why, (spec.name,)), series
        return series[-1], series

    def _too_vague_or_old(self, spec: FactSpec, latest: Reading) -> str:
        at = latest.at
        if at is None:
            return ""
        if spec.time == "minute" and not at.exact:
            return f"the collection time of the latest {spec.title} is known only to the day"
        if spec.window and self.as_of - at.early > length(spec.window):
            age = (self.as_of - at.early) // HOUR
            shown = f"{latest.reported}, " if latest.reported else ""
            limit = f"{spec.window.value} {spec.window.unit.name}"
            return f"the latest {spec.title} is stale: {shown}{age} h old, limit {limit}"
        return ""

    def _usable(self, spec: FactSpec, resources: list[Json], history: timedelta) -> tuple[list[Reading], SetAside]:
        """One reading a collection time, latest first; and why others may not be used.

        Values are read from the latest back, and no further than `history` before it: most are never needed.
        """
        set_aside: SetAside = []
        dated = self.dated(spec, resources, set_aside)
        kept: list[Reading] = []
        for at, status, resource in sorted(dated, key=_when, reverse=True):
            if kept and at and kept[0].at and at != kept[-1].at and kept[0].at.late - at.late > history:
                break
            value, reported, problem = self._value(spec, resource)
            if value is None and not problem:
                set_aside.append(("without a value", ""))
                continue
            issued = as_text(resource.get("issued"))
            one = Reading(status, at, value, reported, label(resource), issued, problem)
            if kept and kept[-1].at == at:
                kept[-1] = self._better(spec, kept[-1], one)
            else:
                kept.append(one)
        return kept, set_aside

    def dated(self, spec: FactSpec, resources: list[Json], set_aside: SetAside) -> list[Dated]:
        """The results that count, with their collection times; to `set_aside` is added why others do not."""
        found: list[Dated] = []
        for resource in resources:
            status = as_text(resource.get("status"))
            if status in NO_RESULT:
                continue
            when = collected(resource)
            at = self.birth if spec.at_birth and self.birth else parse(when, self.zone) if when else None
            if status not in FINAL and status != "preliminary":
                set_aside.append(("with a status that is not known", _as_sent(resource)))
            elif at is None and spec.time != "any":
                set_aside.append(("without a collection time", _as_sent(resource)))
            elif at and at.early > self.as_of:
                set_aside.append((FUTURE, _as_sent(resource)))
            else:
                found.append((at, status, resource))
        return found

    def _value(self, spec: FactSpec, resource: Json) -> tuple[Quantity | None, Reported | None, str]:
        quantity = resource.get("valueQuantity")
        if quantity is None:
            return self._other_value(spec, resource)
        if not isinstance(quantity, dict):
            return None, None, "is not a quantity"
        number = _number(quantity.get("value"))
        if number is None:
            return None, None, "is not a finite number"
        comparator = quantity.get("comparator") or ""
        if comparator not in COMPARATORS:
            return None, None, "is given with a comparator that is not known"
        unit, said = self._unit(spec, quantity)
        if unit is None:
            disagree = said == "?"
            unknown = f"has a unit that is not known ({said or 'none'})"
            return None, None, "has two units that disagree" if disagree else unknown
        return self._judge(spec, Quantity(number, number, unit, (), comparator), Reported(number, said))

    def _other_value(self, spec: FactSpec, resource: Json) -> tuple[Quantity | None, Reported | None, str]:
        """No quantity: weeks and days in words, or a form that is not read."""
        text = resource.get("valueString")
        if isinstance(text, str) and text and spec.unit and spec.unit.name == "wk":
            match = WEEKS_DAYS.fullmatch(text.strip().lower())
            if not match:
                return None, None, "is text that is not read as weeks and days"
            days = Decimal(int(match[1]) * 7 + int(match[2] or 0))
            value = Quantity(days, days, self.spellings["time", "d"])
            return self._judge(spec, value, Reported(None, "", text.strip()))
        form = next((key for key, value in resource.items() if key.startswith("value") and value is not None), "")
        if form in ("valueString", "valueInteger"):
            return None, None, "is text without a unit"
        return None, None, "is given in a form that is not read" if form else ""

    def _unit(self, spec: FactSpec, quantity: Json) -> tuple[Unit | None, str]:
        """The unit by UCUM code or by spelling. `("?")` where code and spelling say different units."""
        assert spec.unit is not None
        kind = spec.unit.quantity
        code, text = as_text(quantity.get("code")).strip(), as_text(quantity.get("unit")).strip()
        by_code = self.spellings.get((kind, code)) if code else None
        by_text = self.spellings.get((kind, text))  # a ratio may come without a unit: the empty spelling
        if by_code and by_text and by_code.factor != by_text.factor:
            return None, "?"
        if by_code:
            return by_code, text or code
        system = as_text(quantity.get("system"))
        if code and self.aliases.get(system, system) == UCUM:
            return None, code
        return by_text, text or code

    def _judge(
        self, spec: FactSpec, value: Quantity, reported: Reported
    ) -> tuple[Quantity | None, Reported | None, str]:
        """Plausible or not. A result above or below a limit becomes the range from there to what is plausible."""
        assert spec.unit is not None
        if spec.plausible is None:
            return value, reported, ""
        low, high = (limit * spec.unit.factor for limit in spec.plausible)
        number, unit, comparator = value.low, value.unit, value.comparator
        base = number * unit.factor
        if base > high or (base < low and comparator not in ("<", "<=")):
            return None, reported, "is not plausible for a newborn: check value and unit"
        if comparator in ("<", "<="):
            value = Quantity(Decimal(0), number, unit, (spec.name,), comparator)
        elif comparator:
            value = Quantity(number, high / unit.factor, unit, (spec.name,), comparator)
        return value, reported, ""

    def _fact(self, spec: FactSpec, one: Reading) -> Fact:
        assert one.value is not None
        remark = "preliminary" if one.status == "preliminary" else ""
        return Fact(spec.name, one.value, one.at, one.source, one.reported, remark)

    def _better(self, spec: FactSpec, old: Reading, new: Reading) -> Reading:
        """Of two results for one time: final before preliminary, corrected before final, later issued."""
        ranks = [self._rank(one) for one in (old, new)]
        if ranks[0] != ranks[1]:
            return old if ranks[0] > ranks[1] else new
        if old.problem or new.problem or old.value is None or new.value is None:
            return old if old.problem else new
        if not _agree(old.value, new.value):
            problem = "has two results for one collection time that disagree"
            return Reading(new.status, new.at, None, None, new.source, new.issued, problem)
        return old if old.value.unit is spec.unit or new.value.unit is not spec.unit else new

    def _rank(self, one: Reading) -> tuple[bool, bool, datetime]:
        issued = parse(one.issued, self.zone) if one.issued else None
        return one.status in FINAL, one.status in CORRECTED, issued.late if issued else BEFORE_ALL


def said_of(spec: FactSpec, set_aside: SetAside, remarks: list[str]) -> Doubt | None:
    """Says on the card what was set aside, with its value: it may be the one that matters. And gives the doubt that
    holds where nothing else is on record: a result that lies ahead does not exist yet; any other that cannot be used
    is not the same as none."""
    if not set_aside:
        return None
    reasons = dict.fromkeys(why for why, _ in set_aside)
    for why in reasons:
        values = [shown for reason, shown in set_aside if reason == why and shown]
        more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
        shown = f" ({', '.join(values[:SHOWN])}{more})" if values else ""
        remarks.append(f"a result of {spec.title}{shown} {why}: set aside")
    why = next((f"{spec.title} on record, but {why}" for why in reasons if why != FUTURE), "")
    return Doubt(spec.name, Missing.UNUSABLE, why, (spec.name,)) if why else None


def _as_sent(resource: Json) -> str:
    """`24 mg/dL`, as the record has it."""
    quantity = as_dict(resource.get("valueQuantity"))
    if isinstance(number := quantity.get("value"), int | float):
        return f"{as_text(quantity.get('comparator'))}{number} {as_text(quantity.get('unit'))}".strip()
    return as_text(resource.get("valueString")) or words(resource.get("valueCodeableConcept"))


def _when(one: Dated) -> tuple[datetime, datetime]:
    at = one[0]
    return (at.late, at.early) if at else (BEFORE_ALL, BEFORE_ALL)


def _number(value: Any) -> Decimal | None:
    """A finite JSON number (never a string: `"19"` is not a quantity) as the decimal it was written as."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = Decimal(repr(value))
    return number if number.is_finite() else None


def _agree(one: Quantity, other: Quantity) -> bool:
    if one.comparator != other.comparator:
        return False
    if one.unit.factor == other.unit.factor:
        return one.low == other.low
    first, second = one.low * one.unit.factor, other.low * other.unit.factor
    return abs(first - second) <= SAME_IN_OTHER_UNIT * first
