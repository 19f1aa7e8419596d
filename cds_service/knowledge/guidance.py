"""Loads one guidance file: one indication by one guideline, every name resolved, every figure cited."""

from __future__ import annotations

import string
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge.catalogue import Catalogue
from cds_service.knowledge.cites import cite
from cds_service.knowledge.files import decimal, lookup, read_toml
from cds_service.knowledge.grammar import Parser, compared_with
from cds_service.knowledge.numbers import number, vary
from cds_service.knowledge.overlays import DOSE_PARTS, Moves, check_bounds, filled, laid_over, recited
from cds_service.knowledge.shapes import (
    GIVES,
    CardText,
    Cite,
    Condition,
    Dose,
    Group,
    Guidance,
    Monitoring,
    Named,
    Note,
    Number,
    Recommendation,
    Source,
    Watch,
)
from cds_service.knowledge.trust import check_critical

PLACEHOLDER_DOSE = "dose"
INFUSION = "infusion"
HOURS_A_WEEK = 168
WEEKS_FROM = 3


def load_guidance(
    path: Path, name: str, catalogue: Catalogue, *, signed_off: bool, moves: Moves | None = None
) -> Guidance:
    """`moves` is what the site's overlay moves in this file."""
    original = raw = read_toml(path, "guidance")
    if name != f"indications/{raw['indication']}/{raw['guideline']}.toml":
        raise KnowledgeError(name, f"the file holds {raw['indication']}/{raw['guideline']}: name and place must agree")
    check_bounds(raw, name)
    raw = filled(laid_over(raw, moves, catalogue.sources) if moves else raw, name)
    lookup(catalogue.indications, raw["indication"], name, "indication")
    guidance, parser = _built(raw, catalogue, name, signed_off=signed_off)
    if moves:
        guidance = recited(guidance, moves, original)
    _complete(guidance, parser, catalogue, name)
    return guidance


def _built(raw: Mapping[str, Any], catalogue: Catalogue, name: str, *, signed_off: bool) -> tuple[Guidance, Parser]:
    """The guidance that a file says, and the parser that read its conditions."""
    source = lookup(catalogue.sources, raw["source"], name, "source")
    parser, statements = read_grammar(raw, source, catalogue, name)
    doses = {
        key: _dose(key, value, source, catalogue, name, raw["indication"])
        for key, value in raw.get("doses", {}).items()
    }
    recommendations = tuple(_recommendation(entry, source, catalogue, parser, doses) for entry in raw["recommend"])
    notes = tuple(_note(entry, source, catalogue, parser) for entry in raw.get("note", ()))
    watch = _watch(raw.get("watch"), catalogue, parser.numbers, name)
    conditions = (
        *(entry.when for entry in recommendations),
        *(note.when for note in notes),
        *(note.unless for note in notes if note.unless),
    )
    guidance = Guidance(
        name,
        source,
        signed_off,
        parser.numbers,
        statements,
        parser.units | ({watch.fact: watch.lines[0].unit} if watch else {}),
        conditions,
        raw["indication"],
        raw["guideline"],
        raw["title"],
        raw["asks"],
        raw["use"],
        raw["misuse"],
        _monitoring(raw, catalogue, name),
        recommendations,
        notes,
        doses,
        watch,
    )
    return guidance, parser


def read_grammar(
    raw: Mapping[str, Any], source: Source, catalogue: Catalogue, name: str, *, orders: bool = False
) -> tuple[Parser, dict[str, Condition]]:
    """The numbers and statements of a file, and the parser that reads its conditions."""
    of = compared_with(raw, catalogue.facts)
    numbers = {
        key: number(key, value, source, catalogue, name, of.get(key, "")) for key, value in raw["numbers"].items()
    }
    parser = Parser(name, catalogue.facts, catalogue.codelists, numbers, raw["statements"], orders=orders)
    statements = {key: parser.condition(value, key) for key, value in raw["statements"].items()}
    _no_cycles(statements, name)
    return parser, statements


def _monitoring(raw: Mapping[str, Any], catalogue: Catalogue, name: str) -> tuple[Monitoring, ...]:
    """The sets that the file names; else what holds for every infusion, and the set of the indication's name."""
    sets = catalogue.monitoring
    if "monitoring" in raw:
        return tuple(lookup(sets, one, f"{name}: monitoring", "monitoring") for one in raw["monitoring"])
    return tuple(sets[one] for one in (INFUSION, raw["indication"]) if one in sets)


def _recommendation(
    raw: Mapping[str, Any], source: Source, catalogue: Catalogue, parser: Parser, doses: Mapping[str, Dose]
) -> Recommendation:
    place = f"{parser.file}: {raw['id']}"
    gives = raw["verdict"] in GIVES
    if gives != ("dose" in raw):
        raise KnowledgeError(place, f"verdict {raw['verdict']} {'needs a' if gives else 'may not have a'} dose")
    if gives:
        lookup(doses, raw["dose"], place, "dose")
    placeholders(raw["card"]["summary"], catalogue, parser, place, dose=gives)
    return Recommendation(
        raw["id"],
        raw["verdict"],
        cite(raw["cite"], catalogue.sources, source, place),
        raw["text"],
        parser.condition(raw["when"], f"{raw['id']}.when"),
        CardText(raw["card"]["indicator"], raw["card"]["summary"]),
        raw.get("dose", ""),
    )


def _note(raw: Mapping[str, Any], source: Source, catalogue: Catalogue, parser: Parser) -> Note:
    place = f"{parser.file}: note"
    for text in (raw["text"], raw.get("summary", "")):
        placeholders(text, catalogue, parser, place)
    return Note(
        raw["text"],
        parser.condition(raw["when"], "note.when"),
        cite(raw["cite"], catalogue.sources, source, place),
        parser.condition(raw["unless"], "note.unless") if "unless" in raw else None,
        raw.get("first", False),
        raw.get("indicator", ""),
        raw.get("summary", ""),
    )


