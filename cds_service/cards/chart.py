"""What the words of a card are about: one newborn, at one site; and templates filled with its values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from cds_service.cards.text import (
    LONGEST_REMARK,
    category_word,
    escape,
    fact_text,
    level,
    number,
    ordered_text,
    quantity,
    telling_decimals,
    when,
)
from cds_service.decisions.logic import Criterion, Judge
from cds_service.dosing.dose import Plan
from cds_service.facts.fact import Baby, Doubt, Fact, Missing, OnRecord, Quantity
from cds_service.facts.moments import HOUR, length
from cds_service.knowledge.shapes import Dose, FactSpec, Knowledge, Rules


class Judged(Protocol):
    """What a text speaks of: an answer by a guideline, or a safety rule that is met."""

    @property
    def rules(self) -> Rules: ...
    @property
    def judge(self) -> Judge: ...
    @property
    def criteria(self) -> tuple[Criterion, ...]: ...
    @property
    def dose(self) -> Dose | None: ...


@dataclass(slots=True)
class Chart:
    knowledge: Knowledge
    baby: Baby

    def where(self, fact: Fact) -> str:
        """`, 2026-11-20 16:30 EST, Observation/b2`."""
        if fact.compared:
            return self._from_to(fact)
        parts = []
        if fact.at:
            parts.append(when(fact.at, self.knowledge.site.zone))
            after = self.knowledge.facts[fact.name].warn_after
            # In completed hours: a value is too old from the next whole hour on.
            if after and (hours := (self.baby.as_of - fact.at.late) // HOUR) * HOUR > length(after):
                parts.append(f"**{hours} h old: repeat it**")
        if fact.source and fact.source != "Patient":
            parts.append(escape(fact.source))
        if fact.remark == "preliminary":
            parts.append("preliminary")
        return ", " + ", ".join(parts) if parts else ""

    def _from_to(self, fact: Fact) -> str:
        """The values that a rate or trend was computed from: `, 12 mg/dL at … to 15 mg/dL at …`."""
        zone, spec = self.knowledge.site.zone, self.knowledge.facts[fact.compared[0].name]
        ends = [
            f"{escape(str(one.reported)) if one.reported else fact_text(one, spec)} at {when(one.at, zone)} "
            f"({escape(one.source)})"
            for one in fact.compared
        ]
        return ", from " + " to ".join(ends)

    def shown(self, fact: Fact) -> str:
        """The value alone, in the unit of the catalogue."""
        return fact_text(fact, self.knowledge.facts[fact.name])

    def fill(self, text: str, answer: Judged, plan: Plan | None = None, *, room: bool = False) -> str:
        """`{tsb}` becomes the baby's value, `{escalation}` the line, `{dose}` the dose. `room` is to say why a value
        cannot be used."""
        return text.format_map(_Words(self, answer, plan, room=room)) if "{" in text else text

    def word(self, name: str, answer: Judged, plan: Plan | None, *, room: bool) -> str:
        if name == "dose":
            return dose_words(answer.dose, plan)
        if name in answer.rules.numbers:
            line = answer.judge.limit(answer.rules.numbers[name])
            return level(line) if isinstance(line, Quantity) else "not known"
        fact = self.baby.facts[name]
        if isinstance(fact, Doubt):
            if fact.missing is not Missing.UNUSABLE:
                return "not known"
            return f"not usable, {escape(fact.why)}" if room else "not usable"
        spec = self.knowledge.facts[name]
        unit = answer.rules.units.get(name, spec.unit)
        if not isinstance(fact.value, Quantity) or unit is None:
            return words_of(fact, spec)
        value = fact.value.to(unit)
        if spec.kind == "order" and (unit.name == "h" or unit.quantity == "ratio"):
            return ordered_text(fact, value, spec.decimals)
        compared = [one for one in answer.criteria if one.fact == name and one.limit]
        return quantity(
            value, max((telling_decimals(one, value, spec.decimals) for one in compared), default=spec.decimals)
        )


def words_of(fact: Fact, spec: FactSpec) -> str:
    """A fact that is no quantity: of an order, the sentence that goes with its category, where there is one."""
    if isinstance(fact.value, OnRecord):
        return "; ".join(escape(said) for said in dict.fromkeys(fact.value.found.values())) or "nothing on record"
    if spec.kind == "order" and fact.remark:
        return escape(fact.remark, LONGEST_REMARK)
    return category_word(str(fact.value))


class _Words(dict[str, str]):
    """Placeholders of one text, filled only as they are met."""

    def __init__(self, chart: Chart, answer: Judged, plan: Plan | None, *, room: bool) -> None:
        super().__init__()
        self.chart, self.answer, self.plan, self.room = chart, answer, plan, room

    def __missing__(self, name: str) -> str:
        return self.chart.word(name, self.answer, self.plan, room=self.room)


def dose_words(dose: Dose | None, plan: Plan | None) -> str:
    """`1.7–3.4 g (0.5–1 g/kg)`: exact grams; without a weight, per kilogram alone."""
    if dose is None:
        return "no dose"
    per_kg = f"{span(dose.low, dose.high)} g/kg"
    if plan is None:
        return f"{per_kg}, weight needed"
    return f"{span(plan.portions[0].exact, plan.portions[-1].exact)} g ({per_kg})"


def span(low: Decimal, high: Decimal) -> str:
    """`0.5–1`, or one figure where both are the same."""
    first, last = number(low, 3), number(high, 3)
    return first if first == last else f"{first}–{last}"


def bullets(lines: Iterable[str]) -> str:
    return "\n".join([f"- {line}" for line in lines])


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
