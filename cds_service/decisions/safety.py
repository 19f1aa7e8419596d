"""Every safety rule, judged for one order for IVIG: which are met, and which could not be judged for want of what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from cds_service.decisions.logic import Criterion, Judge, Judgment, Result, compared, judgment
from cds_service.facts.fact import Baby
from cds_service.knowledge.shapes import Dose, Knowledge, Safety, SafetyRule

LEVELS = ("info", "warn", "block")


@dataclass(slots=True)
class Finding:
    """A rule that is met. `judge` holds the comparisons that met it."""

    rule: SafetyRule
    rules: Safety
    judge: Judge
    dose: Dose | None = None  # a rule states none

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every comparison that was in question, of all rules of the file: a figure is shown as exactly as the closest
        of them asks for."""
        rules = self.rules.rules
        excepted = [one.unless for one in rules if one.unless and self.judge.result(one.when) is Result.MET]
        conditions = compared([*(one.when for one in rules), *excepted], self.rules)
        return tuple([self.judge.criterion(one) for one in conditions])


@dataclass(slots=True)
class Findings:
    """`unjudged` are the rules that stay unknown, with the facts that would settle them; `count` is of all rules."""

    said: list[Finding] = field(default_factory=list)
    unjudged: list[tuple[SafetyRule, tuple[str, ...]]] = field(default_factory=list)
    count: int = 0


def judge_safety(knowledge: Knowledge, baby: Baby) -> Findings:
    """Worst first. `baby` holds the facts of the order too."""
    found = Findings()
    for file in knowledge.safety:
        judge = Judge(file, baby)
        for rule, when, unless in _course(file):
            found.count += 1
            result = when(judge)
            if result is Result.UNKNOWN:
                found.unjudged.append((rule, judge.needs(rule.when)))
            elif result is Result.MET and (unless is None or unless(judge) is not Result.MET):
                found.said.append(Finding(rule, file, judge))
    found.said.sort(key=lambda one: -LEVELS.index(one.rule.level))
    return found


@cache
def _course(file: Safety) -> tuple[tuple[SafetyRule, Judgment, Callable[[Judge], Result] | None], ...]:
    """The rules of one file in their order, each with the functions that judge it."""
    return tuple(
        (rule, judgment(rule.when, file), judgment(rule.unless, file) if rule.unless else None) for rule in file.rules
    )
