"""Finds the phrases of a code list in free text, for records that carry no code."""

from __future__ import annotations

import re
from operator import itemgetter

from cds_service.knowledge.shapes import CodeList

# A hyphen joins words ("non-reactive", "varicella-zoster") but is a sign of its own in "+/-".
SPLIT = re.compile(r"[\s,;:()/]+|(?<=[a-z0-9])-(?=[a-z0-9])")
NEGATIONS = frozenset({"no", "not", "without", "denies", "excluded", "unlikely", "false"})


def tokens(text: str) -> list[str]:
    return [token for part in SPLIT.split(text.lower()) if (token := part.rstrip("."))]


def negated(words: list[str]) -> bool:
    return not NEGATIONS.isdisjoint(words)


class Phrases:
    """The phrases of one code list, ready to be looked for. Built once per site."""

    def __init__(self, codelist: CodeList) -> None:
        self._by_first: dict[str, list[tuple[int, list[str], str]]] = {}
        for rank, (phrase, coding) in enumerate(codelist.texts.items()):
            wanted = tokens(phrase)
            self._by_first.setdefault(wanted[0], []).append((rank, wanted, coding.means))

    def means(self, words: list[str]) -> list[str]:
        """What the list's phrases among the words mean: longest first, none inside another."""
        candidates = [phrase for word in words if word in self._by_first for phrase in self._by_first[word]]
        if not candidates:
            return []
        words, found = words.copy(), []
        for _, wanted, means in sorted(candidates, key=itemgetter(0)):
            size = len(wanted)
            for start in range(len(words) - size + 1):
                if words[start : start + size] == wanted:
                    found.append(means)
                    words[start : start + size] = ["\0"] * size
                    break
        return found
