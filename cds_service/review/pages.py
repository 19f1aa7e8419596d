"""Writes one guidance file, or one file of safety rules, as a page that a clinician reads, prints and signs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cds_service.cards.chart import bullets, capital
from cds_service.cards.doses import per_kg, repeat
from cds_service.cards.reasons import list_title
from cds_service.cards.text import number
from cds_service.knowledge.shapes import (
    Cite,
    Dose,
    DoseLimits,
    Guidance,
    Knowledge,
    Note,
    Recommendation,
    Rules,
    Safety,
    SafetyRule,
    Table,
)
from cds_service.review import reads, sections
from cds_service.review.library import Figure, Library, Sheet
from cds_service.review.safety_cases import FOLDER
from cds_service.review.sentences import MARK, cited, plain, spaced, status, table, unit_words, value_words

FIRST = (
    "Read from top to bottom: the first answer whose criteria hold is the one given. Where a missing fact decides, the "
    "answer is *needs-information*, and the card asks for what is missing. A missing fact never counts as a normal one."
)
EVERY = (
    "Applied to every order for IVIG: each rule whose criteria hold is said, whatever the others say. A missing fact "
    "never counts as a normal one."
)
NOTES = "Sentences that the card says where their criteria hold. A note never changes the answer."
BOUNDS = "bounds of"
PARTS = {"amount": "g/kg", "over": "h"}
INDICATORS = {"block": "critical", "warn": "warning", "info": "info"}


def guidance_page(library: Library, sheet: Sheet[Guidance]) -> str:
    guidance, figures = sheet.rules, list(figures_of(sheet.rules))
    limits = [one.cite for one in limits_of(guidance, sheet.knowledge).values()]
    return _page(
        library,
        sheet,
        figures,
        (*limits, Cite(guidance.source, "")),
        f"# {plain(guidance.title)}",
        _head(sheet, _about(library, sheet)),
        sections.section("Answers", FIRST, *answers(sheet)),
        sections.section("Notes", NOTES, *(_note(place, one, sheet) for place, one in enumerate(guidance.notes, 1))),
        doses(sheet),
        watch(sheet),
        movable(library, sheet),
        monitoring(sheet),
        cases=(guidance.indication, guidance.guideline),
    )


def safety_page(library: Library, sheet: Sheet[Safety]) -> str:
    safety, figures = sheet.rules, list(figures_of(sheet.rules))
    return _page(
        library,
        sheet,
        figures,
        (Cite(safety.source, ""),),
        f"# {plain(safety.title)}",
        _head(sheet, [("document", f"{plain(safety.source.short)}, {status(safety.source)}")]),
        sections.section("Rules", EVERY, *(_rule(place, one, sheet) for place, one in enumerate(safety.rules, 1))),
        cases=(FOLDER, sheet.path.stem),
    )


def _page(
    library: Library,
    sheet: Sheet[Rules],
    figures: list[Figure],
    more: Iterable[Cite],
    *blocks: str,
    cases: tuple[str, str],
) -> str:
    """What the file says, then what every page has."""
    rules, found = sheet.rules, list(tables_of(sheet.rules))
    columns = {one.column for one in rules.numbers.values()}
    cites = [*(one.cite for one in figures), *(one.cite for one in found), *more]
    whole = (
        *blocks,
        sections.terms(rules.statements, sheet.sentences),
        sections.numbers(rules.numbers),
        sections.tables(library, found, sheet.top, columns),
        reads.facts(sheet),
        sections.cases(library, *cases),
        sections.doubts(figures, _more_doubts(sheet, found)),
        sections.sources(library, cites),
        sections.signatures(library, rules.file, sheet.hash),
    )
    return "\n\n".join(block for block in whole if block) + "\n"


def _head(sheet: Sheet[Rules], about: list[tuple[str, str]]) -> str:
    rows = [
        *about,
        ("signed off", "yes, see [below](#sign-off)" if sheet.rules.signed_off else "**no**"),
        ("file", f"`{sheet.rules.file}`, sha256 `{sheet.hash}`"),
    ]
    legend = f"{MARK} marks what is second-hand, unverified, or our own and in need of sign-off."
    return f"[All pages]({sheet.top}README.md)\n\n{table(('', ''), rows)}\n\n{legend}"


def _about(library: Library, sheet: Sheet[Guidance]) -> list[tuple[str, str]]:
    guidance = sheet.rules
    indication = sheet.knowledge.indications[guidance.indication]
    followed = [
        f"{knowledge.site.name} ({plain(knowledge.site.title)})" + ("" if first else ", beside")
        for knowledge, first in library.followers(guidance)
    ]
    return [
        ("indication", f"{plain(indication.title)} (`{guidance.indication}`)"),
        ("guideline", f"`{guidance.guideline}`: {plain(guidance.source.short)}, {status(guidance.source)}"),
        ("asks for", plain(guidance.asks)),
        ("use", plain(guidance.use)),
        ("not for", plain(guidance.misuse)),
        ("followed by", "; ".join(followed) or "no site of these pages"),
    ]


# --- what a guidance file says ----------------------------------------------------------------


def answers(sheet: Sheet[Guidance]) -> Iterator[str]:
    for place, one in enumerate(sheet.rules.recommendations, 1):
        yield "\n\n".join(_answer(place, one, sheet))


def _answer(place: int, one: Recommendation, sheet: Sheet[Guidance]) -> Iterator[str]:
    yield f"### {place}. {capital(plain(one.text))}"
    yield f"**{one.verdict}** {cited(one.cite)} `{one.id}`"
    yield sheet.sentences.criteria(one.when)
    if one.dose:
        yield f"Dose: {_dose(sheet.rules.doses[one.dose])}"
    yield f"Card ({one.card.indicator}): “{sheet.sentences.summary(one.card.summary)}”"


def _dose(one: Dose) -> str:
    mark = f"{MARK} " if one.cite.source.doubtful else ""
    return f"{mark}{per_kg(one)}. {repeat(one)} `{one.name}`"


def doses(sheet: Sheet[Guidance]) -> str:
    lines = [_dose(one) for one in sheet.rules.doses.values()]
    lines += [
        f"Limits of a single dose `{name}`: {limit_words(one)} {cited(one.cite)}"
        for name, one in limits_of(sheet.rules, sheet.knowledge).items()
    ]
    return sections.section("Doses", bullets(lines))


def limits_of(guidance: Guidance, knowledge: Knowledge) -> dict[str, DoseLimits]:
    """The dose limits that hold for the doses of the file; without a dose, those of its indication."""
    names = [one.limits for one in guidance.doses.values()] or [guidance.indication]
    return {name: one for name in names if (one := knowledge.dose_limits.get(name))}


def limit_words(one: DoseLimits) -> str:
    usual = f"usual {sections.grams_per_kg(one.usual)}" if one.usual else "no dose is usual"
    warn = f"an order outside {sections.grams_per_kg(one.warn)}" if any(one.warn) else "every order"
    return f"{usual}; {warn} is questioned; never computed outside {sections.grams_per_kg(one.hard)}"


def _note(place: int, one: Note, sheet: Sheet[Guidance]) -> str:
    words = sheet.sentences
    where = ", above the verdict" if one.first else ""
    lines = [f"**Note {place}**{where}: {words.filled(one.text)} {cited(one.cite)}", words.criteria(one.when)]
    if one.unless:
        lines.append(f"Unless:\n\n{words.criteria(one.unless)}")
    if one.indicator:
        lines.append(f"Raises the card to **{one.indicator}**.")
    if one.summary:
        lines.append(f"Where IVIG is not advised, the card is headed: “{words.summary(one.summary)}”")
    return "\n\n".join(lines)


def watch(sheet: Sheet[Guidance]) -> str:
    found = sheet.rules.watch
    if found is None:
        return ""
    title, rate = (capital(sheet.sentences.title(name)) for name in (found.fact, found.rate))
    lines = [f"{title} `{found.fact}` against: " + "; ".join(f"{value_words(one)} `{one.name}`" for one in found.lines)]
    lines.append(f"{rate} `{found.rate}` tells when the next line would be reached.")
    return sections.section("Watched", bullets(lines))


def movable(library: Library, sheet: Sheet[Guidance]) -> str:
    """The bounds within which a hospital may move a figure, and who of these sites has moved what."""
    bounds = [f"{one.words}: {cited(one.cite)}" for one in figures_of(sheet.rules) if one.kind == BOUNDS]
    moved = [
        f"`{knowledge.site.name}` ({plain(knowledge.site.title)}): {plain(one.was)} moved to {plain(one.now)} "
        f"{cited(one.cite)}, `{overlay.file}`, {'signed off' if overlay.signed_off else '**not signed off**'}"
        for knowledge, overlay in library.moved(sheet.rules)
        for one in overlay.moved
    ]
    if not bounds and not moved:
        return ""
    return sections.section(
        "What a hospital may move",
        "Within these bounds, by its own authority, which its cards then cite:",
        bullets(bounds),
        *(("Moved at these sites:", bullets(moved)) if moved else ()),
    )


def monitoring(sheet: Sheet[Guidance]) -> str:
    sets = [f"[{plain(list_title(one.name))}]({sheet.top}monitoring.md#{one.name})" for one in sheet.rules.monitoring]
    return sections.section("Monitoring", bullets(sets)) if sets else ""


# --- what a file of safety rules says ---------------------------------------------------------


def _rule(place: int, one: SafetyRule, sheet: Sheet[Safety]) -> str:
    words = sheet.sentences
    said = "a line on the monitoring card" if one.line else f"a card, {INDICATORS.get(one.level, one.level)}"
    lines = [
        f"### {place}. {plain(list_title(one.id))}",
        f"**{one.level}** ({said}) {cited(one.cite)} `{one.id}`",
        words.criteria(one.when),
    ]
    if one.unless:
        lines.append(f"Unless:\n\n{words.criteria(one.unless)}")
    lines += [f"{'Line' if one.line else 'Card'}: “{words.summary(one.summary)}”", _quoted(words.filled(one.text))]
    if one.offer:
        lines.append(f"Offers: {', '.join(spaced(offer) for offer in one.offer)}.")
    return "\n\n".join(lines)


def _quoted(text: str) -> str:
    """Markdown of the card, set off from the page's own."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())


