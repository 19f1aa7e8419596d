"""The order for IVIG that is being written: what it calls its medication, and whether it can be sent back changed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cds_service.cards.text import number
from cds_service.knowledge.shapes import Product

Json = dict[str, Any]


@dataclass(slots=True)
class Draft:
    """`order` is None where it cannot be sent back changed.

    `medication` is what it calls its medication, `brands` and `strengths` (g/mL) what its words and codes name.
    """

    order: Json | None
    medication: str = ""
    brands: frozenset[str] = frozenset()
    strengths: frozenset[Decimal] = frozenset()

    @property
    def product(self) -> str:
        """`privigen, 10 %`."""
        percents = [f"{number(one * 100, 2)} %" for one in sorted(self.strengths)]
        return ", ".join([*sorted(self.brands), *percents])

    def differs(self, product: Product) -> bool:
        """Whether it names another brand or strength, so that volume and rates do not hold for it."""
        return not (self.brands <= {product.brand} and self.strengths <= {product.grams_per_ml})
