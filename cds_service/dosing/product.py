"""Which product an order is for: the one it names, or the site's where it names none."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from cds_service.knowledge.shapes import Product


def candidates(
    products: Iterable[Product], shelf: Product, brands: frozenset[str], strengths: frozenset[Decimal]
) -> tuple[Product, ...]:
    """The products that an order may mean. A generic order is for what is on the shelf, if its strength fits."""
    if not brands:
        return (shelf,) if strengths <= {shelf.grams_per_ml} else ()
    named = [one for one in products if {one.brand} >= brands and (not strengths or {one.grams_per_ml} >= strengths)]
    return (shelf,) if shelf in named else tuple(named)


def ordered_product(meant: tuple[Product, ...]) -> Product | None:
    """The one among them whose label holds; None where the order leaves the strength open, or names what is not known.

    Where one brand has several labels (Privigen for thrombocytopenia, Privigen elsewhere), the slowest.
    """
    if len({one.grams_per_ml for one in meant}) != 1:
        return None
    # A label without a rate before all, for then no rate can be called safe.
    return min(meant, key=lambda one: one.max_mg_per_kg_min or Decimal(0))
