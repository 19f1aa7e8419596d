"""Three-valued evaluation: every condition is met, not met or unknown, with its reason and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from functools import cache, partial

from cds_service.decisions.limits import constant, limit
from cds_service.facts.fact import Baby, Doubt, Missing, OnRecord, Quantity
from cds_service.knowledge.shapes import ON_RECORD, Comparison, Condition, Group, In, Is, Named, Number, Rules


class Result(Enum):
    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


MET, NOT_MET, UNKNOWN = Result.MET, Result.NOT_MET, Result.UNKNOWN


@dataclass(slots=True)
class Criterion:
    """One comparison as it was judged. `needs` names the facts that would settle it; `why`, why it is unknown."""

    condition: Comparison | Is | In
    result: Result
    value: Quantity | str | None = None
    limit: Quantity | None = None
    needs: tuple[str, ...] = ()
    why: str = ""

    @property
    def text(self) -> str:
        return self.condition.text

    @property
    def fact(self) -> str:
        return self.condition.fact

    @property
    def number(self) -> Number | None:
        return self.condition.number if isinstance(self.condition, Comparison) else None

    @property
    def codelist(self) -> str:
        """The code list that conditions are looked for in; empty for other comparisons."""
        return self.condition.codelist.name if isinstance(self.condition, In) else ""

    @property
    def recorded(self) -> bool:
        """Whether it only asks if something is on record."""
        return isinstance(self.condition, Is) and self.condition.category in ("recorded", "not_recorded")


@dataclass(slots=True)
class Judge:
    """Judges one file of rules for one baby. Each limit, each comparison and each statement is judged once, and only
    where it is asked for."""

    rules: Rules
    baby: Baby
    criteria: dict[str, Criterion] = field(default_factory=dict)
    statements: dict[str, Result] = field(default_factory=dict)
    limits: dict[str, Quantity | Doubt] = field(default_factory=dict)

    def result(self, condition: Condition) -> Result:
        return judgment(condition, self.rules)(self)

    def criterion(self, condition: Comparison | Is | In) -> Criterion:
        """One comparison as it is judged, also where the answer was settled without it."""
        if condition.text not in self.criteria:
            self.result(condition)
        return self.criteria[condition.text]

    def needs(self, condition: Condition) -> tuple[str, ...]:
        """The missing facts that keep this condition unknown, in the order of the guidance."""
        if not isinstance(condition, Named | Group):
            one = self.criterion(condition)
            return one.needs if one.result is UNKNOWN else ()
        if self.result(condition) is not UNKNOWN:
            return ()
        if isinstance(condition, Named):
            return self.needs(self.rules.statements[condition.name])
        return tuple(dict.fromkeys([name for item in condition.items for name in self.needs(item)]))

    def limit(self, number: Number) -> Quantity | Doubt:
        value = self.limits.get(number.name)
        if value is None:
            value = self.limits[number.name] = limit(number, self.baby)
        return value


Judgment = Callable[[Judge], Result]


@cache
def judgment(condition: Condition, rules: Rules) -> Judgment:
    """The function that judges this condition: made once, so that a call does not walk over the condition's form."""
    if isinstance(condition, Named):
        return _statement(condition.name, judgment(rules.statements[condition.name], rules))
    if isinstance(condition, Group):
        return _group(condition.word, tuple(judgment(item, rules) for item in condition.items))
    if isinstance(condition, Comparison):
        return _once(condition, _comparison(condition))
    if isinstance(condition, Is):
        return _once(condition, partial(_category, condition))
    return _once(condition, partial(_membership, condition))


def compared(conditions: Iterable[Condition], rules: Rules) -> tuple[Comparison | Is | In, ...]:
    """Every comparison under the conditions, also those of the statements that they name: in that order, each once."""
    found: dict[str, Comparison | Is | In] = {}

    def walk(condition: Condition) -> None:
        if isinstance(condition, Named):
            walk(rules.statements[condition.name])
        elif isinstance(condition, Group):
            for item in condition.items:
                walk(item)
        else:
            found.setdefault(condition.text, condition)

    for condition in conditions:
        walk(condition)
    return tuple(found.values())


def _statement(name: str, inner: Judgment) -> Judgment:
    def statement(judge: Judge) -> Result:
        known = judge.statements.get(name)
        if known is None:
            known = judge.statements[name] = inner(judge)
        return known

    return statement


def _group(word: str, items: tuple[Judgment, ...]) -> Judgment:
    """Items are judged until one decides; what the record shows beyond that, `Judge.criterion` judges."""
    deciding = NOT_MET if word == "all" else MET
    if_decided, otherwise = {"all": (NOT_MET, MET), "any": (MET, NOT_MET), "none": (NOT_MET, MET)}[word]

    def group(judge: Judge) -> Result:
        unknown = False
        for item in items:
            result = item(judge)
            if result is deciding:
                return if_decided
            if result is UNKNOWN:
                unknown = True
        return UNKNOWN if unknown else otherwise

    return group


