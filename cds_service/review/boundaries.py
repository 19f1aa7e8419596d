"""Draws newborns at every boundary of one guidance file: under, on and over every limit and cell, and missing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal

from cds_service.facts.fact import Baby, Doubt, Fact, Missing, OnRecord, Quantity
from cds_service.facts.moments import Span
from cds_service.knowledge.shapes import Comparison, FactSpec, Guidance, In, Is, Knowledge, Number, comparisons
from cds_service.review.babies import AS_OF

DRAWN = 4_000
STEP = Decimal("0.1")
NOW = Span(AS_OF, AS_OF)
Known = Fact | Doubt


def babies(knowledge: Knowledge, guidance: Guidance, draw: random.Random) -> Iterator[Baby]:
    """Every table cell under, on and over, all else known; then many newborns with facts drawn from every boundary."""
    walk = Walk(knowledge, guidance, draw)
    yield from walk.cells()
    for _ in range(DRAWN):
        yield walk.drawn()


class Walk:
    def __init__(self, knowledge: Knowledge, guidance: Guidance, draw: random.Random) -> None:
        self.knowledge, self.guidance, self.draw = knowledge, guidance, draw
        self.leaves = list(_leaves(guidance))
        self.lists = sorted({leaf.codelist.name for leaf in self.leaves if isinstance(leaf, In)})
        self.specs = [spec for spec in knowledge.facts.values() if spec.kind != "need"]
        # What each fact may be, and why it may be missing: made once, for nothing changes a fact that is made.
        self.known = {spec.name: self._choices(spec) for spec in self.specs}
        self.missing = {
            spec.name: [Doubt(spec.name, one, f"{spec.title}: {one.value}", (spec.name,)) for one in Missing]
            for spec in self.specs
        }
        self.tables = [number for number in guidance.numbers.values() if number.table]
        self.compared = {
            leaf.number.name: leaf.fact for leaf in self.leaves if isinstance(leaf, Comparison) and leaf.number.table
        }

    def cells(self) -> Iterator[Baby]:
        for number in self.tables:
            table = number.table
            assert table is not None
            for weeks, points in table.cells[number.column].items():
                for hour, value in points:
                    for step in (-STEP, Decimal(0), STEP):
                        baby = self._baby(known=True)
                        self._place(baby, number, weeks, hour, value - number.minus + step)
                        yield baby

    def drawn(self) -> Baby:
        baby = self._baby(known=False)
        if self.draw.random() < 0.1:
            self._empty_record(baby)
        elif self.tables and self.draw.random() < 0.8:
            number = self.draw.choice(self.tables)
            assert number.table is not None
            weeks = self.draw.choice(number.table.gestations)
            hour, value = self.draw.choice(number.table.cells[number.column][weeks])
            hour += self.draw.choice((-1, 0, 1))
            self._place(baby, number, weeks, hour, value + self.draw.choice((-STEP, Decimal(0), STEP)))
            for name in (number.gestation, number.age, self.compared.get(number.name, "")):
                if name and self.draw.random() < 0.15:
                    baby.facts[name] = self.draw.choice(self.missing[name])
        return baby

    def _empty_record(self, baby: Baby) -> None:
        """Nothing measured, nothing on the problem list."""
        for name, fact in baby.facts.items():
            spec = self.knowledge.facts[name]
            if spec.kind == "conditions":
                baby.facts[name] = Fact(name, OnRecord({}, complete=True))
                continue
            measured = spec.query and name != "gestational_age"
            computed = isinstance(fact, Fact) and spec.of and spec.of[0] != "gestational_age"
            if measured or computed:
                baby.facts[name] = Doubt(name, Missing.ABSENT, f"no {spec.title} is on record", (name,))

    def _place(self, baby: Baby, number: Number, weeks: int, hour: int, value: Decimal) -> None:
        """The baby on this cell, with this value of the fact that is compared with it."""
        facts = self.knowledge.facts
        if number.name not in self.compared:
            return
        baby.facts[number.gestation] = self._quantity(facts[number.gestation], Decimal(weeks))
        baby.facts["gestational_age"] = self._quantity(facts["gestational_age"], Decimal(weeks))
        baby.facts[number.age] = self._quantity(facts[number.age], Decimal(hour))
        name = self.compared[number.name]
        baby.facts[name] = Fact(name, Quantity(value, value, number.unit), NOW, "Observation/x")

    def _baby(self, *, known: bool) -> Baby:
        baby = Baby(AS_OF, NOW, {})
        for spec in self.specs:
            fact = baby.facts[spec.name] = self._fact(spec, known=known)
            baby.series[spec.name] = [fact] if isinstance(fact, Fact) else []
        born = baby.facts["gestational_age"]
        weeks = self.knowledge.facts["gestational_weeks"]
        if isinstance(born, Fact):
            baby.facts[weeks.name] = self._quantity(weeks, Decimal(int(born.quantity.low)))
        else:
            baby.facts[weeks.name] = Doubt(weeks.name, born.missing, born.why, born.needs)
        return baby

    def _fact(self, spec: FactSpec, *, known: bool) -> Known:
        if spec.kind == "conditions":
            found = {name: "on record" for name in self.lists if self.draw.random() < 0.2}
            return Fact(spec.name, OnRecord(found, known or self.draw.random() < 0.9))
        if not known and self.draw.random() < 0.2:
            return self.draw.choice(self.missing[spec.name])
        return self.draw.choice(self.known[spec.name])

    def _choices(self, spec: FactSpec) -> list[Fact]:
        if spec.unit is not None:
            return [self._quantity(spec, value) for value in self._values(spec)]
        words = sorted(spec.categories) or ["recorded"]
        if spec.answers:
            words = sorted({coding.means for coding in spec.answers.codes.values()})
        return [Fact(spec.name, word, NOW, "Observation/x") for word in words]

    def _values(self, spec: FactSpec) -> list[Decimal]:
        """Under, on and over every constant that the fact is compared with."""
        assert spec.unit is not None
        values = []
        for leaf in self.leaves:
            if isinstance(leaf, Comparison) and leaf.fact == spec.name and leaf.number.value is not None:
                at = leaf.number.value * leaf.number.unit.factor / spec.unit.factor
                values += [at - STEP, at, at + STEP, at / 2, at * 2]
        return values or [Decimal(3)]

    def _quantity(self, spec: FactSpec, value: Decimal) -> Fact:
        assert spec.unit is not None
        return Fact(spec.name, Quantity(value, value, spec.unit), NOW, "Observation/x")


def _leaves(guidance: Guidance) -> Iterator[Comparison | Is | In]:
    for condition in [*guidance.statements.values(), *(entry.when for entry in guidance.recommendations)]:
        yield from comparisons(condition)
