"""What a file of rules reads: every fact that it names, how old it may be, and the codes that count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cds_service.cards.chart import bullets
from cds_service.cards.text import number
from cds_service.knowledge.shapes import Amount, FactSpec, Guidance, In, Rules, Safety
from cds_service.review.library import Sheet
from cds_service.review.sections import section
from cds_service.review.sentences import PLACEHOLDER, cited, plain, spaced, table, unit_words


def facts(sheet: Sheet[Rules]) -> str:
    """Every fact that the file names, and how old it may be; then the code lists that it asks for."""
    rows = []
    for spec in specs(sheet):
        age = amount_words(spec.window) if spec.window else "–"
        rows.append((f"[{plain(spec.title)}]({sheet.top}facts.md#{spec.name})", f"`{spec.name}`", _values(spec), age))
    lists = {leaf.codelist.name: leaf.codelist for leaf in sheet.rules.asked() if isinstance(leaf, In)}
    counts = []
    for name, one in sorted(lists.items()):
        single = sum(1 for entry in one.codes.values() if entry.status == "single source")
        counted = f"{len(one.codes)} codes and phrases, {single} of them seen in a single place"
        counts.append(f"{sheet.sentences.listed(name)} `{name}`: {counted}")
    blocks = [table(("fact", "name", "values", "used up to"), rows)] if rows else []
    return section("What it reads", *blocks, *(("Codes and phrases that count:", bullets(counts)) if counts else ()))


def _values(spec: FactSpec) -> str:
    if spec.unit:
        return unit_words(spec.unit) or "a number"
    words = [spaced(one) for one in spec.categories]
    if spec.answers:
        words = sorted({spaced(one.means) for one in spec.answers.codes.values()})
    return ", ".join(words) or "–"


def specs(sheet: Sheet[Rules]) -> list[FactSpec]:
    """In the order in which the file names them: conditions, tables, texts, and what is watched or weighed."""
    names = [leaf.fact for leaf in sheet.rules.asked()]
    for one in sheet.rules.numbers.values():
        names += [name for name in (one.gestation, one.age) if name]
    names += [name for text in texts(sheet.rules) for name in PLACEHOLDER.findall(text)]
    if isinstance(sheet.rules, Guidance):
        watch = sheet.rules.watch
        names += [watch.fact, watch.rate] if watch else []
        names += ["dosing_weight"] if sheet.rules.doses else []
    known = sheet.knowledge.facts
    return [known[name] for name in dict.fromkeys(names) if name in known and name not in sheet.rules.numbers]


def texts(rules: Rules) -> Iterator[str]:
    """Every text of the file that may hold placeholders."""
    if isinstance(rules, Guidance):
        yield from (one.card.summary for one in rules.recommendations)
        for note in rules.notes:
            yield from (note.text, note.summary)
    if isinstance(rules, Safety):
        for rule in rules.rules:
            yield from (rule.summary, rule.text)


def amount_words(one: Amount) -> str:
    """A figure with its unit and its citation."""
    return f"{number(one.value, 4)} {unit_words(one.unit)}".rstrip() + f" {cited(one.cite)}"


def leaning(sheet: Sheet[Rules], found: Iterable[FactSpec]) -> Iterator[str]:
    """The facts whose own figures rest on a doubtful source. Plausible ranges are left out: they only catch slips."""
    for spec in found:
        figures = [*spec.amounts.values(), *(one for one in (spec.window, spec.warn_after) if one)]
        if any(one.cite.source.doubtful for one in figures):
            yield f"[{plain(spec.title)}]({sheet.top}facts.md#{spec.name})"
