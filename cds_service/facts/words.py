"""Finds the phrases of a code list in free text, for records that carry no code."""

from __future__ import annotations

import re

from cds_service.knowledge.shapes import CodeList, Coding

SPLIT = re.compile(r"[\s,;:()/]+")
NEGATIONS = frozenset({"no", "not", "without", "denies", "excluded", "unlikely"})


def tokens(text: str) -> list[str]:
    return [token for part in SPLIT.split(text.lower()) if (token := part.rstrip("."))]


def phrases(text: str, codelist: CodeList) -> list[Coding]:
    """The list's phrases that stand in the text as whole words, longest first, none inside another."""
    words = tokens(text)
    found = []
    for phrase, coding in codelist.texts.items():
        wanted = tokens(phrase)
        size = len(wanted)
        for start in range(len(words) - size + 1):
            if words[start : start + size] == wanted:
                found.append(coding)
                words[start : start + size] = ["\0"] * size
                break
    return found


def negated(text: str) -> bool:
    return not NEGATIONS.isdisjoint(tokens(text))
