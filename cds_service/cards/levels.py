"""The lines that a guideline watches, where the value stands against each, and when it would cross the next."""

from __future__ import annotations

from cds_service.cards.chart import Chart
from cds_service.cards.text import citation, escape, level, line_decimals, moment, number, quantity, unit_name
from cds_service.decisions.decide import Answer
from cds_service.decisions.lines import Line, crossing
from cds_service.facts.fact import Fact
from cds_service.knowledge.shapes import Unit


def levels(chart: Chart, answer: Answer, lines: list[Line]) -> str:
    """A table of the lines; empty where the guideline watches none or none can be read."""
    watch = answer.guidance.watch
    if watch is None or not lines:
        return ""
    value = chart.baby.known(watch.fact)
    rows = [f"| line | at | level | {chart.knowledge.facts[watch.fact].title} is |", "|---|---|---|---|"]
    rows += [_row(chart, line, value) for line in lines]
    parts = ["\n".join(rows)]
    if any(line.assumed for line in lines):
        parts.append(_both_ends(lines))
    if crossed := _crossing(chart, answer, lines):
        parts.append(crossed)
    return "\n\n".join(parts)


def _row(chart: Chart, line: Line, value: Fact | None) -> str:
    table = line.number.table
    assert table is not None
    weeks = min(line.weeks, table.gestations[-1])
    more = " or more" if weeks == table.gestations[-1] else ""
    age = chart.baby.known(line.number.age)
    at = f"{weeks} weeks{more}" + (f", {quantity(age.quantity, 0)} of age" if age else "")
    cited = f"{level(line.value)} {citation(line.number.cite)}"
    return f"| {line.number.title} | {at} | {cited} | {_apart(line, value)} |"


def _apart(line: Line, fact: Fact | None) -> str:
    if fact is None:
        return "not known"
    unit = unit_name(line.number.unit)
    value = fact.quantity.to(line.number.unit)
    above, below = value.low - line.value.high, line.value.low - value.high
    if line.distance == 0:
        return "exactly at it"
    decimals = line_decimals(line.value)
    while decimals < 4 and number(max(above, below), decimals) == "0":
        decimals += 1
    at_least = "" if line.distance is not None else "at least "
    if above >= 0:
        return f"{at_least}{number(above, decimals)} {unit} above"
    if below > 0:
        return f"{at_least}{number(below, decimals)} {unit} below"
    return "not decided: a range"


def _both_ends(lines: list[Line]) -> str:
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
    stands = "; ".join(said) or "not known"
    return f"**Gestational age is not known**: the lines at the ends of the table are shown; the value is {stands}."


def _crossing(chart: Chart, answer: Answer, lines: list[Line]) -> str:
    watch = answer.guidance.watch
    following = (line for line in lines if not line.assumed and line.distance is not None and line.distance > 0)
    line = next(following, None)
    rate = chart.baby.known(watch.rate) if watch else None
    if line is None or rate is None or rate.quantity.low <= 0:
        return ""
    title = line.number.title
    rising = f"At the present rise ({_rate(rate, line.number.unit)}) it would"
    found = crossing(answer, line.number)
    if found is None:
        return f"{rising} not reach the {title} within 72 h."
    at = moment(found.at, chart.knowledge.site.zone)
    return f"{rising} reach the {title} about {found.hours} h after it was drawn, at {at}."


def _rate(rate: Fact, unit: Unit) -> str:
    value = rate.quantity.low * rate.quantity.unit.factor / unit.factor
    return f"{number(value, 2)} {unit_name(unit)}/h, {escape(rate.source)}"
