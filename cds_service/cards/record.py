"""The decision record: what was decided and on what, as data beside the words of the card."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cds_service.cards.text import MOST, number, telling_decimals
from cds_service.decisions.decide import Answer
from cds_service.decisions.lines import Line
from cds_service.decisions.logic import Criterion, Result
from cds_service.dosing.dose import Plan
from cds_service.facts.fact import Doubt, Fact, OnRecord, Quantity, Reported
from cds_service.knowledge.shapes import Comparison, Knowledge, Unit

Json = dict[str, Any]


@lru_cache(maxsize=1024)
def utc(at: datetime) -> str:
    return f"{at.isoformat()[:19]}Z"


@lru_cache(maxsize=4096)
def figure(value: Decimal, decimals: int = 10) -> int | float:
    """A JSON number; whole numbers without a decimal point."""
    rounded = Decimal(number(value, decimals))
    return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)


def decision_record(knowledge: Knowledge, answer: Answer, plan: Plan | None, lines: list[Line]) -> Json:
    """See docs/decision-record.md for every member. Absent means unknown; nothing is null or empty."""
    baby = answer.judge.baby
    units = answer.guidance.units
    record: Json = {
        "indication": answer.guidance.indication,
        "guideline": answer.guidance.guideline,
        "answer": answer.name,
        "verdict": answer.verdict,
        "as_of": utc(baby.as_of),
        "site": knowledge.site.name,
        "knowledge_version": knowledge.version,
        "facts": [
            fact_record(fact, knowledge, units.get(name))
            for name in _named(answer)
            if isinstance(fact := baby.facts[name], Fact) and not _empty(fact)
        ],
        "criteria": [_criterion(one, knowledge) for one in answer.criteria],
        "lines": [_line(line) for line in lines],
        "needs": list(answer.needs),
        "doubts": [
            {"name": name, "missing": fact.missing.value, "why": fact.why}
            for name in dict.fromkeys(one.fact for one in answer.criteria if one.result is Result.UNKNOWN)
            if isinstance(fact := baby.facts[name], Doubt)
        ],
    }
    if answer.dose:
        record["dose"] = _dose(answer, plan)
    return {key: value for key, value in record.items() if value != []}


def _named(answer: Answer) -> list[str]:
    """Every fact that the judgment looked at, and what it was computed from."""
    facts = answer.judge.baby.facts
    conditions = [one.condition for one in answer.criteria]
    names = dict.fromkeys([condition.fact for condition in conditions])
    for condition in conditions:
        if isinstance(condition, Comparison) and condition.number.table:
            names[condition.number.gestation] = names[condition.number.age] = None
    names["dosing_weight"] = None
    return [name for name in names if name in facts]


def _empty(fact: Fact) -> bool:
    return isinstance(fact.value, OnRecord) and not fact.value.found


def _value(value: Quantity, decimals: int) -> Any:
    while value.low and decimals < MOST and not round(value.low, decimals):
        decimals += 1  # 0.0034 g is not 0 g
    if value.low == value.high:
        return figure(value.low, decimals)
    return {"low": figure(value.low, decimals), "high": figure(value.high, decimals)}


def fact_record(fact: Fact, knowledge: Knowledge, unit: Unit | None) -> Json:
    spec = knowledge.facts[fact.name]
    value = fact.value
    out: Json = {"name": fact.name}
    if isinstance(value, Quantity):
        shown = value.to(unit or spec.unit or value.unit)
        out["value"] = _value(shown, spec.decimals)
        out["unit"] = shown.unit.name
        if fact.reported:
            out["reported"] = _reported(fact.reported, value.comparator)
    elif isinstance(value, OnRecord):
        out["value"] = "; ".join(sorted(set(value.found.values())))
    else:
        out["value"] = value
    if fact.at:
        early, late = fact.at
        out["at"] = utc(early) if early == late else early.astimezone(knowledge.site.zone).date().isoformat()
    if fact.source:
        out["source"] = fact.source
    return out


def _reported(reported: Reported, comparator: str) -> Json:
    if reported.value is None:
        return {"text": reported.text}
    out: Json = {"value": figure(reported.value)}
    if reported.unit:
        out["unit"] = reported.unit
    if comparator:
        out["comparator"] = comparator
    return out


def _criterion(one: Criterion, knowledge: Knowledge) -> Json:
    condition, value = one.condition, one.value
    out: Json = {"text": condition.text, "result": one.result}
    if isinstance(condition, Comparison):
        line = condition.number
        if isinstance(value, Quantity):
            shown = value.to(line.unit)
            out["value"] = _value(shown, telling_decimals(one, shown, knowledge.facts[condition.fact].decimals))
        if one.limit:
            out["limit"] = _value(one.limit, 4)
        out["unit"] = line.unit.name
        out["cite"] = line.cite.text
    elif value:
        out["value"] = value
    if one.why:
        out["why"] = one.why
    return out


def _line(line: Line) -> Json:
    out: Json = {"name": line.number.name, "title": line.number.title, "value": _value(line.value, 4)}
    out["unit"] = line.number.unit.name
    out["gestation_weeks"] = line.weeks
    out["cite"] = line.number.cite.text
    return out


def _dose(answer: Answer, plan: Plan | None) -> Json:
    dose = answer.dose
    assert dose is not None
    out: Json = {"grams_per_kg": {"low": figure(dose.low), "high": figure(dose.high)}}
    if plan:
        first, last = plan.portions[0], plan.portions[-1]
        out["weight_kg"] = figure(plan.kilograms)
        out["grams"] = {"low": figure(first.exact), "high": figure(last.exact)}
        out["rounded_grams"] = {"low": figure(first.rounded), "high": figure(last.rounded)}
        out["milliliters"] = {"low": figure(first.milliliters), "high": figure(last.milliliters)}
        out["infusion_minutes"] = {"low": first.infusion.minutes, "high": last.infusion.minutes}
    if dose.hours:
        out["over_hours"] = figure(dose.hours)
    if dose.repeat_after_hours is not None:
        out["repeat_after_hours"] = figure(dose.repeat_after_hours)
    if dose.at_most is not None:
        out["max_doses"] = dose.at_most
    return out
