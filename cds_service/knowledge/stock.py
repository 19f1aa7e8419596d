"""The shapes of what is given and ordered: products with their rates, and sets of monitoring."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cds_service.knowledge.figures import Cite, Coding

IGA_CLASSES = ("very_low", "low", "moderate", "high", "very_high", "not_known")


@dataclass(frozen=True, slots=True)
class RateStep:
    """Run at `mg_per_kg_min` for `minutes`; the last step has no end."""

    mg_per_kg_min: Decimal
    minutes: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """An IVIG product. Without verified rates it has no steps and no maximum: it can be known in an order, but no
    site may keep it. `iga` is one of IGA_CLASSES, `orderables` are the codes by which the site's EHR finds it."""

    name: str
    title: str
    grams_per_ml: Decimal
    vials_g: tuple[Decimal, ...]
    steps: tuple[RateStep, ...]
    max_mg_per_kg_min: Decimal | None
    label_years: str
    dilution: str
    cite: Cite
    sorbitol: bool
    maltose: bool
    sucrose: bool
    proline: bool
    iga: str
    orderables: tuple[Coding, ...] = ()

    @property
    def top_rate(self) -> Decimal:
        """The label's maximum in mg/kg/min, of a product that has one: every site's does."""
        assert self.max_mg_per_kg_min is not None
        return self.max_mg_per_kg_min

    @property
    def brand(self) -> str:
        """The first word of the title, in lower case and up to a hyphen: orders are read so too."""
        return self.title.split()[0].lower().partition("-")[0]


@dataclass(frozen=True, slots=True, eq=False)
class MonitoringLine:
    text: str
    cite: Cite


@dataclass(frozen=True, slots=True, eq=False)
class MonitoringOrder:
    """A ServiceRequest to offer; `every_hours` is the interval, None for once."""

    label: str
    text: str
    coding: Coding | None
    every_hours: Decimal | None
    cite: Cite
    orderables: tuple[Coding, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Monitoring:
    name: str
    before: tuple[MonitoringLine, ...]
    during: tuple[MonitoringLine, ...]
    stop: tuple[MonitoringLine, ...]
    after: tuple[MonitoringLine, ...]
    orders: tuple[MonitoringOrder, ...]
