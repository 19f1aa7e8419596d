"""What is known of a baby: facts with value, unit, time and source; doubts with the reason why not.

Not frozen, though nothing changes them: they are made by the hundred for every call, and freezing a dataclass makes
it five times as slow to build.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from cds_service.facts.moments import Span
from cds_service.knowledge.shapes import Unit


class Quantity(NamedTuple):
    """A value, or the range it must lie in; `because` names the facts whose absence makes it a range.

    `comparator` is the laboratory's `<`, `<=`, `>` or `>=`: the range then ends at what is plausible.
    """

    low: Decimal
    high: Decimal
    unit: Unit
    because: tuple[str, ...] = ()
    comparator: str = ""

    @property
    def exact(self) -> bool:
        return self.low == self.high

    def to(self, unit: Unit) -> Quantity:
        """The same quantity in another unit. Division comes last, so 25 significant digits stay true."""
        if unit is self.unit:
            return self
        low = self.low * self.unit.factor / unit.factor
        high = low if self.exact else self.high * self.unit.factor / unit.factor
        return Quantity(low, high, unit, self.because, self.comparator)


@dataclass(slots=True)
class Reported:
    """What the laboratory or the record said, unchanged. `text` where it was said in words: `39+6`."""

    value: Decimal | None
    unit: str
    text: str = ""

    def __str__(self) -> str:
        return self.text or f"{self.value} {self.unit}".rstrip()


@dataclass(slots=True)
class OnRecord:
    """Conditions by code list: what is on record, and whether the whole list was seen."""

    found: dict[str, str]  # code list -> words of the first condition that fits
    complete: bool
    need: str = ""  # the fact that is asked for where it is not complete; its own where empty


@dataclass(slots=True)
class Fact:
    """A known fact. `value` is a quantity, a category word, or the conditions on record; `compared` are the values
    that a rate or trend was computed from; `amount` is how much of a medication was given."""

    name: str
    value: Quantity | str | OnRecord
    at: Span | None = None
    source: str = ""
    reported: Reported | None = None
    remark: str = ""
    compared: tuple[Fact, ...] = ()
    amount: Quantity | None = None

    @property
    def quantity(self) -> Quantity:
        if not isinstance(self.value, Quantity):
            raise TypeError(f"{self.name} is not a quantity")
        return self.value


class Missing(Enum):
    """Why a fact is not known."""

    ABSENT = "not on record"
    NOT_OBTAINED = "not obtained"
    UNUSABLE = "on record but not usable"


@dataclass(slots=True)
class Doubt:
    """A fact that is not known, why, and which facts would settle it."""

    name: str
    missing: Missing
    why: str
    needs: tuple[str, ...]


@dataclass
class Baby:
    """Everything known of one newborn at `as_of`. `series` holds earlier usable values, oldest first.

    `pairs` are the values that formulas compare, found once. `birth` is None where no date of birth is known;
    `birth_doubt` then says what is wrong with the one on record. `uncoded` results have no code that anybody shares,
    `unlisted` ones such a code, but not one that guidance names: counted, so that a laboratory's change shows.
    """

    as_of: datetime
    birth: Span | None
    facts: dict[str, Fact | Doubt]
    series: dict[str, list[Fact]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    birth_doubt: str = ""
    uncoded: int = 0
    unlisted: int = 0
    pairs: dict[tuple[str, bool, timedelta, timedelta], tuple[Fact, Fact] | Doubt] = field(default_factory=dict)

    def known(self, name: str) -> Fact | None:
        fact = self.facts.get(name)
        return fact if isinstance(fact, Fact) else None
