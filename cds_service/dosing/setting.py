"""What an order is judged against: the baby, the product, the limits; and how the facts of an order are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from cds_service.dosing.dose import round_grams
from cds_service.facts.fact import Baby, Doubt, Fact, Missing, Quantity
from cds_service.facts.weight import as_kilograms
from cds_service.knowledge.shapes import Dose, DoseLimits, FactSpec, Product

NOT_KNOWN = "not_known"

Ends = tuple[Decimal, Decimal]  # from the lower to the higher, the same where the value is exact


@dataclass(frozen=True, slots=True)
class OrderSetting:
    """`product` is the one that the order names, `candidates` are those that it may mean, `strength` (g/mL) is what it
    names without a brand; `shelf` is the site's product. `limits` and `dose` are those of the order's `indication`,
    which is empty where it is not known. `others` are the other IVIG orders, as (id, status). `route` is iv, other or
    unstated. `advised`: by some guideline that the site follows IVIG is given. `contains`:
    stabilizers that the medication names, in its words or as ingredients. `named`: it names a brand or a strength.
    `gives`: the guideline of its indication gives IVIG, in this `dose`."""

    specs: Mapping[str, FactSpec]
    baby: Baby
    product: Product | None
    strength: Decimal | None
    shelf: Product
    limits: DoseLimits | None
    indication: str = ""
    dose: Dose | None = None
    others: tuple[tuple[str, str], ...] = ()
    route: str = "unstated"
    candidates: tuple[Product, ...] = ()
    advised: bool = False
    contains: frozenset[str] = frozenset()
    named: bool = False
    gives: bool = False
    zone: tzinfo = UTC
    source: str = ""

    @property
    def kilograms(self) -> Decimal | None:
        weight = self.baby.known("dosing_weight")
        return as_kilograms(weight.quantity) if weight else None

    @property
    def grams_per_ml(self) -> Decimal | None:
        return self.product.grams_per_ml if self.product else self.strength

    @property
    def label(self) -> Product | None:
        """The product whose rates hold: the one named, or the site's where the order names no other."""
        if self.product:
            return self.product
        return self.shelf if self.strength in (None, self.shelf.grams_per_ml) else None

    def figure(self, fact: str, name: str) -> Decimal:
        """A figure of the catalogue; 5 % is 0.05."""
        amount = self.specs[fact].amounts[name]
        return amount.value * amount.unit.factor

    def known(self, name: str, low: Decimal, high: Decimal | None = None, remark: str = "") -> Fact:
        """A fact in the unit of the catalogue."""
        unit = self.specs[name].unit
        assert unit is not None
        return Fact(name, Quantity(low, low if high is None else high, unit), source=self.source, remark=remark)

    def word(self, name: str, value: str, remark: str = "") -> Fact:
        return Fact(name, value, source=self.source, remark=remark)

    def no_weight(self, name: str) -> Doubt:
        weight = self.baby.facts.get("dosing_weight")
        why = weight.why if isinstance(weight, Doubt) else "there is no dosing weight"
        return Doubt(name, Missing.UNUSABLE, why, ("dosing_weight",))


def usual_range(setting: OrderSetting) -> Ends | None:
    """What is usual for the indication, widened to what the guideline that is followed gives this newborn."""
    limits, dose = setting.limits, setting.dose
    if limits is None or limits.usual is None:
        return None
    low, high = limits.usual
    return (min(low, dose.low), max(high, dose.high)) if dose and setting.gives else (low, high)


def doubt(name: str, why: str, *needs: str, missing: Missing = Missing.UNUSABLE) -> Doubt:
    return Doubt(name, missing, why, needs or (name,))


def again(name: str, other: Fact | Doubt) -> Doubt:
    """The same doubt about what is computed from it."""
    assert isinstance(other, Doubt)
    return Doubt(name, other.missing, other.why, other.needs)


def rounded_up(per_kg: Decimal, kilograms: Decimal | None) -> Decimal:
    """The most g/kg that a dose of `per_kg` may become by rounding it to what can be drawn up."""
    return max(per_kg, round_grams(per_kg * kilograms) / kilograms) if kilograms else per_kg


def rounded_down(per_kg: Decimal, kilograms: Decimal | None) -> Decimal:
    return min(per_kg, round_grams(per_kg * kilograms) / kilograms) if kilograms else per_kg


def shown(value: Decimal) -> str:
    """Two decimals, four below 0.1; no trailing zeros.

    >>> [shown(Decimal(value)) for value in ("3.400", "2.2059", "0.001", "120")]
    ['3.4', '2.21', '0.001', '120']
    """
    places = Decimal("0.01") if value >= Decimal("0.1") else Decimal("0.0001")
    text = f"{value.quantize(places, ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def lasting(minutes: Decimal) -> str:
    """In whole minutes, never less than it takes.

    >>> [lasting(Decimal(minutes)) for minutes in ("174.7", "120", "44.1")]
    ['2 h 55 min', '2 h', '45 min']
    """
    hours, rest = divmod(int(minutes.quantize(Decimal(1), ROUND_CEILING)), 60)
    parts = (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "")
    return " ".join(part for part in parts if part)
