"""What is known of a baby: facts with value, unit, time and source; doubts with the reason why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum

from cds_service.facts.moments import Span
from cds_service.knowledge.shapes import Unit


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value, or the range it must lie in; `because` names the facts whose absence makes it a range."""

    low: Decimal
    high: Decimal
    unit: Unit
    because: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        return self.low == self.high

    def to(self, unit: Unit) -> Quantity:
        """The same quantity in another unit. Division comes last, so 25 significant digits stay true."""
        if unit is self.unit or unit.name == self.unit.name:
            return self
        low = self.low * self.unit.factor / unit.factor
        high = low if self.exact else self.high * self.unit.factor / unit.factor
        return Quantity(low, high, unit, self.because)


@dataclass(frozen=True, slots=True)
class Reported:
    """What the laboratory or the record said, unchanged."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class OnRecord:
    """Conditions by code list: what is on record, and whether the whole list was seen."""

    found: dict[str, str]  # code list -> words of the first condition that fits
    complete: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """A known fact. `value` is a quantity, a category word, or the conditions on record."""

    name: str
    value: Quantity | str | OnRecord
    at: Span | None = None
    source: str = ""
    reported: Reported | None = None
    remark: str = ""

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


@dataclass(frozen=True, slots=True)
class Doubt:
    """A fact that is not known, why, and which facts would settle it."""

    name: str
    missing: Missing
    why: str
    needs: tuple[str, ...]


@dataclass
class Baby:
    """Everything known of one newborn at `as_of`. `series` holds earlier usable values, oldest first."""

    as_of: datetime
    birth: Span | None
    facts: dict[str, Fact | Doubt]
    series: dict[str, list[Fact]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def known(self, name: str) -> Fact | None:
        fact = self.facts.get(name)
        return fact if isinstance(fact, Fact) else None
