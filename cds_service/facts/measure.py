"""Reads one measured fact from Observations: the latest usable value by collection time, or a doubt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from cds_service.facts.fact import Doubt, Fact, Missing, Quantity, Reported
from cds_service.facts.moments import Span, parse
from cds_service.fhir.read import Json, as_dict, as_text, collected, label
from cds_service.knowledge.shapes import FactSpec, Unit

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
FINAL = frozenset({"final", "amended", "corrected"})
CORRECTED = frozenset({"amended", "corrected"})
UCUM = "http://unitsofmeasure.org"
WEEKS_DAYS = re.compile(r"^(\d{2})\s*(?:\+|w(?:ee)?ks?\s*\+?|w|/)?\s*(?:(\d)(?:\s*/\s*7)?\s*(?:d(?:ays?)?)?)?$")


@dataclass(frozen=True, slots=True)
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

    def fact(self, spec: FactSpec, resources: list[Json], remarks: list[str]) -> tuple[Fact | Doubt | None, list[Fact]]:
        """The fact (None: nothing on record) and its usable series, oldest first."""
        readings = self._usable([self.reading(spec, resource) for resource in resources], spec, remarks)
        if not readings:
            return (_no_time(spec), []) if self._undated(resources) else (None, [])
        readings.sort(key=lambda one: (one.at.late, one.at.early) if one.at else (BEFORE_ALL, BEFORE_ALL))
        latest = readings[-1]
        series = [self._fact(spec, one) for one in readings if not one.problem]
        if latest.problem:
            return Doubt(spec.name, Missing.UNUSABLE, f"the latest {spec.title} {latest.problem}", (spec.name,)), series
        if why := self._too_vague_or_old(spec, latest.at):
            return Doubt(spec.name, Missing.UNUSABLE, why, (spec.name,)), series
        return series[-1], series

    def _too_vague_or_old(self, spec: FactSpec, at: Span | None) -> str:
        if at is None:
            return ""
        if spec.time == "minute" and not at.exact:
            return f"the collection time of the latest {spec.title} is known only to the day"
        if spec.window and self.as_of - at.early > timedelta(hours=float(spec.window.value)):
            age = (self.as_of - at.early) // timedelta(hours=1)
            return f"the latest {spec.title} is stale: {age} h old, limit {spec.window.value} {spec.window.unit.name}"
        return ""

    def _usable(self, readings: list[Reading], spec: FactSpec, remarks: list[str]) -> list[Reading]:
        """Drops what may not be used: undated, future, preliminary beside a final, superseded."""
        kept: dict[Span | None, Reading] = {}
        undated = future = 0
        for one in readings:
            if one.status not in FINAL and one.status != "preliminary":
                continue
            if one.at is None and spec.time != "any":
                undated += 1
            elif one.at and one.at.early > self.as_of:
                future += 1
            elif one.value is not None or one.problem:
                kept[one.at] = _better(kept[one.at], one) if one.at in kept else one
        if undated:
            remarks.append(f"{undated} result(s) of {spec.title} without a collection time set aside")
        if future:
            remarks.append(f"{future} result(s) of {spec.title} dated in the future set aside")
        return list(kept.values())

    def _undated(self, resources: list[Json]) -> bool:
        return any(resource.get("status") in FINAL and not collected(resource) for resource in resources)

    def reading(self, spec: FactSpec, resource: Json) -> Reading:
        when = collected(resource)
        status = as_text(resource.get("status"))
        issued = as_text(resource.get("issued"))
        source = label(resource)
        at = parse(when, self.zone) if when else None
        if spec.at_birth and self.birth:
            at = self.birth
        value, reported, problem = self._value(spec, resource)
        return Reading(status, at, value, reported, source, issued, problem)

    def _value(self, spec: FactSpec, resource: Json) -> tuple[Quantity | None, Reported | None, str]:
        quantity = resource.get("valueQuantity")
        if quantity is None and spec.unit and spec.unit.name == "wk":
            return self._weeks_and_days(spec, as_text(resource.get("valueString")))
        if quantity is None:
            text = resource.get("valueString") or resource.get("valueInteger")
            return (None, None, "is text without a unit") if text is not None else (None, None, "")
        number = _number(as_dict(quantity).get("value"))
        if number is None:
            return None, None, "is not a finite number"
        unit, said = self._unit(spec, as_dict(quantity))
        if unit is None:
            return (
                None,
                None,
                f"has a unit that is not known ({said or 'none'})" if said != "?" else "has two units that disagree",
            )
        return self._judge(spec, number, unit, said, as_text(as_dict(quantity).get("comparator")))

    def _unit(self, spec: FactSpec, quantity: Json) -> tuple[Unit | None, str]:
        """The unit by UCUM code or by spelling. `("?")` where code and spelling say different units."""
        assert spec.unit is not None
        kind = spec.unit.quantity
        code, text = as_text(quantity.get("code")).strip(), as_text(quantity.get("unit")).strip()
        by_code = self.spellings.get((kind, code)) if code else None
        by_text = self.spellings.get((kind, text)) if text else None
        if by_code and by_text and by_code.factor != by_text.factor:
            return None, "?"
        if by_code:
            return by_code, text or code
        system = as_text(quantity.get("system"))
        if code and self.aliases.get(system, system) == UCUM:
            return None, code
        return by_text, text or code

    def _weeks_and_days(self, spec: FactSpec, text: str) -> tuple[Quantity | None, Reported | None, str]:
        if not text:
            return None, None, ""
        match = WEEKS_DAYS.match(text.strip().lower())
        if not match:
            return None, None, "is text that is not read as weeks and days"
        days = Decimal(int(match[1]) * 7 + int(match[2] or 0))
        return self._judge(spec, days, self.spellings[("time", "d")], "d", "")

    def _judge(
        self, spec: FactSpec, number: Decimal, unit: Unit, said: str, comparator: str
    ) -> tuple[Quantity | None, Reported | None, str]:
        assert spec.unit is not None
        reported = Reported(number, said)
        value = Quantity(number, number, unit)
        if spec.plausible:
            low, high = (limit * spec.unit.factor for limit in spec.plausible)
            base = number * unit.factor
            below, above = base < low, base > high
            if above or (below and comparator not in ("<", "<=")):
                return None, reported, "is not plausible for a newborn: check value and unit"
            if comparator in ("<", "<="):
                value = Quantity(Decimal(0), number, unit, (spec.name,))
            elif comparator in (">", ">="):
                value = Quantity(number, high / unit.factor, unit, (spec.name,))
        return value, reported, ""

    def _fact(self, spec: FactSpec, one: Reading) -> Fact:
        assert one.value is not None
        remark = "preliminary" if one.status == "preliminary" else ""
        return Fact(spec.name, one.value, one.at, one.source, one.reported, remark)


def _no_time(spec: FactSpec) -> Doubt:
    return Doubt(spec.name, Missing.UNUSABLE, f"{spec.title} on record, but without a collection time", (spec.name,))


def _number(value: Any) -> Decimal | None:
    """A finite JSON number (never a string: `"19"` is not a quantity) as the decimal it was written as."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = Decimal(repr(value))
    return number if number.is_finite() else None


def _better(old: Reading, new: Reading) -> Reading:
    """Of two results for one collection time: final before preliminary, corrected before final, later issued."""

    def rank(one: Reading) -> tuple[int, int, str]:
        return (one.status in FINAL, one.status in CORRECTED, one.issued)

    if rank(old) != rank(new):
        return max(old, new, key=rank)
    if old.value and new.value and old.value.to(new.value.unit).low != new.value.low:
        problem = "has two results for one collection time that disagree"
        return Reading(new.status, new.at, None, None, new.source, new.issued, problem)
    return old
