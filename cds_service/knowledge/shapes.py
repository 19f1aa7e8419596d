"""The shapes that knowledge takes once it is loaded: frozen, typed, every name resolved.

Each thing exists once, so two are the same only if they are one (`eq=False`): what is made from them, such as the
words of a citation, can be kept by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from cds_service.knowledge.conditions import (
    ON_RECORD,
    Comparison,
    Condition,
    Group,
    In,
    Is,
    Named,
    Vague,
    comparisons,
)
from cds_service.knowledge.figures import Amount, Cite, CodeList, Coding, Number, Source, Table, Unit, Vary
from cds_service.knowledge.rules import CardText, Dose, Guidance, Moved, Note, Overlay, Recommendation, Rules, Watch
from cds_service.knowledge.stock import (
    IGA_CLASSES,
    Monitoring,
    MonitoringLine,
    MonitoringOrder,
    Product,
    RateStep,
)

__all__ = [
    "GIVES",
    "IGA_CLASSES",
    "INDICATORS",
    "ON_RECORD",
    "VERDICTS",
    "Amount",
    "CardText",
    "Cite",
    "CodeList",
    "Coding",
    "Comparison",
    "Condition",
    "Dose",
    "DoseLimits",
    "FactSpec",
    "Follow",
    "Group",
    "Guidance",
    "In",
    "Indication",
    "Is",
    "Knowledge",
    "Monitoring",
    "MonitoringLine",
    "MonitoringOrder",
    "Moved",
    "Named",
    "Note",
    "Number",
    "Overlay",
    "OverrideReason",
    "Product",
    "Query",
    "RateStep",
    "Recommendation",
    "Rules",
    "Safety",
    "SafetyRule",
    "Site",
    "Source",
    "Table",
    "Unit",
    "Vague",
    "Vary",
    "Watch",
    "comparisons",
]

VERDICTS = (
    "recommended",
    "consider",
    "not-yet",
    "not-indicated",
    "not-recommended",
    "needs-information",
    "out-of-scope",
    "no-sign",
)
GIVES = frozenset({"recommended", "consider"})
INDICATORS = ("info", "warning", "critical")


@dataclass(frozen=True, slots=True, eq=False)
class SafetyRule:
    """Fires on an order for IVIG where `when` is met and `unless` is not. `line`: said in a line, without a card of
    its own. `offer` are the suggestions it makes. `bars`: while it holds no dose is offered. `by`: what it goes by and
    therefore cites, where that is known: the product's label, the guideline's dose, or the dose limits of the
    indication."""

    id: str
    level: str
    cite: Cite
    when: Condition
    summary: str
    text: str
    unless: Condition | None = None
    offer: tuple[str, ...] = ()
    line: bool = False
    bars: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Safety(Rules):
    """Rules applied to every order for IVIG: each that is met is said."""

    title: str
    rules: tuple[SafetyRule, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Indication:
    """`named_by` are the code lists of conditions by which an order's reason names it."""

    name: str
    title: str
    short: str
    named_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FactSpec:
    """How one fact is read; `kind` is one of those that facts.toml lists. `also` names further queries to read it
    from."""

    name: str
    title: str
    kind: str
    query: str = ""
    also: tuple[str, ...] = ()
    codes: CodeList | None = None
    answers: CodeList | None = None
    unit: Unit | None = None
    decimals: int = 1
    window: Amount | None = None
    plausible: tuple[Decimal, Decimal] | None = None
    time: str = "day"
    at_birth: bool = False
    suspected: bool = False
    severe: bool = False
    refuted: bool = False
    formula: str = ""
    of: tuple[str, ...] = ()
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    vague: Vague | None = None
    warn_after: Amount | None = None
    constant: bool = False
    ever: str = ""
    need: str = ""
    asks: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """One prefetch template: a resource type and the code lists it asks for (none: all of that type). The template is
    empty where the data is read if sent, and not asked for. `days`: nothing older is asked for; 0: however old."""

    key: str
    resource: str
    template: str
    days: int = 0

    def asked(self, today: date) -> str:
        """The template on a day. Its date is the first of a month, so that what is published seldom changes; one that
        was copied once stays right, and only reaches further back."""
        if not self.days:
            return self.template
        return f"{self.template}&date=ge{(today - timedelta(days=self.days)).replace(day=1).isoformat()}"


@dataclass(frozen=True, slots=True)
class DoseLimits:
    """Per single dose, g/kg: `usual` is what guidelines ask for (None: no dose is usual), an order outside `warn` is
    questioned, outside `hard` no dose is ever computed for a card. `hours`: no dose is given over less."""

    usual: tuple[Decimal, Decimal] | None
    warn: tuple[Decimal, Decimal]
    hard: tuple[Decimal, Decimal]
    cite: Cite
    hours: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Follow:
    indication: str
    guideline: str
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverrideReason:
    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Site:
    name: str
    title: str
    zone: ZoneInfo
    product: Product
    follows: tuple[Follow, ...]
    shelf: tuple[Product, ...] = ()  # every product in stock, the default one first


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """Everything one site needs, loaded once."""

    version: str
    site: Site
    sources: Mapping[str, Source]
    spellings: Mapping[tuple[str, str], Unit]
    codelists: Mapping[str, CodeList]
    facts: Mapping[str, FactSpec]
    queries: Mapping[str, Query]
    tables: Mapping[str, Table]
    indications: Mapping[str, Indication]
    guidance: Mapping[tuple[str, str], Guidance]
    safety: tuple[Safety, ...]
    monitoring: Mapping[str, Monitoring]
    products: Mapping[str, Product]
    dose_limits: Mapping[str, DoseLimits]
    override_reasons: tuple[OverrideReason, ...]
    system_aliases: Mapping[str, str]
    unsigned: tuple[str, ...]

    @property
    def rules(self) -> Iterator[Rules]:
        """Every file that judges."""
        yield from self.guidance.values()
        yield from self.safety

    @property
    def asked_for(self) -> tuple[str, ...]:
        """The prefetch keys of what the EHR is asked to send, besides the patient."""
        return tuple(key for key, query in self.queries.items() if query.template)
