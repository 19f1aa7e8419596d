"""The body of a card, in markdown: what holds, on which values, the lines, the dose, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cds_service.cards.suggest import dose_text, duration, steps_text
from cds_service.cards.text import (
    citation,
    escape,
    fact_text,
    moment,
    number,
    quantity,
    telling_decimals,
    unit_name,
    when,
)
from cds_service.decisions.decide import Answer, Decision
from cds_service.decisions.lines import Line, crossing
from cds_service.decisions.logic import Criterion, Result
from cds_service.dosing.dose import Plan
from cds_service.facts.fact import Baby, Doubt, Fact, Quantity
from cds_service.knowledge.shapes import Cite, Condition, Group, Knowledge, Monitoring, Named, Recommendation, Unit

RELATIONS = {
    (">=", Result.MET): "at or above",
    (">=", Result.NOT_MET): "below",
    (">", Result.MET): "above",
    (">", Result.NOT_MET): "not above",
    ("<=", Result.MET): "at or below",
    ("<=", Result.NOT_MET): "above",
    ("<", Result.MET): "below",
    ("<", Result.NOT_MET): "not below",
}


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes about one baby at one site."""

    knowledge: Knowledge
    baby: Baby

    # --- one answer ---------------------------------------------------------------------------

    def answer(self, decision: Decision, answer: Answer, plan: Plan | None, lines: list[Line]) -> str:
        """The whole detail of a card about one indication."""
        parts = [
            *(
                self.fill(note.text, answer) + " " + citation(note.cite)
                for note in answer.notes
                if note.first and note.cite
            ),
            self.verdict(answer),
            bullets(self.reasons(answer)),
            self.line_table(answer, lines),
            *([self.dose(answer, plan)] if answer.dose else []),
            bullets(
                self.fill(note.text, answer) + " " + citation(note.cite)
                for note in answer.notes
                if not note.first and note.cite
            ),
            self.missing(answer),
            self.others(decision),
            bullets(self.remarks()),
        ]
        return "\n\n".join(part for part in parts if part)

    def verdict(self, answer: Answer) -> str:
        entry = answer.recommendation
        if entry:
            return f"**{answer.verdict}**: {entry.text} {citation(entry.cite)}"
        return (
            f"**{answer.verdict}** ({answer.guidance.source.short}): what is missing decides between the answers below."
        )

    def reasons(self, answer: Answer) -> Iterator[str]:
        """The comparisons that carry the answer, each with value, time, source, limit and citation."""
        entries = (answer.recommendation,) if answer.recommendation else answer.open
        for text in dict.fromkeys(text for entry in entries for text in leaves(answer, entry)):
            if said := self._reason(answer, answer.judge.criteria[text]):
                yield said

    def _reason(self, answer: Answer, one: Criterion) -> str:
        spec = self.knowledge.facts[one.fact]
        fact = self.baby.facts[one.fact]
        name = spec.title[0].upper() + spec.title[1:]
        if isinstance(fact, Doubt):
            if one.text.endswith("recorded"):
                return ""
            return f"{name}: {fact.missing.value} ({escape(fact.why)})"
        where = _where(fact, self.knowledge)
        if one.number is None:
            if one.text.endswith("recorded"):
                return ""
            if " in " in one.text:
                listed = one.text.split(" in ")[1].replace("_", " ")
                return f"{listed[0].upper()}{listed[1:]}: {escape(str(one.value))}"
            return f"{name}: {escape(fact_text(fact, spec))}{where}"
        shown = fact_text(fact, spec, one.number.unit)
        if isinstance(one.value, Quantity):
            value = one.value.to(one.number.unit)
            decimals = telling_decimals(one, value, spec.decimals)
            if decimals != spec.decimals:
                shown = quantity(value, decimals)
        relation = RELATIONS.get((one.text.split()[1], one.result))
        if one.limit is None or relation is None:
            limit = quantity(one.limit, 2) if one.limit else one.why
            return f"{name} {shown}{where}: compared with {one.number.title} ({escape(limit)}), not decided"
        title = one.number.title
        line = quantity(one.limit, 2)
        against = line if title == line or one.number.table is None else f"the {title} {line}"
        return f"{name} {shown}{where}: {relation} {against} {citation(one.number.cite)}"

    # --- lines --------------------------------------------------------------------------------

    def line_table(self, answer: Answer, lines: list[Line]) -> str:
        watch = answer.guidance.watch
        if watch is None or not lines:
            return ""
        spec = self.knowledge.facts[watch.fact]
        value = self.baby.known(watch.fact)
        rows = [f"| line | at | level | {spec.title} is |", "|---|---|---|---|"]
        rows += [self._line_row(line, value) for line in lines]
        out = "\n".join(rows)
        if any(line.assumed for line in lines):
            out += "\n\n" + self._both_ends(lines)
        if crossed := self._crossing(answer, lines):
            out += "\n\n" + crossed
        return out

    def _line_row(self, line: Line, value: Fact | None) -> str:
        table = line.number.table
        assert table is not None
        weeks = min(line.weeks, table.gestations[-1])
        more = " or more" if weeks == table.gestations[-1] else ""
        age = self.baby.known(line.number.age)
        at = f"{weeks} weeks{more}" + (f", {quantity(age.quantity, 0)} of age" if age else "")
        level = f"{quantity(line.value, 2)} {citation(line.number.cite)}"
        return f"| {line.number.title} | {at} | {level} | {_apart(line, value)} |"

    def _both_ends(self, lines: list[Line]) -> str:
        """Gestation unknown: says where the value is above or below the line at both ends of the table."""
        said = []
        for name in dict.fromkeys(line.number.name for line in lines):
            ends = [line for line in lines if line.number.name == name and line.distance is not None]
            title = ends[0].number.title if ends else ""
            if ends and all(line.distance is not None and line.distance > 0 for line in ends):
                said.append(f"below every {title} shown")
            elif ends and all(line.distance is not None and line.distance <= 0 for line in ends):
                said.append(f"at or above every {title} shown")
            elif ends:
                said.append(f"above the {title} at one gestation and below it at the other")
        return (
            "**Gestational age is not known**: the lines at the ends of the table are shown; the value is "
            + ("; ".join(said) or "not known")
            + "."
        )

    def _crossing(self, answer: Answer, lines: list[Line]) -> str:
        for line in lines:
            if line.assumed or line.distance is None or line.distance <= 0:
                continue
            found = crossing(answer, line.number)
            rate = self.baby.known(answer.guidance.watch.rate) if answer.guidance.watch else None
            if found is None:
                if rate and rate.quantity.low > 0:
                    return f"At the present rise ({self._rate(rate, line.number.unit)}) it would not reach the {line.number.title} within 72 h."
                return ""
            at = moment(found.at, self.knowledge.site.zone)
            return (
                f"At the present rise ({self._rate(found.rate, line.number.unit)}) it would reach the {line.number.title} "
                f"about {found.hours} h after it was drawn, at {at}."
            )
        return ""

    def _rate(self, rate: Fact, unit: Unit) -> str:
        value = rate.quantity.low * rate.quantity.unit.factor / unit.factor
        return f"{number(value, 2)} {unit_name(unit)}/h, {escape(rate.source)}"

    # --- dose ---------------------------------------------------------------------------------

    def dose(self, answer: Answer, plan: Plan | None) -> str:
        dose = answer.dose
        assert dose is not None
        span = _span(dose.low, dose.high) + " g/kg" + (f" over {number(dose.hours, 1)} h" if dose.hours else "")
        cited = f"{span} {citation(dose.cite)}"
        if plan is None:
            doubt = self.baby.facts["dosing_weight"]
            why = doubt.why if isinstance(doubt, Doubt) else ""
            asks = self.knowledge.facts["dosing_weight"].asks
            return f"**Dose not computed**: {escape(why)}. Enter {asks}. Per kilogram: {cited}."
        product = self.knowledge.site.product
        weight = plan.weight
        head = f"**Dose**: {cited}, for {number(plan.kilograms, 3)} kg{_where(weight, self.knowledge)}. {weight.remark}".rstrip()
        rows = ["| g/kg | exact | rounded | volume | duration | vials |", "|---|---|---|---|---|---|"]
        for one in plan.portions:
            vials = " + ".join(f"{count} × {number(size, 1)} g" for count, size in one.vials)
            rounded = f"{number(one.rounded, 2)} g ({number(one.rounded_per_kg, 2)} g/kg)"
            rows.append(
                f"| {number(one.grams_per_kg, 2)} | {number(one.exact, 4)} g | {rounded} "
                f"| {number(one.milliliters, 2)} mL {product.title} | {duration(one.infusion.minutes)} | {vials} |"
            )
        return "\n\n".join((head, "\n".join(rows), bullets(self._infusion(plan)), self._repeat(answer)))

    def _infusion(self, plan: Plan) -> Iterator[str]:
        product = self.knowledge.site.product
        hours = plan.dose.hours
        for one in plan.portions:
            run = one.infusion
            fast = (
                f"at the label's fastest {duration(run.product_minutes)} ({number(run.max_mg_per_kg_min, 2)} mg/kg/min)"
            )
            if not hours:
                why = f"the guideline states no time; {fast}"
            elif run.product_decides:
                why = f"the guideline's {number(hours, 1)} h would break the label's maximum rate; {fast}"
            else:
                why = f"the guideline's {number(hours, 1)} h; {fast}"
            yield f"{dose_text(one, product)} ({why}): {steps_text(run)}"
        yield (
            f"{product.title}: {product.cite.place} {citation(Cite(product.cite.source, ''))}. "
            f"Label age: {product.label_years}. Dilution and flush: {product.dilution}."
        )

    def _repeat(self, answer: Answer) -> str:
        dose = answer.dose
        assert dose is not None
        if dose.at_most == 1:
            return "Once: the guideline states no repeat dose."
        if not dose.repeat_text:
            return ""
        limit = f"; {dose.at_most} doses at most" if dose.at_most else ""
        return f"May be repeated after {dose.repeat_text} if needed{limit}."

    # --- what is missing, what else -------------------------------------------------------------

    def missing(self, answer: Answer) -> str:
        if not answer.needs:
            return ""
        rows = []
        for name in answer.needs:
            spec = self.knowledge.facts[name]
            fact = self.baby.facts.get(name)
            why = f" ({escape(fact.why)})" if isinstance(fact, Doubt) else ""
            rows.append(f"{spec.asks[0].upper()}{spec.asks[1:]}{why}")
        out = "**Missing**\n\n" + bullets(rows)
        if not answer.recommendation:
            out += (
                "\n\nThe answer would be one of: "
                + "; ".join(f"{entry.verdict} ({entry.text})" for entry in answer.open)
                + "."
            )
        return out

    def others(self, decision: Decision) -> str:
        """What the other guidelines say, where there are any."""
        if len(decision.answers) < 2:
            return ""
        differ = len({one.verdict for one in decision.answers}) > 1
        rows = []
        for one in decision.answers:
            followed = ", followed here" if one is decision.followed else ""
            shown = ", shown above" if one is decision.shown else ""
            rows.append(
                f"{one.guidance.source.short}{followed}{shown}: **{one.verdict}**; it asks for {one.guidance.asks}"
            )
        return ("**The guidelines differ**" if differ else "**The guidelines agree**") + "\n\n" + bullets(rows)

    def remarks(self) -> list[str]:
        said = [escape(remark) for remark in self.baby.remarks]
        for name in ("ivig_given", "ivig_order"):
            fact = self.baby.known(name)
            if fact:
                title = self.knowledge.facts[name].title
                said.append(f"**{title}**: {fact.value}{_where(fact, self.knowledge)}. Mind the repeat interval.")
        return said

    # --- templates ----------------------------------------------------------------------------

    def fill(self, text: str, answer: Answer, plan: Plan | None = None) -> str:
        """`{tsb}` becomes the baby's value, `{escalation}` the line, `{dose}` the dose."""
        return text.format_map(_Words(self, answer, plan)) if "{" in text else text

    def word(self, name: str, answer: Answer, plan: Plan | None) -> str:
        if name == "dose":
            return dose_words(answer, plan)
        if name in answer.guidance.numbers:
            line = answer.judge.limit(answer.guidance.numbers[name])
            return quantity(line, 2) if isinstance(line, Quantity) else "not known"
        fact = self.baby.facts[name]
        if isinstance(fact, Doubt):
            return "not known"
        spec = self.knowledge.facts[name]
        unit = next((one.number.unit for one in answer.criteria if one.number and one.fact == name), spec.unit)
        if isinstance(fact.value, Quantity) and unit:
            criterion = next((one for one in answer.criteria if one.fact == name and one.limit), None)
            value = fact.value.to(unit)
            decimals = telling_decimals(criterion, value, spec.decimals) if criterion else spec.decimals
            return quantity(value, decimals)
        return str(fact.value).replace("_", " ")


