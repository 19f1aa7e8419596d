"""Writes the pages that guidance leans on: facts, code lists, monitoring, products and dose limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cds_service.cards.chart import bullets, capital
from cds_service.cards.reasons import list_title
from cds_service.cards.text import number
from cds_service.knowledge.shapes import (
    Amount,
    Cite,
    CodeList,
    DoseLimits,
    FactSpec,
    In,
    Monitoring,
    MonitoringLine,
    Product,
    Table,
)
from cds_service.review import sections
from cds_service.review.library import Library
from cds_service.review.pages import limit_words
from cds_service.review.reads import amount_words
from cds_service.review.sentences import MARK, cited, listed, plain, spaced, table, unit_words

BACK = "[All pages](README.md)"
LISTS = "code-lists/"
CODES_LEAD = (
    f"Codes and phrases that mean one thing. {MARK} marks what was seen in a single place only, or is our own: such a "
    "row counts like any other, and no card marks it. Phrases count where a record carries no code that is known."
)
CONFIRMED = ("verified", "partly verified")
SYSTEMS = {
    "text": "phrase",
    "http://loinc.org": "LOINC",
    "http://snomed.info/sct": "SNOMED CT",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
}
FIGURES = {"window": "Used up to", "warn_after": "Its age is said after"}
STABILIZERS = ("sorbitol", "maltose", "sucrose", "proline")
PARTS = {"before": "Before", "during": "During", "stop": "Stop or slow down", "after": "After"}


def page(title: str, lead: str, blocks: Iterable[str]) -> str:
    return "\n\n".join((f"# {title}", BACK, lead, *(block for block in blocks if block))) + "\n"


# --- facts ------------------------------------------------------------------------------------


def facts_page(library: Library) -> str:
    found = {name: spec for knowledge in library.sites for name, spec in knowledge.facts.items()}
    read = [_fact(library, spec) for spec in found.values() if spec.kind != "need"]
    needs = [f"{plain(spec.title)} `{spec.name}`" for spec in found.values() if spec.kind == "need"]
    cites = [one.cite for spec in found.values() for one in _amounts(spec).values()]
    tables = [one for one in _tables(library) if not _used(library, one.name)]
    blocks = [
        *read,
        sections.section("Only asked for", "These are names for what may be missing:", bullets(needs)) if needs else "",
        sections.tables(library, tables, ""),
        sections.sources(library, [*cites, *(one.cite for one in tables)]),
    ]
    lead = "Every fact that a rule may name, and the figures it is read by. What is missing never counts as normal."
    return page("Facts", lead, blocks)


def _tables(library: Library) -> Iterator[Table]:
    yield from {one.name: one for knowledge in library.sites for one in knowledge.tables.values()}.values()


def _used(library: Library, name: str) -> bool:
    return any(
        one.table is not None and one.table.name == name
        for sheet in library.sheets
        for one in sheet.rules.numbers.values()
    )


def _amounts(spec: FactSpec) -> dict[str, Amount]:
    """Every figure of a fact by its name in the file."""
    lengths = {"window": spec.window, "warn_after": spec.warn_after}
    return {**{name: one for name, one in lengths.items() if one}, **spec.amounts}


def _fact(library: Library, spec: FactSpec) -> str:
    unit = f", in {unit_words(spec.unit) or 'a bare number'}" if spec.unit else ""
    lines = [f"{capital(plain(spec.title))}; {spec.kind}{unit}"]
    if spec.codes:
        lines.append(f"Counts by: {listed(spec.codes.name, 'code-lists/')}")
    if spec.answers:
        lines.append(f"What a result means: {listed(spec.answers.name, 'code-lists/')}")
    if spec.categories:
        lines.append("Can be: " + ", ".join(spaced(one) for one in spec.categories))
    if spec.vague:
        either = " or ".join(spaced(one) for one in spec.vague.one_of)
        lines.append(f"*{capital(spaced(spec.vague.category))}* leaves open: {either}")
    if spec.of:
        lines.append("Computed from " + ", ".join(f"[{one}](#{one})" for one in spec.of))
    lines += [
        f"{FIGURES.get(name, capital(spaced(name)))}: {amount_words(one)}" for name, one in _amounts(spec).items()
    ]
    if spec.plausible:
        low, high = (number(one, 4) for one in spec.plausible)
        within = f"{low} to {high} {unit_words(spec.unit)}".rstrip()
        lines.append(f"Never used outside {within} {cited(library.plausible(spec.name))}")
    lines.append(f"Asked for, where it is missing: {plain(spec.asks)}")
    return f"## {spec.name}\n\n{bullets(lines)}"


# --- code lists -------------------------------------------------------------------------------


def codelists_page(library: Library) -> str:
    """The index of the code lists, and what asks for each."""
    users: dict[str, list[str]] = {}
    for sheet in library.sheets:
        for name in sorted({leaf.codelist.name for leaf in sheet.rules.asked() if isinstance(leaf, In)}):
            users.setdefault(name, []).append(f"[{sheet.page.removesuffix('.md')}]({sheet.page})")
    for spec in {name: one for knowledge in library.sites for name, one in knowledge.facts.items()}.values():
        for codes in (spec.codes, spec.answers):
            if codes:
                users.setdefault(codes.name, []).append(f"[{spec.name}](facts.md#{spec.name})")
    rows = []
    for name, one in library.codelists.items():
        single = sum(1 for entry in one.codes.values() if entry.status not in CONFIRMED)
        asked = ", ".join(dict.fromkeys(users.get(name, ()))) or "–"
        rows.append((listed(name, LISTS), str(len(one.codes)), str(single), asked))
    header = ("list", "codes and phrases", f"{MARK} single source or own", "asked for by")
    return page("Code lists", CODES_LEAD, [table(header, rows)])


def codelist_page(one: CodeList) -> str:
    rows = []
    for entry in one.codes.values():
        system = SYSTEMS.get(entry.system, plain(entry.system))
        checked = plain(entry.status) if entry.status in CONFIRMED else f"{MARK} {plain(entry.status)}"
        rows.append((plain(entry.display), system, f"`{entry.code}`", plain(spaced(entry.means)), checked))
    blocks = (f"# {plain(list_title(one.name))}", "[All code lists](../code-lists.md)", CODES_LEAD)
    return "\n\n".join((*blocks, table(("words", "system", "code", "means", "checked"), rows))) + "\n"


# --- monitoring -------------------------------------------------------------------------------


def monitoring_page(library: Library) -> str:
    found = {one.name: one for knowledge in library.sites for one in knowledge.monitoring.values()}
    cites = [cite for one in found.values() for cite in _cites(one)]
    blocks = [*(_monitoring(library, found[name]) for name in sorted(found)), sections.sources(library, cites)]
    lead = f"What to watch where a dose is advised. {MARK} marks what is second-hand, unverified, or our own."
    return page("Monitoring", lead, blocks)


def _cites(one: Monitoring) -> Iterator[Cite]:
    for part in PARTS:
        yield from (line.cite for line in getattr(one, part))
    yield from (order.cite for order in one.orders)


def _monitoring(library: Library, one: Monitoring) -> str:
    used = [
        f"[{sheet.rules.indication}/{sheet.rules.guideline}]({sheet.page})"
        for sheet in library.guidance
        if one.name in {used.name for used in sheet.rules.monitoring}
    ]
    blocks = [f"## {one.name}", f"On the cards of: {', '.join(used) or 'no guidance file'}."]
    blocks += [f"**{title}**\n\n{_lines(lines)}" for part, title in PARTS.items() if (lines := getattr(one, part))]
    orders = []
    for order in one.orders:
        every = f", every {number(order.every_hours, 1)} h" if order.every_hours else ""
        orders.append(f"{plain(order.text)}{every} {cited(order.cite)}")
    return "\n\n".join([*blocks, *([f"**Orders that are offered**\n\n{bullets(orders)}"] if orders else [])])


def _lines(lines: Iterable[MonitoringLine]) -> str:
    return bullets(f"{plain(line.text)} {cited(line.cite)}" for line in lines)


def _rates(one: Product) -> str:
    """The label's steps; a product whose rates are not verified is known in an order, and no site may keep it."""
    if one.max_mg_per_kg_min is None:
        return f"{MARK} Rates not verified: no site may keep it"
    steps = [
        f"{number(step.mg_per_kg_min, 3)} for {step.minutes} min" if step.minutes else number(step.mg_per_kg_min, 3)
        for step in one.steps
    ]
    return f"Rates in mg/kg/min: {', then '.join(steps)}; at most {number(one.max_mg_per_kg_min, 3)}"


