"""The parts that every page of a rule file has: terms, numbers, tables, cases, signatures, doubts, sources."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from cds_service.cards.chart import bullets, capital, span
from cds_service.cards.text import number
from cds_service.decisions.limits import at_hour
from cds_service.knowledge.shapes import Cite, Condition, Number, Source, Table
from cds_service.review.library import Figure, Library
from cds_service.review.pictures import aged
from cds_service.review.sentences import (
    MARK,
    Sentences,
    cited,
    plain,
    spaced,
    status,
    table,
    unit_words,
    value_words,
)

MOST_AGES = 14  # of a table of values; more are thinned
MOST_COLUMNS = 8
NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")
BETWEEN = {
    "step": "Between two printed ages the figure of the last age at or below holds.",
    "line": "Between two printed ages a straight line is drawn.",
}


def section(title: str, *blocks: str) -> str:
    """A heading with what stands below it; nothing where nothing does."""
    said = [block for block in blocks if block]
    return "\n\n".join((f"## {title}", *said)) if said else ""


def terms(statements: Mapping[str, Condition], sentences: Sentences) -> str:
    blocks = [f"### Term: {spaced(name)}\n\n{sentences.criteria(one)}" for name, one in statements.items()]
    lead = "Each is a condition with a name, which the answers and notes use." if blocks else ""
    return section("Terms", lead, *blocks)


def numbers(found: Mapping[str, Number]) -> str:
    rows = [
        (f"`{one.name}`", _value(one), plain(one.cite.source.short), plain(one.cite.place), status(one.cite.source))
        for one in found.values()
    ]
    return section("Numbers", table(("number", "value", "document", "place", "checked"), rows) if rows else "")


def _value(one: Number) -> str:
    if one.table is None:
        value = value_words(one)
        named = one.title.partition(" ")[0] != value.partition(" ")[0]  # not only the figure again
        return f"{value} ({plain(one.title)})" if named else value
    less = f", minus {number(one.minus, 3)} {unit_words(one.unit)}" if one.minus else ""
    return f"{plain(one.title)}: table `{one.table.name}`, column {spaced(one.column)}{less}"


# --- tables -----------------------------------------------------------------------------------


def tables(library: Library, found: Iterable[Table], top: str, read: Collection[str] = ()) -> str:
    """`read` are the columns whose values are listed; all of them where none is named."""
    return section("Tables", *(_table(library, one, top, read or one.cells) for one in found))


def _table(library: Library, one: Table, top: str, read: Collection[str]) -> str:
    """The picture, how the table is read, and its values, thinned where they are many."""
    raw = library.tables[one.name]
    reads = [f"Source: {cited(one.cite)}. {plain(raw['how'])}"]
    if aged(one):
        end = "The last figure holds on." if one.level_after_last else "After the last age there is no line."
        reads.append(f"{BETWEEN[one.between]} {end} Before the first age there is no line.")
    first, last = one.gestations[0], one.gestations[-1]
    reads.append(
        f"Read at completed weeks of gestation. Under {first} weeks there is no figure; that of {last} weeks holds for "
        "every later week."
    )
    picture = f"![{plain(raw['title'])}]({top}charts/{one.name}.svg)"
    return "\n\n".join((f"### {plain(raw['title'])}", picture, bullets(reads), *_values(one, read)))


def _values(one: Table, read: Collection[str]) -> Iterator[str]:
    whole = f"The whole table is `tables/{one.name}.csv`."
    unit = unit_words(one.unit)
    if not aged(one):
        columns = list(one.cells)
        rows = [[str(week), *(number(one.cells[c][week][0][1], 2) for c in columns)] for week in one.gestations]
        yield f"In {unit}. {whole}"
        yield table(("weeks", *(spaced(column) for column in columns)), rows)
        return
    every = sorted({hour for cells in one.cells.values() for points in cells.values() for hour, _ in points})
    ages = every if len(every) <= MOST_AGES else [hour for hour in every if _shown(hour, every)]
    for column, cells in one.cells.items():
        if column not in read:
            continue
        grid = {(week, hour): _cell(one, cells[week], hour) for week in cells for hour in ages}
        yield f"**{capital(spaced(column))}**, {unit}, by age in hours. {whole}"
        yield _grid(grid, sorted(cells), ages)
        if any(cell.startswith("*") for cell in grid.values()):
            yield "*In italics*: not printed at that age, but read by the rule above."


def _shown(hour: int, every: list[int]) -> bool:
    step = 12 if hour <= 96 else 24 if hour <= 168 else 48
    return hour % step == 0 or hour in (every[0], every[-1])


def _cell(one: Table, points: tuple[tuple[int, Decimal], ...], hour: int) -> str:
    value = at_hour(one, points, hour)
    if value is None:
        return "–"
    shown = number(value, 2)
    return shown if hour in dict(points) else f"*{shown}*"


def _grid(grid: Mapping[tuple[int, int], str], weeks: list[int], ages: list[int]) -> str:
    """Ages downward, unless there are many weeks: a page is higher than it is wide."""
    if len(weeks) > MOST_COLUMNS:
        rows = [[f"{week} weeks", *(grid[week, hour] for hour in ages)] for week in weeks]
        return table(("", *(f"{hour} h" for hour in ages)), rows)
    rows = [[f"{hour} h", *(grid[week, hour] for week in weeks)] for hour in ages]
    return table(("age", *(f"{week} weeks" for week in weeks)), rows)


# --- cases ------------------------------------------------------------------------------------


def cases(library: Library, kind: str, name: str) -> str:
    document = library.cases_of(kind, name)
    if document is None:
        return section("Cases", "No cases are written for this file.")
    runs = f"`ivig-cds cases` runs them, out of `{kind}/{name}.toml`."
    blocks = [f"Invented newborns with the answer that is expected of this file; {runs}"]
    if given := "; ".join(_given(document)):
        blocks.append(f"Given in every case, unless it says otherwise: {given}.")
    rows = [
        (plain(case["name"]), "; ".join(_given(case)) or "as above", _pairs(case["expect"]))
        for case in document["case"]
    ]
    return section("Cases", *blocks, table(("case", "given", "expected"), rows))


def _given(case: Mapping[str, Any]) -> Iterator[str]:
    """The newborn; for safety rules also the order, the orders beside it, and what has no words."""
    yield from filter(None, [_pairs(case.get("given", {}))])
    if "order" in case:
        yield f"ordered: {_pairs(case['order'])}"
    for beside in case.get("beside", ()):
        yield f"beside it: {_pairs(beside)}"
    for resource in case.get("more", ()):
        yield f"with a further {plain(resource.get('resourceType', 'resource'))}"
    yield from (f"without {plain(spaced(key))}" for key in case.get("without", ()))


def _pairs(given: Mapping[str, Any]) -> str:
    return ", ".join(f"{plain(spaced(key))} {_plain_value(value)}" for key, value in given.items())


def _plain_value(value: object) -> str:
    """Names of the files stay as they are: `may_give`."""
    if isinstance(value, str) and NAME.fullmatch(value):
        return f"`{value}`"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal | int):
        return number(Decimal(value), 4)
    if isinstance(value, list):
        return " and ".join(_plain_value(item) for item in value) or "none"
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{plain(spaced(key))} {_plain_value(item)}" for key, item in value.items()) + ")"
    return plain(str(value))


# --- signatures, doubts, sources --------------------------------------------------------------


def signatures(library: Library, file: str, digest: str) -> str:
    signed = [
        f"Signed off by {plain(one['who'])}, {plain(one['role'])}, on {plain(one['date'])}."
        for one in library.signatures.get(digest, ())
        if one["file"] == file
    ]
    form = table(("name", "role", "date", "signature"), [(" ", " ", " ", " ")])
    said = bullets(signed) if signed else "**Not signed off by a clinician.**"
    bound = (
        f"For exactly this text of `{file}`: sha256 `{digest}`. A signature does not cover what the file leans on: "
        "tables, facts, code lists, dose limits and monitoring. Write the knowledge version into your minutes."
    )
    return section("Sign-off", said, bound, form)


def doubts(figures: Iterable[Figure], more: Iterable[str] = ()) -> str:
    """Everything of the file that rests on a source that is second-hand, unverified or our own."""
    rows = [f"{one.kind} {one.words}: {cited(one.cite)}" for one in figures if one.cite.source.doubtful]
    rows += more
    if not rows:
        return section("What is not verified", "Nothing in this file.")
    lead = f"Look each of these up before you sign. {MARK} marks them wherever they stand."
    return section("What is not verified", lead, bullets(dict.fromkeys(rows)))


def sources(library: Library, cites: Iterable[Cite]) -> str:
    found: dict[str, Source] = {cite.source.name: cite.source for cite in cites}
    rows = [
        f"**{plain(one.short)}** ({status(one)}). {_document(library.sources[name], one)}"
        for name, one in sorted(found.items())
    ]
    return section("Sources", bullets(rows))


def _document(raw: Mapping[str, Any], source: Source) -> str:
    parts = [f"{plain(source.title)}."]
    if "doi" in raw:
        parts.append(f"doi {plain(raw['doi'])}.")
    if "pmid" in raw:
        parts.append(f"PMID {plain(raw['pmid'])}.")
    if source.url:
        parts.append(f"<{source.url}>.")
    parts.append(f"Last looked up {raw['still_current_on']}. {plain(source.how)}")
    return " ".join(parts)


def grams_per_kg(limits: tuple[Decimal, Decimal]) -> str:
    return f"{span(*limits)} g/kg"
