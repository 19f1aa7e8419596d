"""The shapes of a file that judges, and of guidance: answers, notes, doses, and what a hospital moved in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from cds_service.knowledge.conditions import Comparison, Condition, In, Is, comparisons
from cds_service.knowledge.figures import Cite, Number, Source, Unit, Vary
from cds_service.knowledge.stock import Monitoring


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What a file of guidance or of safety rules judges with. `units` are the file's own of the facts it compares."""

    file: str
    source: Source
    signed_off: bool
    numbers: Mapping[str, Number]
    statements: Mapping[str, Condition]
    units: Mapping[str, Unit]
    conditions: tuple[Condition, ...]  # of every entry

    def asked(self) -> Iterator[Comparison | Is | In]:
        """Every comparison that stands in the file."""
        for condition in (*self.statements.values(), *self.conditions):
            yield from comparisons(condition)


@dataclass(frozen=True, slots=True)
class CardText:
    indicator: str
    summary: str


@dataclass(frozen=True, slots=True, eq=False)
class Recommendation:
    id: str
    verdict: str
    cite: Cite
    text: str
    when: Condition
    card: CardText
    dose: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Note:
    """A sentence said when `when` is met and `unless` is not. With an indicator it can only raise the card's."""

    text: str
    when: Condition
    cite: Cite
    unless: Condition | None = None
    first: bool = False
    indicator: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Dose:
    """Per-kilogram dose; `hours` is the guideline's infusion time, 0 where it states none, the longest where it states
    a range from `hours_from`. `course` is the most in one course, g/kg; `limits` names the entry of the dose limits."""

    name: str
    cite: Cite
    low: Decimal
    high: Decimal
    hours: Decimal
    repeat_after_hours: Decimal | None
    repeat_text: str
    at_most: int | None
    hours_from: Decimal = Decimal(0)
    course: Decimal | None = None
    limits: str = ""
    note: str = ""
    may_vary: Mapping[str, Vary] = field(default_factory=dict)
    set_by: str = "the guideline"  # or `this site`, which moved it


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """A value followed against lines: distances now, and when the first line would be crossed."""

    fact: str
    rate: str
    lines: tuple[Number, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """One figure that a hospital moved: `20 10*9/L` to `25 10*9/L`, by its own authority."""

    was: str
    now: str
    cite: Cite


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """What a hospital moved in one guidance file, within what that lets vary."""

    file: str
    signed_off: bool
    moved: tuple[Moved, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Guidance(Rules):
    """One indication by one guideline."""

    indication: str
    guideline: str
    title: str
    asks: str
    use: str
    misuse: str
    monitoring: tuple[Monitoring, ...]
    recommendations: tuple[Recommendation, ...]
    notes: tuple[Note, ...]
    doses: Mapping[str, Dose]
    watch: Watch | None
    overlay: Overlay | None = None
