"""Reads the active conditions on record into the code lists that guidance names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from cds_service.facts.fact import OnRecord
from cds_service.facts.moments import parse
from cds_service.facts.words import UNCERTAIN, Phrases, denied, tokens
from cds_service.fhir.read import Json, as_dict, as_text, codings, label, title, words
from cds_service.knowledge.shapes import CodeList

INACTIVE = frozenset({"inactive", "remission", "resolved"})
REFUTED = frozenset({"refuted", "entered-in-error"})
LOOK_ALIKE = "look_alike"  # a row of a code list that says what must not be taken for the rest of it
ICD_10 = ("http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm")
UNCONFIRMED = frozenset({"provisional", "differential", "unconfirmed"})


@dataclass(slots=True)
class Problem:
    """An active condition: the code lists it is on, its words, and whether it is only suspected."""

    lists: tuple[str, ...]
    said: str
    uncertain: bool


class ConditionReader:
    """Built once per site: it knows which codes and words put a condition on which lists."""

    def __init__(self, codelists: Iterable[CodeList], system: Callable[[str], str]) -> None:
        self._system = system
        self._by_code: dict[tuple[str, str], tuple[str, ...]] = {}
        self._look_alikes: set[tuple[str, str]] = set()
        self._phrases: list[tuple[str, Phrases]] = []
        for codelist in codelists:
            for key, coding in codelist.codes.items():
                if coding.means == LOOK_ALIKE:
                    self._look_alikes.add(key)
                else:
                    self._by_code[key] = (*self._by_code.get(key, ()), codelist.name)
            if codelist.texts:
                self._phrases.append((codelist.name, Phrases(codelist)))

    def active(self, resources: Iterable[Json], as_of: datetime, zone: tzinfo) -> list[Problem]:
        """The active conditions that fall in some list. Words count only where no code is known."""
        found = []
        for resource in resources:
            code = resource.get("code")
            keys = [(self._system(uri), value) for uri, value, _ in codings(code)]
            lists = [name for key in keys for name in self._by_code.get(key, ())]
            uncertain = False
            if lists:
                # A code whose own text takes it back is not more than a suspicion.
                uncertain = self._taken_back(as_text(as_dict(code).get("text")), lists)
            elif not any(key in self._look_alikes or mothers(*key) for key in keys):
                lists, uncertain = self._in_words(as_text(code) or words(code))
            if lists and _active(resource, as_of, zone):
                verification = _status(resource.get("verificationStatus"))
                if not verification & REFUTED:
                    uncertain = uncertain or bool(verification & UNCONFIRMED)
                    found.append(Problem(tuple(lists), _said(resource), uncertain))
        return found

    def _in_words(self, text: str) -> tuple[list[str], bool]:
        """The lists whose phrases stand in the text, and whether its other words put it in doubt."""
        lists, uncertain = [], False
        said = tokens(text)
        for name, phrases in self._phrases:
            named, rest = phrases.match(said)
            if any(means != LOOK_ALIKE for means in named) and not denied(rest):
                lists.append(name)
                uncertain = uncertain or not UNCERTAIN.isdisjoint(rest)
        return lists, uncertain

    def _taken_back(self, text: str, lists: list[str]) -> bool:
        said = tokens(text)
        for name, phrases in self._phrases:
            if name in lists:
                named, rest = phrases.match(said)
                if named and denied(rest):
                    return True
        return False


def mothers(system: str, code: str) -> bool:
    """ICD-10 chapter O is pregnancy and childbirth: the mother's diagnosis, filed with the newborn."""
    return system in ICD_10 and code.startswith("O")


def on_record(problems: Iterable[Problem], *, suspected: bool, complete: bool) -> OnRecord:
    """Which code lists are on record, in the words of the first condition that fits."""
    found: dict[str, str] = {}
    for problem in problems:
        if suspected or not problem.uncertain:
            for name in problem.lists:
                found.setdefault(name, problem.said)
    return OnRecord(found, complete)


def _plain(concept: object) -> set[str]:
    """The words of a concept, or the word that stands in its place, in lower case."""
    return {part.strip().lower() for part in (as_text(concept) or words(concept)).split(" ; ")}


def _said(resource: Json) -> str:
    code = resource.get("code")
    shown = title(code) or next((value for _, value, _ in codings(code)), "")
    return f"{shown} ({label(resource)})"


def _active(resource: Json, as_of: datetime, zone: tzinfo) -> bool:
    if _status(resource.get("clinicalStatus")) & INACTIVE:
        return False
    ended = as_text(resource.get("abatementDateTime"))
    span = parse(ended, zone) if ended else None
    return span is None or span.early > as_of


def _status(concept: object) -> set[str]:
    """Codes; words where there is none."""
    return {value for _, value, _ in codings(concept)} or _plain(concept)