# --- figures ----------------------------------------------------------------------------------


def tables_of(rules: Rules) -> Iterator[Table]:
    yield from dict.fromkeys(one.table for one in rules.numbers.values() if one.table)


def figures_of(rules: Rules) -> Iterator[Figure]:
    """Everything of the file that carries a citation."""
    for one in rules.numbers.values():
        yield Figure("number", f"`{one.name}` ({value_words(one)})", one.cite)
    if isinstance(rules, Guidance):
        yield from _bounds(rules)
        for dose in rules.doses.values():
            yield Figure("dose", f"`{dose.name}` ({sections.grams_per_kg((dose.low, dose.high))})", dose.cite)
        for entry in rules.recommendations:
            yield Figure("answer", f"`{entry.id}`", entry.cite)
        for place, note in enumerate(rules.notes, 1):
            yield Figure("note", str(place), note.cite)
    if isinstance(rules, Safety):
        for rule in rules.rules:
            yield Figure("rule", f"`{rule.id}`", rule.cite)


def _bounds(guidance: Guidance) -> Iterator[Figure]:
    for one in guidance.numbers.values():
        if one.may_vary:
            between = f"{number(one.may_vary.low, 3)} to {number(one.may_vary.high, 3)} {unit_words(one.unit)}".rstrip()
            yield Figure(BOUNDS, f"number `{one.name}`, {between}", one.may_vary.cite)
    for dose in guidance.doses.values():
        for part, vary in dose.may_vary.items():
            between = f"{number(vary.low, 3)} to {number(vary.high, 3)} {PARTS[part]}"
            yield Figure(BOUNDS, f"dose `{dose.name}`, {part}, {between}", vary.cite)


def _more_doubts(sheet: Sheet[Rules], tables: list[Table]) -> Iterator[str]:
    """What the file leans on outside itself."""
    yield from (f"table `{one.name}`: {cited(one.cite)}" for one in tables if one.cite.source.doubtful)
    if isinstance(sheet.rules, Guidance):
        for name, one in limits_of(sheet.rules, sheet.knowledge).items():
            if one.cite.source.doubtful:
                yield f"dose limits `{name}`: {cited(one.cite)}"
    if own := list(reads.leaning(sheet, reads.specs(sheet))):
        yield f"how these facts are read, each with figures of its own: {', '.join(own)}"
