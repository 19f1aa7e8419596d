"""Turns the words of guidance into conditions: `tsb >= escalation`, `dat is positive`, `conditions in fnait`.

The words are `all any none`, `>= > < <=`, `is`, `in`; a bare word is the name of a statement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cds_service.errors import KnowledgeError
from cds_service.knowledge.files import lookup
from cds_service.knowledge.shapes import (
    ON_RECORD,
    CodeList,
    Comparison,
    Condition,
    FactSpec,
    Group,
    In,
    Is,
    Named,
    Number,
    Unit,
)

COMPARE = re.compile(r"^(\w+) (>=|<=|>|<) (\w+)$")
IS = re.compile(r"^(\w+) is (\w+)$")
IN = re.compile(r"^(\w+) in (\w+)$")
NAME = re.compile(r"^\w+$")


@dataclass
class Parser:
    """Parses the conditions of one file; every name must resolve and every unit must agree."""

    file: str
    facts: Mapping[str, FactSpec]
    codelists: Mapping[str, CodeList]
    numbers: Mapping[str, Number]
    statements: Mapping[str, object]
    used_numbers: set[str] = field(default_factory=set)
    used_statements: set[str] = field(default_factory=set)
    units: dict[str, Unit] = field(default_factory=dict)  # the guideline's own unit of each fact that it compares
    orders: bool = False  # whether facts of the drafted order may be named: in safety rules alone

    def condition(self, raw: object, place: str) -> Condition:
        if isinstance(raw, str):
            return self._words(raw.strip(), place)
        if isinstance(raw, dict) and len(raw) == 1:
            word, items = next(iter(raw.items()))
            if word in ("all", "any", "none") and isinstance(items, list):
                return Group(word, tuple(self.condition(item, place) for item in items))
        raise KnowledgeError(f"{self.file}: {place}", f"{raw!r}: write a condition, or one of all, any, none")

    def _words(self, text: str, place: str) -> Condition:
        where = f"{self.file}: {place}: {text!r}"
        if match := COMPARE.match(text):
            return self._comparison(match, where)
        if match := IS.match(text):
            return self._category(match, where)
        if match := IN.match(text):
            spec = self._fact(match[1], where)
            if spec.kind != "conditions":
                raise KnowledgeError(where, f"{match[1]} is no set of conditions; 'in' needs one")
            return In(text, match[1], lookup(self.codelists, match[2], where, "code list"))
        if NAME.match(text):
            lookup(self.statements, text, where, "statement")
            self.used_statements.add(text)
            return Named(text)
        raise KnowledgeError(where, "not understood; write 'fact >= number', 'fact is word', 'fact in list'")

    def _fact(self, name: str, where: str) -> FactSpec:
        spec = lookup(self.facts, name, where, "fact")
        if spec.kind == "need":
            raise KnowledgeError(where, f"{name} only names what to ask for; it is never read, so never judged")
        if spec.kind == "order" and not self.orders:
            raise KnowledgeError(where, f"{name} is a fact of the drafted order; only safety rules may ask for it")
        return spec

    def _comparison(self, match: re.Match[str], where: str) -> Comparison:
        fact, op, number = match.groups()
        spec = self._fact(fact, where)
        limit = lookup(self.numbers, number, where, "number")
        self.used_numbers.add(number)
        if spec.unit is None:
            raise KnowledgeError(where, f"{fact} is not a quantity; use 'is' or 'in'")
        if spec.unit.quantity != limit.unit.quantity:
            raise KnowledgeError(where, f"{fact} is in {spec.unit.name}, {number} in {limit.unit.name}")
        self.units.setdefault(fact, limit.unit)
        return Comparison(match[0], fact, op, limit)

    def _category(self, match: re.Match[str], where: str) -> Is:
        fact, category = match.groups()
        spec = self._fact(fact, where)
        words = set(spec.categories) | set(ON_RECORD)
        if spec.answers:
            words |= {coding.means for coding in spec.answers.codes.values()}
        if category not in words:
            raise KnowledgeError(where, f"{fact} can be {sorted(words)}")
        vague = spec.vague if spec.vague and category in spec.vague.one_of else None
        return Is(match[0], fact, category, vague)


def compared_with(raw: object, facts: Mapping[str, FactSpec]) -> dict[str, str]:
    """What each number of a file is a limit of: the quantity of the first fact that it is compared with."""
    found: dict[str, str] = {}
    if isinstance(raw, str):
        match = COMPARE.match(raw.strip())
        spec = facts.get(match[1]) if match else None
        if match and spec and spec.unit:
            found[match[3]] = spec.unit.quantity
    elif isinstance(raw, Mapping | list):
        for inner in raw.values() if isinstance(raw, Mapping) else raw:
            found = compared_with(inner, facts) | found
    return found
