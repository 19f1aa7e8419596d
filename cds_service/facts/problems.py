"""Reads the active conditions on record into the code lists that guidance names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo

from cds_service.facts.fact import OnRecord
from cds_service.facts.moments import parse
from cds_service.fhir.read import Json, as_text, codings, label, words
from cds_service.knowledge.shapes import CodeList

INACTIVE = frozenset({"inactive", "remission", "resolved"})
REFUTED = frozenset({"refuted", "entered-in-error"})
UNCERTAIN = frozenset({"provisional", "differential", "unconfirmed"})


class ConditionReader:
    """Built once per site: it knows which codes and words put a condition on which lists."""

    def __init__(self, codelists: Iterable[CodeList], system: Callable[[str], str]) -> None:
        self._system = system
        self._by_code: dict[tuple[str, str], tuple[str, ...]] = {}
        self._by_words: dict[str, tuple[str, ...]] = {}
        for codelist in codelists:
            for key in codelist.codes:
                self._by_code[key] = (*self._by_code.get(key, ()), codelist.name)
            for text in codelist.texts:
                self._by_words[text] = (*self._by_words.get(text, ()), codelist.name)

    def on_record(
        self, resources: Iterable[Json], as_of: datetime, zone: tzinfo, *, suspected: bool, complete: bool
    ) -> OnRecord:
        """Which code lists an active condition falls in. Words count only where no code is known."""
        found: dict[str, str] = {}
        for resource in resources:
            code = resource.get("code")
            names = [
                name for uri, value, _ in codings(code) for name in self._by_code.get((self._system(uri), value), ())
            ] or [name for text in sorted(_plain(code)) for name in self._by_words.get(text, ())]
            if names and _counts(resource, as_of, zone, suspected=suspected):
                for name in names:
                    found.setdefault(name, _said(resource))
        return OnRecord(found, complete)


def _plain(concept: object) -> set[str]:
    """The words of a concept, or the word that stands in its place, in lower case."""
    return {part.strip().lower() for part in (as_text(concept) or words(concept)).split(" ; ")}


def _said(resource: Json) -> str:
    code = resource.get("code")
    text = as_text(code.get("text")) if isinstance(code, dict) else ""
    shown = text or next((display for _, _, display in codings(code) if display), "")
    shown = shown or next((value for _, value, _ in codings(code)), "")
    return f"{shown} ({label(resource)})"


def _counts(resource: Json, as_of: datetime, zone: tzinfo, *, suspected: bool) -> bool:
    clinical = _status(resource.get("clinicalStatus"))
    verification = _status(resource.get("verificationStatus"))
    if clinical & INACTIVE or verification & REFUTED or (verification & UNCERTAIN and not suspected):
        return False
    ended = as_text(resource.get("abatementDateTime"))
    span = parse(ended, zone) if ended else None
    return span is None or span.early > as_of


def _status(concept: object) -> set[str]:
    return {value for _, value, _ in codings(concept)} | _plain(concept)