class _Words(dict[str, str]):
    """Placeholders of one text, filled only as they are met."""

    def __init__(self, writer: Writer, answer: Answer, plan: Plan | None) -> None:
        super().__init__()
        self.writer, self.answer, self.plan = writer, answer, plan

    def __missing__(self, name: str) -> str:
        return self.writer.word(name, self.answer, self.plan)


def dose_words(answer: Answer, plan: Plan | None) -> str:
    dose = answer.dose
    if dose is None:
        return "no dose"
    per_kg = f"{_span(dose.low, dose.high)} g/kg"
    if plan is None:
        return f"{per_kg}, weight needed"
    return f"{_span(plan.portions[0].exact, plan.portions[-1].exact)} g ({per_kg})"


def leaves(answer: Answer, entry: Recommendation) -> Iterator[str]:
    """The comparisons under one recommendation, in the order of the file; of a met `any`, those that are met."""
    yield from _leaves(answer, entry.when)


def _leaves(answer: Answer, condition: Condition) -> Iterator[str]:
    if isinstance(condition, Named):
        yield from _leaves(answer, answer.guidance.statements[condition.name])
    elif isinstance(condition, Group):
        carried = condition.word == "any" and answer.judge.result(condition) is Result.MET
        for item in condition.items:
            if not carried or answer.judge.result(item) is Result.MET:
                yield from _leaves(answer, item)
    else:
        yield condition.text


