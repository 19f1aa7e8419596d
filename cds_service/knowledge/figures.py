"""The shapes of what figures are made of: units, documents and places in them, codes, tables, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of one kind of quantity; `factor` multiplies a value into that quantity's base unit."""

    name: str
    quantity: str
    factor: Decimal


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One document. `verified` says how its figures were checked and is shown wherever they are."""

    name: str
    short: str
    title: str
    year: int
    verified: str
    how: str
    url: str = ""

    @property
    def doubtful(self) -> bool:
        return self.verified in {"second-hand", "unverified", "own"}


@dataclass(frozen=True, slots=True, eq=False)
class Cite:
    """A place in a document; `text` is both in words."""

    source: Source
    place: str
    text: str = field(init=False)

    def __post_init__(self) -> None:
        text = f"{self.source.short}, {self.place}" if self.place else self.source.short
        object.__setattr__(self, "text", text)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, eq=False)
class Amount:
    """A figure with its unit and its place in a document."""

    value: Decimal
    unit: Unit
    cite: Cite


@dataclass(frozen=True, slots=True)
class Coding:
    system: str
    code: str
    display: str
    means: str
    status: str


@dataclass(frozen=True, slots=True, eq=False)
class CodeList:
    """Codes that mean one thing. `texts` are phrases for records that carry no code, longest first."""

    name: str
    codes: Mapping[tuple[str, str], Coding]
    texts: Mapping[str, Coding]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Thresholds by gestation (completed weeks) and age (hours).

    `cells[column][gestation]` is a list of (age in hours, value), ages rising.
    `between` is "step" (the last printed age at or below) or "line" (a straight line between printed ages).
    """

    name: str
    unit: Unit
    cite: Cite
    between: str
    level_after_last: bool
    gestations: tuple[int, ...]
    show_at: tuple[int, ...]
    cells: Mapping[str, Mapping[int, tuple[tuple[int, Decimal], ...]]]


@dataclass(frozen=True, slots=True, eq=False)
class Vary:
    """From where to where a hospital may move a figure, in the figure's own unit."""

    low: Decimal
    high: Decimal
    cite: Cite


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A limit: a constant, or a cell of a table read at facts of the baby, less a margin."""

    name: str
    unit: Unit
    cite: Cite
    title: str
    value: Decimal | None = None
    table: Table | None = None
    column: str = ""
    gestation: str = ""
    age: str = ""
    minus: Decimal = Decimal(0)
    may_vary: Vary | None = None
