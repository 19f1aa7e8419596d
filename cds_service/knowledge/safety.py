"""Loads one file of safety rules: the grammar of guidance, applied to every order for IVIG, each rule on its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge.catalogue import Catalogue
from cds_service.knowledge.cites import cite
from cds_service.knowledge.files import lookup, read_toml
from cds_service.knowledge.grammar import Parser
from cds_service.knowledge.guidance import placeholders, read_grammar
from cds_service.knowledge.shapes import Condition, Safety, SafetyRule, Source
from cds_service.knowledge.trust import at_most_a_warning

OWN = "own"
BLOCK = "block"


def load_safety(path: Path, name: str, catalogue: Catalogue, *, signed_off: bool) -> Safety:
    raw = {"numbers": {}, "statements": {}, **read_toml(path, "safety")}
    source = lookup(catalogue.sources, raw.get("source", OWN), name, "source")
    parser, statements = read_grammar(raw, source, catalogue, name, orders=True)
    rules = tuple(_rule(entry, source, catalogue, parser, statements) for entry in raw["rule"])
    conditions = (*(rule.when for rule in rules), *(rule.unless for rule in rules if rule.unless))
    for kind, defined, used in (
        ("number", set(parser.numbers), parser.used_numbers),
        ("statement", set(statements), parser.used_statements),
    ):
        if unused := defined - used:
            raise KnowledgeError(name, f"{kind} {', '.join(sorted(unused))} is defined but not used")
    return Safety(name, source, signed_off, parser.numbers, statements, parser.units, conditions, raw["title"], rules)


def _rule(
    raw: Mapping[str, Any],
    source: Source,
    catalogue: Catalogue,
    parser: Parser,
    statements: Mapping[str, Condition],
) -> SafetyRule:
    place = f"{parser.file}: {raw['id']}"
    for text in (raw["summary"], raw["text"]):
        placeholders(text, catalogue, parser, place)
    where = cite(raw["cite"], catalogue.sources, source, place)
    when = parser.condition(raw["when"], f"{raw['id']}.when")
    unless = parser.condition(raw["unless"], f"{raw['id']}.unless") if "unless" in raw else None
    if raw["level"] == BLOCK:
        at_most_a_warning(place, where, (when, unless), statements, catalogue.facts)
    return SafetyRule(
        raw["id"],
        raw["level"],
        where,
        when,
        raw["summary"],
        raw["text"],
        unless,
        tuple(raw.get("offer", ())),
        raw.get("line", False),
        raw.get("bars", False),
        raw.get("by", ""),
    )


def check_ids(files: tuple[Safety, ...]) -> None:
    """A rule's id names it on the wire: no two may share one."""
    seen: dict[str, str] = {}
    for file in files:
        for rule in file.rules:
            if rule.id in seen:
                raise KnowledgeError(f"{file.file}: {rule.id}", f"this id is taken by {seen[rule.id]}")
            seen[rule.id] = file.file