# --- products and dose limits -----------------------------------------------------------------


def products_page(library: Library) -> str:
    products = {one.name: one for knowledge in library.sites for one in knowledge.products.values()}
    limits = {name: one for knowledge in library.sites for name, one in knowledge.dose_limits.items()}
    shelves = [f"{knowledge.site.name}: {plain(knowledge.site.product.title)}" for knowledge in library.sites]
    cites = [*(one.cite for one in products.values()), *(one.cite for one in limits.values())]
    blocks = [
        sections.section("On the shelf", bullets(shelves)),
        sections.section("Products", *(_product(one) for one in products.values())),
        sections.section("Dose limits", "Of a single dose.", bullets(_limits(limits))),
        sections.sources(library, cites),
    ]
    lead = f"Cards speak of the product on the site's shelf. {MARK} marks what is second-hand, unverified, or our own."
    return page("Products and dose limits", lead, blocks)


def _limits(limits: Mapping[str, DoseLimits]) -> Iterator[str]:
    for name, one in limits.items():
        yield f"`{name}`: {limit_words(one)} {cited(one.cite)}"


def _product(one: Product) -> str:
    vials = ", ".join(number(size, 2) for size in one.vials_g)
    holds = [name for name in STABILIZERS if getattr(one, name)]
    lines = [
        f"{number(one.grams_per_ml, 4)} g/mL" + (f"; vials of {vials} g" if vials else ""),
        f"{_rates(one)} {cited(one.cite)}",
        f"Label age: {plain(one.label_years)}",
        f"Dilution and flush: {plain(one.dilution)}",
        f"Of {', '.join(STABILIZERS)} it contains: {', '.join(holds) or 'none'}. IgA: {spaced(one.iga)}",
    ]
    return f"### {plain(one.title)} (`{one.name}`)\n\n{bullets(lines)}"