def _once(condition: Comparison | Is | In, criterion: Callable[[Judge], Criterion]) -> Judgment:
    text = condition.text

    def comparison(judge: Judge) -> Result:
        known = judge.criteria.get(text)
        if known is None:
            known = judge.criteria[text] = criterion(judge)
        return known.result

    return comparison


def _comparison(condition: Comparison) -> Callable[[Judge], Criterion]:
    name, op, number = condition.fact, condition.op, condition.number
    always = constant(number) if number.table is None else None

    def criterion(judge: Judge) -> Criterion:
        fact = judge.baby.facts[name]
        line = always or judge.limit(number)
        if isinstance(fact, Doubt):
            if isinstance(line, Doubt):
                needs = tuple(dict.fromkeys(fact.needs + line.needs))
                return Criterion(condition, UNKNOWN, None, None, needs, fact.why)
            return Criterion(condition, UNKNOWN, None, line, fact.needs, fact.why)
        value = fact.quantity
        if isinstance(line, Doubt):
            return Criterion(condition, UNKNOWN, value, None, line.needs, line.why)
        result = compare(value, op, line)
        needs = () if result is not UNKNOWN else tuple(dict.fromkeys(value.because + line.because))
        return Criterion(condition, result, value, line, needs)

    return criterion


def compare(value: Quantity, op: str, line: Quantity) -> Result:
    """Met where it holds at both ends of every range, not met where at none, else unknown. Units by multiplying."""
    low, high = value.low, value.high
    line_low, line_high = line.low, line.high
    if value.unit is not line.unit:
        low, high = low * value.unit.factor, high * value.unit.factor
        line_low, line_high = line_low * line.unit.factor, line_high * line.unit.factor
    if value.comparator in ("<", ">"):
        return _compare_open(value.comparator, low, high, op, line_low, line_high)
    if op == ">=":
        always, never = low >= line_high, high < line_low
    elif op == ">":
        always, never = low > line_high, high <= line_low
    elif op == "<=":
        always, never = high <= line_low, low > line_high
    else:
        always, never = high < line_low, low >= line_high
    return MET if always else NOT_MET if never else UNKNOWN


def _compare_open(
    comparator: str, low: Decimal, high: Decimal, op: str, line_low: Decimal, line_high: Decimal
) -> Result:
    """A result `<20` is under 20, and never 20; `>18` is over 18."""
    if comparator == "<":
        under, over = high <= line_low, low >= line_high if op in (">=", "<") else low > line_high
    else:
        over, under = low >= line_high, high < line_low if op in (">=", "<") else high <= line_low
    if op in (">=", ">"):
        return MET if over else NOT_MET if under else UNKNOWN
    return MET if under else NOT_MET if over else UNKNOWN


def _category(condition: Is, judge: Judge) -> Criterion:
    fact = judge.baby.facts[condition.fact]
    if condition.category == "known":
        if isinstance(fact, Doubt):
            return Criterion(condition, UNKNOWN, needs=fact.needs, why=fact.why)
        return Criterion(condition, MET)
    if condition.category in ON_RECORD:
        missing = fact.missing if isinstance(fact, Doubt) else None
        if isinstance(fact, Doubt) and missing is Missing.NOT_OBTAINED:
            return Criterion(condition, UNKNOWN, needs=fact.needs, why=fact.why)
        recorded = missing is not Missing.ABSENT
        return Criterion(condition, MET if recorded == (condition.category == "recorded") else NOT_MET)
    if isinstance(fact, Doubt):
        return Criterion(condition, UNKNOWN, needs=fact.needs, why=fact.why)
    vague = condition.vague
    if vague and fact.value == vague.category:
        return Criterion(condition, UNKNOWN, str(fact.value), needs=(vague.needs,), why=f"on record: {fact.value}")
    return Criterion(condition, MET if fact.value == condition.category else NOT_MET, str(fact.value))


def _membership(condition: In, judge: Judge) -> Criterion:
    fact = judge.baby.facts[condition.fact]
    if isinstance(fact, Doubt):
        return Criterion(condition, UNKNOWN, needs=fact.needs, why=fact.why)
    record = fact.value
    assert isinstance(record, OnRecord)
    found = record.found.get(condition.codelist.name)
    if found is not None:
        return Criterion(condition, MET, found)
    if record.complete:
        return Criterion(condition, NOT_MET, "not on record")
    return Criterion(condition, UNKNOWN, needs=(record.need or fact.name,), why="the problem list was not read in full")
