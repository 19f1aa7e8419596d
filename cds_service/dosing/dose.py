"""Dose in grams and milliliters for one baby: exact, rounded to what can be drawn up, with its vials."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from cds_service.dosing.rate import Infusion, infusion
from cds_service.facts.fact import Baby, Fact
from cds_service.facts.weight import as_kilograms
from cds_service.knowledge.shapes import Dose, DoseLimits, Product

HALF = Decimal("0.5")
TENTH = Decimal("0.1")
TOLERANCE = Decimal("0.1")


@dataclass(slots=True)
class Portion:
    """One dose. `exact` and `rounded` in grams, `milliliters` of the shelf product for the rounded grams."""

    grams_per_kg: Decimal
    exact: Decimal
    rounded: Decimal
    milliliters: Decimal
    vials: tuple[tuple[int, Decimal], ...]
    infusion: Infusion

    @property
    def rounded_per_kg(self) -> Decimal:
        return self.rounded * self.grams_per_kg / self.exact

    @property
    def rounding_percent(self) -> Decimal:
        """By how much rounding changes the dose."""
        return abs(self.rounded - self.exact) * 100 / self.exact


@dataclass(slots=True)
class Plan:
    """The doses that a guideline allows: one, or the lowest and the highest."""

    dose: Dose
    weight: Fact
    kilograms: Decimal
    portions: tuple[Portion, ...]


def plan(dose: Dose, baby: Baby, product: Product, limits: DoseLimits) -> Plan | None:
    """None where there is no usable weight: a dose is never computed on a doubt."""
    weight = baby.known("dosing_weight")
    return None if weight is None else plan_on(weight, dose, product, limits)


def plan_on(weight: Fact, dose: Dose, product: Product, limits: DoseLimits) -> Plan:
    kilograms = as_kilograms(weight.quantity)
    per_kg = (dose.low,) if dose.low == dose.high else (dose.low, dose.high)
    return Plan(dose, weight, kilograms, tuple(portion(each, kilograms, dose, product, limits) for each in per_kg))


def portion(grams_per_kg: Decimal, kilograms: Decimal, dose: Dose, product: Product, limits: DoseLimits) -> Portion:
    exact = grams_per_kg * kilograms
    rounded = round_grams(exact)
    if not limits.hard[0] * kilograms <= rounded <= limits.hard[1] * kilograms:
        rounded = exact
    milliliters = rounded / product.grams_per_ml
    return Portion(
        grams_per_kg,
        exact,
        rounded,
        milliliters,
        vials(rounded, product.vials_g),
        infusion(product, kilograms, rounded, max(dose.hours, limits.hours)),
    )


def round_grams(exact: Decimal) -> Decimal:
    """To the nearest 0.5 g where that changes the dose by at most 10 %, else to 0.1 g likewise, else not at all.

    >>> [str(round_grams(Decimal(grams))) for grams in ("3.4", "1.7", "0.45")]
    ['3.5', '1.7', '0.45']
    """
    for step in (HALF, TENTH):
        rounded = (exact / step).quantize(Decimal(1), ROUND_HALF_UP) * step
        if rounded and abs(rounded - exact) <= TOLERANCE * exact:
            return rounded
    return exact


def vials(grams: Decimal, sizes: tuple[Decimal, ...]) -> tuple[tuple[int, Decimal], ...]:
    """The smallest single vial that holds the dose, else the fewest of the largest size and one more.

    >>> vials(Decimal("3.5"), (Decimal(5), Decimal(10)))
    ((1, Decimal('5')),)
    """
    for size in sorted(sizes):
        if size >= grams:
            return ((1, size),)
    largest = max(sizes)
    count = int(grams // largest)
    rest = grams - count * largest
    return ((count, largest), *vials(rest, sizes)) if rest else ((count, largest),)