def _dose(key: str, raw: Mapping[str, Any], source: Source, catalogue: Catalogue, name: str, indication: str) -> Dose:
    place = f"{name}: doses.{key}"
    own = lookup(catalogue.sources, raw["source"], place, "source") if "source" in raw else source
    low, high = decimal(raw["amount"]["from"], place), decimal(raw["amount"]["to"], place)
    if not 0 < low <= high:
        raise KnowledgeError(place, "the amount must rise from above zero")
    over = raw.get("over", {})
    longest, shortest = (decimal(over.get(end, over.get("value", 0)), place) for end in ("to", "from"))
    if shortest > longest:
        raise KnowledgeError(place, "over must rise")
    repeat = raw.get("repeat", {})
    after, to = repeat.get("after"), repeat.get("to")
    return Dose(
        key,
        Cite(own, raw["cite"]),
        low,
        high,
        longest,
        None if after is None else decimal(after, place),
        _interval(after, to),
        repeat.get("at_most"),
        shortest,
        decimal(raw["course"]["value"], place) if "course" in raw else None,
        raw.get("limits", indication),
        raw.get("note", ""),
        {
            part: vary(raw["may_vary"][part], raw["may_vary"], catalogue, place)
            for part in raw.get("may_vary", {})
            if part in DOSE_PARTS
        },
    )


def _interval(after: Decimal | int | None, to: Decimal | int | None) -> str:
    """`12 h`, `12-24 h`, `3-4 weeks`: in whole weeks from three on."""
    if after is None:
        return ""
    ends = [after] if to is None else [after, to]
    if after >= WEEKS_FROM * HOURS_A_WEEK and all(end % HOURS_A_WEEK == 0 for end in ends):
        return "-".join(str(int(end / HOURS_A_WEEK)) for end in ends) + " weeks"
    return "-".join(str(end) for end in ends) + " h"


def _watch(
    raw: Mapping[str, Any] | None, catalogue: Catalogue, numbers: Mapping[str, Number], name: str
) -> Watch | None:
    if raw is None:
        return None
    place = f"{name}: watch"
    lines = tuple(lookup(numbers, line, place, "number") for line in raw["lines"])
    for line in lines:
        if line.table is None:
            raise KnowledgeError(place, f"{line.name} is a constant; only lines of a table are watched")
    kinds = [lookup(catalogue.facts, raw[key], place, "fact").unit for key in ("fact", "rate")]
    value, rate = (kind.quantity if kind else "no quantity" for kind in kinds)
    if any(line.unit.quantity != value for line in lines):
        raise KnowledgeError(place, f"{raw['fact']} is measured as {value}, and not every line is")
    if rate != f"{value}_rate":
        raise KnowledgeError(place, f"{raw['rate']} is measured as {rate}: not the rate of {raw['fact']}")
    return Watch(raw["fact"], raw["rate"], lines)


def placeholders(text: str, catalogue: Catalogue, parser: Parser, place: str, *, dose: bool = False) -> None:
    """Every name in braces must be that of a fact or a number, or `dose`; a number that is shown is used."""
    numbers = parser.numbers
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError as error:
        raise KnowledgeError(place, f"{text!r} is not a template: {error}; braces hold a name, as in {{tsb}}") from None
    for _, word, form, conversion in pieces:
        if form or conversion:
            raise KnowledgeError(place, f"{{{word}}} may not carry a format; write the name alone")
        if word is None or word in catalogue.facts or (dose and word == PLACEHOLDER_DOSE):
            continue
        if word in numbers:
            parser.used_numbers.add(word)
            continue
        known = sorted({*numbers, *catalogue.facts, *([PLACEHOLDER_DOSE] if dose else [])})
        raise KnowledgeError(place, f"{{{word}}} is not known; known: {', '.join(known)}")


def _no_cycles(statements: Mapping[str, Condition], name: str) -> None:
    def visit(condition: Condition, path: tuple[str, ...]) -> None:
        if isinstance(condition, Named):
            if condition.name in path:
                raise KnowledgeError(f"{name}: {condition.name}", "the statement leads back to itself")
            visit(statements[condition.name], (*path, condition.name))
        elif isinstance(condition, Group):
            for item in condition.items:
                visit(item, path)

    for key, condition in statements.items():
        visit(condition, (key,))


def _complete(guidance: Guidance, parser: Parser, catalogue: Catalogue, name: str) -> None:
    """Nothing defined and unused, no id twice, doses inside the hard limits."""
    lines = {number.name for number in guidance.watch.lines} if guidance.watch else set()
    for kind, defined, used in (
        ("number", set(guidance.numbers), parser.used_numbers | lines),
        ("statement", set(guidance.statements), parser.used_statements),
        ("dose", set(guidance.doses), {entry.dose for entry in guidance.recommendations}),
    ):
        if unused := defined - used:
            raise KnowledgeError(name, f"{kind} {', '.join(sorted(unused))} is defined but not used")
    ids = [entry.id for entry in guidance.recommendations]
    if len(ids) != len(set(ids)):
        raise KnowledgeError(name, f"two recommendations share an id: {ids}")
    for dose in guidance.doses.values():
        limits = lookup(catalogue.limits, dose.limits, f"{name}: doses.{dose.name}", "dose limit")
        if dose.low < limits.hard[0] or dose.high > limits.hard[1]:
            low, high = limits.hard
            raise KnowledgeError(f"{name}: doses.{dose.name}", f"outside the hard limits {low}-{high} g/kg")
    check_critical(guidance, catalogue.facts)
