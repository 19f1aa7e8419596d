"""Three-valued evaluation: every condition is met, not met or unknown, with its reason and what it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from cds_service.decisions.limits import limit
from cds_service.facts.fact import Baby, Doubt, Fact, Missing, OnRecord, Quantity
from cds_service.knowledge.shapes import Cite, Comparison, Condition, Group, Guidance, In, Is, Named, Number


class Result(Enum):
    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One comparison as it was judged. `needs` names the facts that would settle it; `why`, why it is unknown."""

    text: str
    result: Result
    fact: str
    value: Quantity | str | None = None
    limit: Quantity | None = None
    number: Number | None = None
    cite: Cite | None = None
    needs: tuple[str, ...] = ()
    why: str = ""


@dataclass
class Judge:
    """Judges one guidance file for one baby. Each limit and each comparison is computed once."""

    guidance: Guidance
    baby: Baby
    criteria: dict[str, Criterion] = field(default_factory=dict)
    statements: dict[str, Result] = field(default_factory=dict)
    limits: dict[str, Quantity | Doubt] = field(default_factory=dict)

    def result(self, condition: Condition) -> Result:
        if isinstance(condition, Named):
            known = self.statements.get(condition.name)
            if known is None:
                known = self.result(self.guidance.statements[condition.name])
                self.statements[condition.name] = known
            return known
        if isinstance(condition, Group):
            return self._group(condition)
        criterion = self.criteria.get(condition.text)
        if criterion is None:
            criterion = self._criterion(condition)
            self.criteria[condition.text] = criterion
        return criterion.result

    def _group(self, group: Group) -> Result:
        results = [self.result(item) for item in group.items]
        if group.word == "all":
            deciding, otherwise = Result.NOT_MET, Result.MET
        elif group.word == "any":
            deciding, otherwise = Result.MET, Result.NOT_MET
        else:
            deciding, otherwise = Result.MET, Result.MET
        if deciding in results:
            return Result.NOT_MET if group.word == "none" else deciding
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
        number = condition.number
        line = self.limit(number)
        if isinstance(fact, Doubt):
            shown = line if isinstance(line, Quantity) else None
            return Criterion(
                condition.text,
                Result.UNKNOWN,
                condition.fact,
                None,
                shown,
                number,
                number.cite,
                _both(fact.needs, line),
                fact.why,
            )
        value = fact.quantity
        if isinstance(line, Doubt):
            return Criterion(
                condition.text,
                Result.UNKNOWN,
                condition.fact,
                value,
                None,
                number,
                number.cite,
                line.needs,
                line.why,
            )
        result = compare(value, condition.op, line)
        needs = () if result is not Result.UNKNOWN else tuple(dict.fromkeys(value.because + line.because))
        return Criterion(condition.text, result, condition.fact, value, line, number, number.cite, needs)


def compare(value: Quantity, op: str, line: Quantity) -> Result:
    """Met where it holds at both ends of every range, not met where at none, else unknown. Units by multiplying."""
    low, high = value.low, value.high
    line_low, line_high = line.low, line.high
    if value.unit is not line.unit:
        low, high = low * value.unit.factor, high * value.unit.factor
        line_low, line_high = line_low * line.unit.factor, line_high * line.unit.factor
    if op == ">=":
        always, never = low >= line_high, high < line_low
    elif op == ">":
        always, never = low > line_high, high <= line_low
    elif op == "<=":
        always, never = high <= line_low, low > line_high
    else:
        always, never = high < line_low, low >= line_high
    return Result.MET if always else Result.NOT_MET if never else Result.UNKNOWN


def _both(needs: tuple[str, ...], line: Quantity | Doubt) -> tuple[str, ...]:
    return tuple(dict.fromkeys(needs + (line.needs if isinstance(line, Doubt) else ())))


def _category(condition: Is, fact: Fact | Doubt) -> Criterion:
    name = condition.fact
    if condition.category in ("recorded", "not_recorded"):
        if isinstance(fact, Doubt) and fact.missing is Missing.NOT_OBTAINED:
            return Criterion(condition.text, Result.UNKNOWN, name, needs=fact.needs, why=fact.why)
        recorded = not (isinstance(fact, Doubt) and fact.missing is Missing.ABSENT)
        met = recorded == (condition.category == "recorded")
        return Criterion(condition.text, Result.MET if met else Result.NOT_MET, name)
    if isinstance(fact, Doubt):
        return Criterion(condition.text, Result.UNKNOWN, name, needs=fact.needs, why=fact.why)
    met = fact.value == condition.category
    return Criterion(condition.text, Result.MET if met else Result.NOT_MET, name, str(fact.value))


def _membership(condition: In, fact: Fact | Doubt) -> Criterion:
    if isinstance(fact, Doubt):
        return Criterion(condition.text, Result.UNKNOWN, condition.fact, needs=fact.needs, why=fact.why)
    record = fact.value
    assert isinstance(record, OnRecord)
    if condition.codelist.name in record.found:
        return Criterion(condition.text, Result.MET, condition.fact, record.found[condition.codelist.name])
    if record.complete:
        return Criterion(condition.text, Result.NOT_MET, condition.fact, "not on record")
    why = "the problem list was not read in full"
    return Criterion(condition.text, Result.UNKNOWN, condition.fact, needs=(fact.name,), why=why)
