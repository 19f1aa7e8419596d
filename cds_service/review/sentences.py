"""Words for what a knowledge file says before any newborn is judged: conditions as nested lists, figures with marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cds_service.cards.chart import capital
from cds_service.cards.reasons import RELATIONS, list_title
from cds_service.cards.text import citation, level, unit_name
from cds_service.decisions.limits import constant
from cds_service.decisions.logic import Result
from cds_service.knowledge.shapes import (
    Cite,
    Comparison,
    Condition,
    FactSpec,
    Group,
    In,
    Is,
    Named,
    Number,
    Source,
    Unit,
)

MARK = "▲"
STATUS = {
    "second-hand": f"{MARK} second-hand",
    "unverified": f"{MARK} unverified",
    "own": f"{MARK} own, needs sign-off",
}
GROUPS = {"all": "all of these", "any": "at least one of these", "none": "none of these"}
EMPTY = {"all": "always", "any": "never", "none": "always"}
ON_RECORD_WORDS = {
    "recorded": "{title} is on record",
    "not_recorded": "no {title} is on record",
    "known": "{title} is known (on record and usable; where it is not, it is asked for)",
}
LIST_ON_RECORD_WORDS = {
    "recorded": "{title}: the list was sent",
    "not_recorded": "{title}: nothing is on record",
    "known": "{title}: the list is known (where it is not, it is asked for)",
}
SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$])")
CODE = re.compile(r"(`[^`|]+`)")
MARKER = re.compile(r"^(#{1,6}|[-+]|\d+[.)])(?= )")
SPACE = re.compile(r"\s+")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def plain(text: object) -> str:
    """Text that is to be read as it stands, for markdown: one line, no emphasis, link, HTML, table break or list.

    Names of the files, between backticks, stay what they are.

    >>> plain("p<20 | *severe*")
    'p\\\\<20 \\\\| \\\\*severe\\\\*'
    >>> plain("`not_before` is not_before")
    '`not_before` is not\\\\_before'
    >>> plain("1. 8.5 mg")
    '1\\\\. 8.5 mg'
    """
    line = _escaped(SPACE.sub(" ", str(text)).strip())
    return MARKER.sub(lambda match: f"{match[1][:-1]}\\{match[1][-1]}", line)


def _escaped(line: str) -> str:
    return "".join(part if place % 2 else SPECIAL.sub(r"\\\1", part) for place, part in enumerate(CODE.split(line)))


def spaced(name: str) -> str:
    """A name of the files as words: `not_recorded` as `not recorded`."""
    return name.replace("_", " ")


def worded(category: str) -> str:
    """A word that a fact can have, in quotes where it is several: `intensity_not_stated`, but not `not_rising`."""
    words = spaced(category)
    return f"“{words}”" if "_" in category and not category.startswith("not_") else words


def status(source: Source) -> str:
    """How a source was verified, with the mark where its figures are not to be relied on unseen."""
    return STATUS.get(source.verified, source.verified)


def cited(cite: Cite) -> str:
    """The citation of the cards, with the mark before it where the source is second-hand, unverified or our own."""
    words = f"*({plain(citation(cite)[2:-2])})*"
    return f"{MARK} {words}" if cite.source.doubtful else words


def unit_words(unit: Unit | None) -> str:
    """The unit as cards write it; nothing for a bare number."""
    return "" if unit is None or unit.name == "1" else unit_name(unit)


def value_words(number: Number) -> str:
    """A constant with its unit; a number of a table by its name."""
    if number.table is not None:
        return plain(number.title)
    shown = level(constant(number))
    return shown.removesuffix(" 1") if number.unit.name == "1" else shown


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A markdown table; its cells are markdown already."""
    head = list(header)
    lines = [head, ["---"] * len(head), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


@dataclass(frozen=True)
class Sentences:
    """The words of one file: its facts, its numbers, and where the pages about the code lists are."""

    facts: Mapping[str, FactSpec]
    numbers: Mapping[str, Number]
    lists: str = "code-lists/"

    def criteria(self, condition: Condition) -> str:
        """The condition as a nested list. The words of the file stay visible behind each line."""
        return "\n".join(self._lines(condition, 0))

    def _lines(self, condition: Condition, depth: int) -> Iterator[str]:
        lead = "  " * depth + "- "
        if not isinstance(condition, Group):
            yield lead + self.leaf(condition)
        elif not condition.items:
            yield lead + capital(EMPTY[condition.word])
        elif len(condition.items) == 1 and condition.word != "none":
            yield from self._lines(condition.items[0], depth)
        elif len(condition.items) == 1 and not isinstance(condition.items[0], Group):
            yield f"{lead}Not: {self.leaf(condition.items[0])}"
        else:
            yield f"{lead}{capital(GROUPS[condition.word])}:"
            for item in condition.items:
                yield from self._lines(item, depth + 1)

    def leaf(self, condition: Comparison | Is | In | Named) -> str:
        """One comparison in words, and as it stands in the file."""
        if isinstance(condition, Named):
            return f"{term(condition.name)} `{condition.name}`"
        if isinstance(condition, Comparison):
            said = self._comparison(condition)
        elif isinstance(condition, In):
            said = f"{self.title(condition.fact)}: one or more of the list {self.listed(condition.codelist.name)}"
        else:
            said = self._is(condition)
        return f"{capital(said)} `{condition.text}`"

    def _comparison(self, one: Comparison) -> str:
        relation = RELATIONS[one.op, Result.MET]
        the = "the " if one.number.table and not one.number.title.startswith("the ") else ""
        return f"{self.title(one.fact)} {relation} {the}{value_words(one.number)} {cited(one.number.cite)}"

    def _is(self, one: Is) -> str:
        title, spec = self.title(one.fact), self.facts.get(one.fact)
        whole = spec is not None and spec.kind == "conditions"
        words = (LIST_ON_RECORD_WORDS if whole else ON_RECORD_WORDS).get(one.category)
        if words:
            return words.format(title=title)
        said = f"{title} is {worded(one.category)}"
        if one.category in ("yes", "no"):
            said = f"{title}: {one.category}"
        if one.vague:
            said += f" (open while the record says only {worded(one.vague.category)})"
        return said

    def title(self, fact: str) -> str:
        """What the catalogue calls a fact; the name itself where the catalogue has none."""
        spec = self.facts.get(fact)
        return plain(spec.title if spec else spaced(fact))

    def listed(self, name: str) -> str:
        """A link to a code list."""
        return listed(name, self.lists)

    def filled(self, text: str) -> str:
        """Markdown of the cards, its placeholders in words: constants by value, what a newborn brings in brackets."""
        return PLACEHOLDER.sub(lambda match: self._placeholder(match[1]), text)

    def summary(self, text: str) -> str:
        """A summary of the cards, which is plain text, in the same words."""
        parts = PLACEHOLDER.split(text)
        return "".join(self._placeholder(part) if place % 2 else _escaped(part) for place, part in enumerate(parts))

    def _placeholder(self, name: str) -> str:
        if name in self.numbers:
            number = self.numbers[name]
            return f"‹{value_words(number)}›" if number.table else value_words(number)
        return f"‹{self.title(name)}›"


def listed(name: str, folder: str) -> str:
    """A link to the page of a code list."""
    return f"[*{plain(list_title(name))}*]({folder}{name}.md)"


def term(name: str) -> str:
    """A link to a statement of the same page."""
    return f"[{capital(spaced(name))}](#term-{name.replace('_', '-')})"
