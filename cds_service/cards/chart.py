"""What the words of a card are about: one newborn, at one site; and templates filled with its values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from cds_service.cards.text import escape, fact_text, level, number, quantity, telling_decimals, when
from cds_service.decisions.decide import Answer
from cds_service.dosing.dose import Plan
from cds_service.facts.fact import Baby, Doubt, Fact, Missing, Quantity
from cds_service.facts.moments import HOUR, length
from cds_service.knowledge.shapes import Dose, Knowledge


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

    def fill(self, text: str, answer: Answer, plan: Plan | None = None, *, room: bool = False) -> str:
        """`{tsb}` becomes the baby's value, `{escalation}` the line, `{dose}` the dose. `room` is to say why a value
        cannot be used."""
        return text.format_map(_Words(self, answer, plan, room=room)) if "{" in text else text

    def word(self, name: str, answer: Answer, plan: Plan | None, *, room: bool) -> str:
        if name == "dose":
            return dose_words(answer.dose, plan)
        if name in answer.guidance.numbers:
            line = answer.judge.limit(answer.guidance.numbers[name])
            return level(line) if isinstance(line, Quantity) else "not known"
        fact = self.baby.facts[name]
        if isinstance(fact, Doubt):
            if fact.missing is not Missing.UNUSABLE:
                return "not known"
            return f"not usable, {escape(fact.why)}" if room else "not usable"
        spec = self.knowledge.facts[name]
        unit = answer.guidance.units.get(name, spec.unit)
        if not isinstance(fact.value, Quantity) or unit is None:
            return str(fact.value).replace("_", " ")
        value = fact.value.to(unit)
        compared = [one for one in answer.criteria if one.fact == name and one.limit]
        return quantity(
            value, max((telling_decimals(one, value, spec.decimals) for one in compared), default=spec.decimals)
        )


class _Words(dict[str, str]):
    """Placeholders of one text, filled only as they are met."""

    def __init__(self, chart: Chart, answer: Answer, plan: Plan | None, *, room: bool) -> None:
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
