"""Finds the phrases of a code list in free text, for records that carry no code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from operator import itemgetter

from cds_service.knowledge.shapes import CodeList

BETWEEN = str.maketrans(",;:()[]/", " " * 8)
# A hyphen joins words ("non-reactive", "varicella-zoster") but is a sign of its own in "+/-".
JOINT = re.compile(r"(?<=[a-z0-9])-(?=[a-z0-9])")
BEFORE = frozenset(("no", "not", "non", "never", "without", "denies", "false"))
ANYWHERE = frozenset(
    (
        *("excluded", "unlikely", "ruled", "declined", "refused", "discontinued", "stopped", "cancelled", "canceled"),
        *("ended", "consider", "planned", "pending", "if"),
        *("equivocal", "indeterminate", "inconclusive", "invalid", "contaminated"),
    )
)
# Beside a result or a therapy, which must be plain.
UNPLAIN = ANYWHERE | {"doubtful", "control", "failed", "previously", "stop", "wean", "weaned", "education"}
# Another person's, or one that is over.
OTHERS = frozenset(
    (
        *("mother", "mother's", "mothers", "maternal", "pregnancy", "pregnancies", "antenatal"),
        *("sibling", "brother", "sister", "child", "family", "history", "previous", "prior", "resolved"),
    )
)
# Not there, or not known to be.
ABSENT = frozenset(("risk", "screening", "screen", "absent", "negative"))
SEEN = frozenset(("present", "found", "seen", "detected", "identified", "confirmed"))
UNCERTAIN = frozenset(("suspected", "suspect", "possible", "probable", "query", "presumed", "rule", "?"))
FOUND = "\0"  # stands where a phrase was found
REACH = 4  # words: "no evidence of recent sepsis"


def tokens(text: str) -> list[str]:
    words = text.lower().replace("r/o", "rule out").translate(BETWEEN)
    if "-" in words:
        words = JOINT.sub(" ", words)
    return [token for part in words.split() if (token := part.rstrip("."))]


def negated(words: list[str]) -> bool:
    """Whether any word puts what stands beside it in doubt: for results and therapies, which must be plain."""
    return not BEFORE.isdisjoint(words) or not UNPLAIN.isdisjoint(words)


def denied(words: list[str]) -> bool:
    """Whether a phrase that was found is denied: "no sepsis", "sepsis excluded", but not "NEC, no perforation";
    or is told of somebody else: "maternal sepsis"."""
    if not all(group.isdisjoint(words) for group in (ANYWHERE, OTHERS, ABSENT)):
        return True
    for place, word in enumerate(words):
        if word in BEFORE and FOUND in words[place + 1 : place + 1 + REACH]:
            return True
        if word == "not" and not SEEN.isdisjoint(words[place + 1 : place + 2]):
            return True
    return False


class Phrases:
    """The phrases of one code list, ready to be looked for. Built once per site."""

    def __init__(self, codelist: CodeList) -> None:
        self._by_first: dict[str, list[tuple[int, list[str], str]]] = {}
        for rank, (phrase, coding) in enumerate(codelist.texts.items()):
            wanted = tokens(phrase)
            self._by_first.setdefault(wanted[0], []).append((rank, wanted, coding.means))

    def wanted(self) -> Iterator[list[str]]:
        """The words of every phrase."""
        return (wanted for phrases in self._by_first.values() for _, wanted, _ in phrases)

    def means(self, words: list[str]) -> list[str]:
        """What the list's phrases among the words mean."""
        return self.match(words)[0]

    def match(self, words: list[str]) -> tuple[list[str], list[str]]:
        """What the list's phrases among the words mean, longest first, none inside another; and the other words."""
        known = self._by_first.keys() & words
        candidates = [phrase for word in known for phrase in self._by_first[word]]
        if not candidates:
            return [], words
        words, found = words.copy(), []
        for _, wanted, means in sorted(candidates, key=itemgetter(0)):
            found += [means] * _taken(words, wanted)
        return found, words


def _taken(words: list[str], wanted: list[str]) -> int:
    """How often the phrase is among the words; it is taken out of them."""
    size, start, count = len(wanted), 0, 0
    try:
        while True:
            start = words.index(wanted[0], start)
            if words[start : start + size] == wanted:
                words[start : start + size] = [FOUND] * size
                count += 1
            start += 1
    except ValueError:  # no further one
        return count


class PhraseLists:
    """The phrases of many code lists, looked for in one pass over the words: what a text costs depends on its own
    length, not on how many lists there are. Built once per site."""

    def __init__(self, codelists: Iterable[CodeList]) -> None:
        self._lists = [(one.name, Phrases(one)) for one in codelists if one.texts]
        self._sizes: dict[str, set[int]] = {}  # by first word: of how many words the phrases are that begin so
        self._places: dict[tuple[str, ...], set[int]] = {}  # by phrase: the lists that it stands on
        for place, (_, phrases) in enumerate(self._lists):
            for wanted in phrases.wanted():
                self._sizes.setdefault(wanted[0], set()).add(len(wanted))
                self._places.setdefault(tuple(wanted), set()).add(place)

    def match(self, words: list[str]) -> Iterator[tuple[str, list[str], list[str]]]:
        """Each list of which a phrase is among the words, with what it means there and the other words."""
        named: set[int] = set()
        for start, word in enumerate(words):
            for size in self._sizes.get(word, ()):
                named |= self._places.get(tuple(words[start : start + size]), set())
        for place in sorted(named):
            name, phrases = self._lists[place]
            yield name, *phrases.match(words)
