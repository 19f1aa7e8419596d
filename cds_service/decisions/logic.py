"""Three-valued evaluation: every condition is met, not met or unknown, with its reason and what it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from cds_service.decisions.limits import limit
from cds_service.facts.fact import Baby, Doubt, Fact, Missing, OnRecord, Quantity
from cds_service.knowledge.shapes import ON_RECORD, Comparison, Condition, Group, Guidance, In, Is, Named, Number


class Result(Enum):
    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


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
        return isinstance(self.condition, Is) and self.condition.category in ON_RECORD


@dataclass(slots=True)
class Judge:
    """Judges one guidance file for one baby. Each limit and each comparison is computed once."""

    guidance: Guidance
    baby: Baby
    criteria: dict[str, Criterion] = field(default_factory=dict)
    statements: dict[str, Result] = field(default_factory=dict)
    limits: dict[str, Quantity | Doubt] = field(default_factory=dict)

    def result(self, condition: Condition) -> Result:
        kind = type(condition)
        if kind is Group:
            return self._group(condition)  # type: ignore[arg-type]
        if kind is Named:
            return self._statement(condition.name)  # type: ignore[union-attr]
        text: str = condition.text  # type: ignore[union-attr]
        criterion = self.criteria.get(text)
        if criterion is None:
            criterion = self.criteria[text] = self._criterion(condition)  # type: ignore[arg-type]
        return criterion.result

    def _statement(self, name: str) -> Result:
        known = self.statements.get(name)
        if known is None:
            known = self.statements[name] = self.result(self.guidance.statements[name])
        return known

    def _group(self, group: Group) -> Result:
        """Every item is judged, also where one already decides: the record shows all of them."""
        results = [self.result(item) for item in group.items]
        if group.word == "all":
            deciding, if_decided, otherwise = Result.NOT_MET, Result.NOT_MET, Result.MET
        elif group.word == "any":
            deciding, if_decided, otherwise = Result.MET, Result.MET, Result.NOT_MET
        else:
            deciding, if_decided, otherwise = Result.MET, Result.NOT_MET, Result.MET
        if deciding in results:
            return if_decided
        return Result.UNKNOWN if Result.UNKNOWN in results else otherwise

    def needs(self, condition: Condition) -> list[str]:
        """The missing facts that keep this condition unknown, in the order of the guidance."""
        if self.result(condition) is not Result.UNKNOWN:
            return []
        if isinstance(condition, Named):
            return self.needs(self.guidance.statements[condition.name])
        if isinstance(condition, Group):
            return list(dict.fromkeys(name for item in condition.items for name in self.needs(item)))
        return list(self.criteria[condition.text].needs)

    def limit(self, number: Number) -> Quantity | Doubt:
        value = self.limits.get(number.name)
        if value is None:
            value = self.limits[number.name] = limit(number, self.baby)
        return value

    def _criterion(self, condition: Comparison | Is | In) -> Criterion:
        fact = self.baby.facts[condition.fact]
        if isinstance(condition, Comparison):
            return self._comparison(condition, fact)
        if isinstance(condition, Is):
            return _category(condition, fact)
        return _membership(condition, fact)

    def _comparison(self, condition: Comparison, fact: Fact | Doubt) -> Criterion:
        line = self.limit(condition.number)
        if isinstance(fact, Doubt):
            if isinstance(line, Doubt):
                needs = tuple(dict.fromkeys(fact.needs + line.needs))
                return Criterion(condition, Result.UNKNOWN, None, None, needs, fact.why)
            return Criterion(condition, Result.UNKNOWN, None, line, fact.needs, fact.why)
        value = fact.quantity
        if isinstance(line, Doubt):
            return Criterion(condition, Result.UNKNOWN, value, None, line.needs, line.why)
        result = compare(value, condition.op, line)
        needs = () if result is not Result.UNKNOWN else tuple(dict.fromkeys(value.because + line.because))
        return Criterion(condition, result, value, line, needs)


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
    return Result.MET if always else Result.NOT_MET if never else Result.UNKNOWN


def _compare_open(
    comparator: str, low: Decimal, high: Decimal, op: str, line_low: Decimal, line_high: Decimal
) -> Result:
    """A result `<20` is under 20, and never 20; `>18` is over 18."""
    if comparator == "<":
        under, over = high <= line_low, low >= line_high if op in (">=", "<") else low > line_high
    else:
        over, under = low >= line_high, high < line_low if op in (">=", "<") else high <= line_low
    if op in (">=", ">"):
        return Result.MET if over else Result.NOT_MET if under else Result.UNKNOWN
    return Result.MET if under else Result.NOT_MET if over else Result.UNKNOWN


def _category(condition: Is, fact: Fact | Doubt) -> Criterion:
    if condition.category in ON_RECORD:
        if isinstance(fact, Doubt) and fact.missing is Missing.NOT_OBTAINED:
            return Criterion(condition, Result.UNKNOWN, needs=fact.needs, why=fact.why)
        recorded = not (isinstance(fact, Doubt) and fact.missing is Missing.ABSENT)
        met = recorded == (condition.category == "recorded")
        return Criterion(condition, Result.MET if met else Result.NOT_MET)
    if isinstance(fact, Doubt):
        return Criterion(condition, Result.UNKNOWN, needs=fact.needs, why=fact.why)
    met = fact.value == condition.category
    return Criterion(condition, Result.MET if met else Result.NOT_MET, str(fact.value))


def _membership(condition: In, fact: Fact | Doubt) -> Criterion:
    if isinstance(fact, Doubt):
        return Criterion(condition, Result.UNKNOWN, needs=fact.needs, why=fact.why)
    record = fact.value
    assert isinstance(record, OnRecord)
    found = record.found.get(condition.codelist.name)
    if found is not None:
        return Criterion(condition, Result.MET, found)
    if record.complete:
        return Criterion(condition, Result.NOT_MET, "not on record")
    return Criterion(condition, Result.UNKNOWN, needs=(fact.name,), why="the problem list was not read in full")
