"""The shapes that knowledge takes once it is loaded: frozen, typed, every name resolved.

Each thing exists once, so two are the same only if they are one (`eq=False`): what is made from them, such as the
words of a citation, can be kept by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

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
IGA_CLASSES = ("very_low", "low", "moderate", "high", "very_high", "not_known")
ON_RECORD = ("recorded", "not_recorded", "known")  # what `is` may ask of every fact


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


# --- conditions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Vague:
    """A category that leaves open which of others holds; `needs` names what would tell."""

    category: str
    one_of: tuple[str, ...]
    needs: str


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    text: str
    fact: str
    op: str
    number: Number


@dataclass(frozen=True, slots=True, eq=False)
class Is:
    """`dat is positive`; `recorded`, `not_recorded` and `known` fit every fact.

    `vague` is set where the fact may be told so vaguely that this category is one of those it may be.
    """

    text: str
    fact: str
    category: str
    vague: Vague | None = None


@dataclass(frozen=True, slots=True, eq=False)
class In:
    """`conditions in fnait`."""

    text: str
    fact: str
    codelist: CodeList


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """`all`, `any` or `none` of its items."""

    word: str
    items: tuple[Condition, ...]


Condition = Comparison | Is | In | Named | Group


def comparisons(condition: Condition) -> Iterator[Comparison | Is | In]:
    """Those that stand in the condition itself; statements that it names are not followed."""
    if isinstance(condition, Group):
        for item in condition.items:
            yield from comparisons(item)
    elif not isinstance(condition, Named):
        yield condition


# --- rules ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What a file of guidance or of safety rules judges with. `units` are the file's own of the facts it compares."""

    file: str
    source: Source
    signed_off: bool
    numbers: Mapping[str, Number]
    statements: Mapping[str, Condition]
    units: Mapping[str, Unit]
    conditions: tuple[Condition, ...]  # of every entry

    def asked(self) -> Iterator[Comparison | Is | In]:
        """Every comparison that stands in the file."""
        for condition in (*self.statements.values(), *self.conditions):
            yield from comparisons(condition)


# --- guidance ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CardText:
    indicator: str
    summary: str


@dataclass(frozen=True, slots=True, eq=False)
class Recommendation:
    id: str
    verdict: str
    cite: Cite
    text: str
    when: Condition
    card: CardText
    dose: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Note:
    """A sentence said when `when` is met and `unless` is not. With an indicator it can only raise the card's."""

    text: str
    when: Condition
    cite: Cite
    unless: Condition | None = None
    first: bool = False
    indicator: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Dose:
    """Per-kilogram dose; `hours` is the guideline's infusion time, 0 where it states none, the longest where it states
    a range from `hours_from`. `course` is the most in one course, g/kg; `limits` names the entry of the dose limits."""

    name: str
    cite: Cite
    low: Decimal
    high: Decimal
    hours: Decimal
    repeat_after_hours: Decimal | None
    repeat_text: str
    at_most: int | None
    hours_from: Decimal = Decimal(0)
    course: Decimal | None = None
    limits: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """A value followed against lines: distances now, and when the first line would be crossed."""

    fact: str
    rate: str
    lines: tuple[Number, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Guidance(Rules):
    """One indication by one guideline."""

    indication: str
    guideline: str
    title: str
    asks: str
    use: str
    misuse: str
    monitoring: tuple[Monitoring, ...]
    recommendations: tuple[Recommendation, ...]
    notes: tuple[Note, ...]
    doses: Mapping[str, Dose]
    watch: Watch | None


@dataclass(frozen=True, slots=True, eq=False)
class SafetyRule:
    """Fires on an order for IVIG where `when` is met and `unless` is not. `line`: said in a line, without a card of
    its own. `offer` are the suggestions it makes."""

    id: str
    level: str
    cite: Cite
    when: Condition
    summary: str
    text: str
    unless: Condition | None = None
    offer: tuple[str, ...] = ()
    line: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Safety(Rules):
    """Rules applied to every order for IVIG: each that is met is said."""

    title: str
    rules: tuple[SafetyRule, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Indication:
    name: str
    title: str
    short: str


@dataclass(frozen=True, slots=True, eq=False)
class FactSpec:
    """How one fact is read; `kind` is one of those that facts.toml lists."""

    name: str
    title: str
    kind: str
    query: str = ""
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
    formula: str = ""
    of: tuple[str, ...] = ()
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    vague: Vague | None = None
    warn_after: Amount | None = None
    constant: bool = False
    asks: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """One prefetch template: a resource type and the code lists it asks for (none: all of that type). The template is
    empty where the data is read if sent, and not asked for."""

    key: str
    resource: str
    template: str


@dataclass(frozen=True, slots=True)
class RateStep:
    """Run at `mg_per_kg_min` for `minutes`; the last step has no end."""

    mg_per_kg_min: Decimal
    minutes: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """An IVIG product. Without verified rates it has no steps and no maximum: it can be known in an order, but no
    site may keep it. `iga` is one of IGA_CLASSES."""

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


@dataclass(frozen=True, slots=True, eq=False)
class Monitoring:
    name: str
    before: tuple[MonitoringLine, ...]
    during: tuple[MonitoringLine, ...]
    stop: tuple[MonitoringLine, ...]
    after: tuple[MonitoringLine, ...]
    orders: tuple[MonitoringOrder, ...]


@dataclass(frozen=True, slots=True)
class DoseLimits:
    """Per single dose, g/kg: `usual` is what guidelines ask for (None: no dose is usual), an order outside `warn` is
    questioned, outside `hard` no dose is ever computed for a card."""

    usual: tuple[Decimal, Decimal] | None
    warn: tuple[Decimal, Decimal]
    hard: tuple[Decimal, Decimal]
    cite: Cite


@dataclass(frozen=True, slots=True)
class Follow:
    indication: str
    guideline: str
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverrideReason:
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Site:
    name: str
    title: str
    zone: ZoneInfo
    product: Product
    follows: tuple[Follow, ...]


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