def monitoring_detail(sets: list[Monitoring]) -> str:
    """Before, during, when to stop, after: one list each, every line cited."""
    parts = []
    for title, key in (
        ("Before", "before"),
        ("During", "during"),
        ("Stop or slow", "stop"),
        ("After", "after"),
    ):
        lines = [f"{line.text} {citation(line.cite)}" for one in sets for line in getattr(one, key)]
        if lines:
            parts.append(f"**{title}**\n\n{bullets(lines)}")
    return "\n\n".join(parts)


def bullets(lines: Iterator[str] | list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _span(low: object, high: object) -> str:
    from decimal import Decimal

    first, last = number(Decimal(str(low)), 3), number(Decimal(str(high)), 3)
    return first if first == last else f"{first}–{last}"


def _apart(line: Line, value: Fact | None) -> str:
    if value is None:
        return "not known"
    if line.distance is None:
        return "not decided: a range"
    if line.distance == 0:
        return "exactly at it"
    side = "below" if line.distance > 0 else "above"
    return f"{number(abs(line.distance), 2)} {unit_name(line.number.unit)} {side}"


def _where(fact: Fact, knowledge: Knowledge) -> str:
    """`, 2026-11-20 16:30 EST, Observation/b2`."""
    zone = knowledge.site.zone
    parts = []
    if fact.at:
        parts.append(when(fact.at, zone))
    if fact.source and fact.source != "Patient":
        parts.append(escape(fact.source))
    if fact.remark == "preliminary":
        parts.append("preliminary")
    return ", " + ", ".join(parts) if parts else ""
