"""Infusion steps: the product's start, steps and maximum, stretched to the guideline's hours, never shortened."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from functools import cache

from cds_service.knowledge.shapes import Product

MILLIGRAMS = Decimal(1000)
MINUTES = Decimal(60)
PUMP = Decimal("0.1")
FINE_PUMP = Decimal("0.01")


@dataclass(slots=True)
class Step:
    """Run at `ml_per_h` from `start` for `minutes`; None means until the volume has been given."""

    start: int
    minutes: int | None
    ml_per_h: Decimal
    mg_per_kg_min: Decimal


@dataclass(slots=True)
class Infusion:
    """`minutes` is the longer of the guideline's time and the shortest the product allows.

    `stepped` is False where the product's step sizes are not sourced: then only start and maximum are known.
    """

    minutes: int
    guideline_minutes: int
    product_minutes: int
    steps: tuple[Step, ...]
    stepped: bool
    max_ml_per_h: Decimal
    max_mg_per_kg_min: Decimal

    @property
    def product_decides(self) -> bool:
        return self.product_minutes > self.guideline_minutes


def infusion(product: Product, kilograms: Decimal, grams: Decimal, guideline_hours: Decimal) -> Infusion:
    """The schedule for one dose.

    Gammaplex 10 %, 1 g/kg: 75 min of steps give 202.5 mg/kg, the rest runs 99.7 min at 8 mg/kg/min: 175 min.
    """
    dose = grams * MILLIGRAMS / kilograms
    unit_rate = kilograms * MINUTES / (product.grams_per_ml * MILLIGRAMS)  # mL/h for 1 mg/kg/min
    guideline = guideline_hours * MINUTES
    fastest = shortest(product, dose)
    total = max(guideline, fastest)
    stepped = len(product.steps) > 1 and all(step.minutes for step in product.steps)
    top = product.top_rate
    if stepped:
        ladder = _ladder(product, dose, total)
    else:
        first = product.steps[0]
        ladder = [(0, first.minutes, first.mg_per_kg_min)]
    steps = tuple([Step(start, minutes, _pump(rate * unit_rate), rate) for start, minutes, rate in ladder])
    return Infusion(_up(total), _up(guideline), _up(fastest), steps, stepped, _pump(top * unit_rate), top)


def _pump(ml_per_h: Decimal) -> Decimal:
    """What a syringe pump can be set to; never faster than asked."""
    return ml_per_h.quantize(PUMP, ROUND_DOWN) or ml_per_h.quantize(FINE_PUMP, ROUND_DOWN)


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a label's schedule, and what has been given (mg/kg) when it starts and when it ends."""

    start: int
    minutes: int
    rate: Decimal
    before: Decimal
    after: Decimal


@cache
def _rungs(product: Product) -> tuple[Rung, ...]:
    """The label's steps of known length, from the first on."""
    rungs: list[Rung] = []
    start, given = 0, Decimal(0)
    for step in product.steps:
        if step.minutes is None:
            break
        rungs.append(Rung(start, step.minutes, step.mg_per_kg_min, given, given + step.mg_per_kg_min * step.minutes))
        start, given = start + step.minutes, rungs[-1].after
    return tuple(rungs)


def shortest(product: Product, dose: Decimal) -> Decimal:
    """Minutes for a dose in mg/kg at the label's fastest: up its steps, then at its maximum. Flat where the steps are
    not known. Only for a product that has a maximum."""
    start, given = 0, Decimal(0)
    for rung in _rungs(product):
        if rung.after >= dose:
            return rung.start + (dose - rung.before) / rung.rate
        start, given = rung.start + rung.minutes, rung.after
    return start + (dose - given) / product.top_rate


def _ladder(product: Product, dose: Decimal, total: Decimal) -> list[tuple[int, int | None, Decimal]]:
    """(start, minutes, mg/kg/min): up the label's steps only as far as needed, then level until the end."""
    steps: list[tuple[int, int | None, Decimal]] = []
    start, given, fastest = 0, Decimal(0), product.top_rate
    for rung in _rungs(product):
        if rung.after >= dose or (dose - rung.before) / (total - rung.start) <= rung.rate:
            fastest = rung.rate
            break
        steps.append((rung.start, rung.minutes, rung.rate))
        start, given = rung.start + rung.minutes, rung.after
    return [*steps, (start, None, min((dose - given) / (total - start), fastest))]


def _up(minutes: Decimal) -> int:
    return int(minutes.quantize(Decimal(1), ROUND_CEILING))
