"""Reads what is on record by code or words - problems, allergies, procedures, orders - into the code lists that the
knowledge names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache

from cds_service.facts.fact import Doubt, Fact, Missing, OnRecord, Quantity
from cds_service.facts.forms import FORMS, Medications, doubted, refuted, severe, time_of
from cds_service.facts.moments import Span, length
from cds_service.facts.words import UNCERTAIN, PhraseLists, denied, tokens
from cds_service.fhir.read import Json, as_dict, as_text, codings, label, title, words
from cds_service.knowledge.shapes import CodeList, FactSpec

LOOK_ALIKE = "look_alike"  # a row of a code list that says what must not be taken for the rest of it
ICD_10 = ("http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm")
DAY = timedelta(days=1)
REASON = "reason of the order"


@dataclass(slots=True)
class Entry:
    """Something on record that holds now: `lists` says on which code lists it is, and what it means there. `refuted`:
    the record says that it is not so."""

    lists: dict[str, str]
    said: str
    uncertain: bool
    severe: bool = False
    at: Span | None = None
    source: str = ""
    refuted: bool = False


class CodedReader:
    """Reads resources of one type. Built once per site: it knows which codes and words are on which lists."""

    def __init__(self, resource_type: str, codelists: Iterable[CodeList], system: Callable[[str], str]) -> None:
        self._form, self._system = FORMS[resource_type], system
        self._by_code: dict[tuple[str, str], dict[str, str]] = {}
        self._look_alikes: set[tuple[str, str]] = set()
        codelists = list(codelists)
        self._phrases = PhraseLists(codelists)
        for codelist in codelists:
            for key, coding in codelist.codes.items():
                if coding.means == LOOK_ALIKE:
                    self._look_alikes.add(key)
                else:
                    self._by_code.setdefault(key, {})[codelist.name] = coding.means

    def entries(
        self, resources: Iterable[Json], as_of: datetime, zone: tzinfo, medications: Medications
    ) -> list[Entry]:
        """What holds now and is on some list. Words count only where no code is known."""
        found = []
        for resource in resources:
            for concept in self._form.concepts(resource, medications):
                lists, uncertain = self._lists(concept)
                if not lists or not self._form.holds(resource, as_of, zone):
                    continue
                shown, at = f"{_named(concept)} ({label(resource)})", time_of(resource, zone)
                uncertain = uncertain or self._form.doubted(resource)
                found.append(Entry(lists, shown, uncertain, severe(resource), at, label(resource), refuted(resource)))
        return found

    def reasons(self, reasons: Iterable[object]) -> list[Entry]:
        """The reasons that an order gives for itself, concepts or Conditions, read as what is on record is."""
        found = []
        for one in reasons:
            resource = as_dict(one)
            concept = resource.get("code") if "resourceType" in resource else one
            lists, uncertain = self._lists(concept)
            if lists:
                uncertain = uncertain or doubted(resource)
                found.append(Entry(lists, f"{_named(concept)} ({REASON})", uncertain, source=REASON))
        return found

    def holds(self, resource: Json, as_of: datetime, zone: tzinfo) -> bool:
        return self._form.holds(resource, as_of, zone) and not refuted(resource)

    def lists_of(self, resource: Json) -> frozenset[str]:
        """The lists that a resource is on, whether it holds or not."""
        return frozenset(name for one in self._form.concepts(resource, {}) for name in self._lists(one)[0])

    def _lists(self, concept: object) -> tuple[dict[str, str], bool]:
        """The lists that a concept is on, and whether its own words put it in doubt."""
        keys = [(self._system(uri), value) for uri, value, _ in codings(concept)]
        lists = {name: means for key in keys for name, means in self._by_code.get(key, {}).items()}
        if lists:
            # A code whose own text takes it back is not more than a suspicion.
            return lists, self._taken_back(as_text(as_dict(concept).get("text")), lists)
        if any(key in self._look_alikes or mothers(*key) for key in keys):
            return {}, False
        return self._in_words(as_text(concept) or words(concept))

    def _in_words(self, text: str) -> tuple[dict[str, str], bool]:
        """The lists whose phrases stand in the text, and whether its other words put it in doubt."""
        lists, uncertain = {}, False
        for name, named, rest in self._phrases.match(tokens(text)):
            means = [one for one in named if one != LOOK_ALIKE]
            if means and not denied(rest):
                lists[name] = means[0]
                uncertain = uncertain or not UNCERTAIN.isdisjoint(rest)
        return lists, uncertain

    def _taken_back(self, text: str, lists: Iterable[str]) -> bool:
        return any(name in lists and denied(rest) for name, _, rest in self._phrases.match(tokens(text)))


def mothers(system: str, code: str) -> bool:
    """ICD-10 chapter O is pregnancy and childbirth: the mother's diagnosis, filed with the newborn."""
    return system in ICD_10 and code.startswith("O")


def on_record(spec: FactSpec, entries: Iterable[Entry], as_of: datetime, *, complete: bool) -> Fact:
    """Which code lists are on record, in the words of the first entry that fits."""
    oldest = as_of - length(spec.window) if spec.window else None
    found: dict[str, str] = {}
    for entry in entries:
        if entry.refuted is not spec.refuted or (entry.uncertain and not spec.suspected):
            continue
        if spec.severe and not entry.severe:
            continue
        # What has no time may be recent: it is not taken for old.
        if oldest is not None and entry.at is not None and entry.at.late < oldest:
            continue
        for name in entry.lists:
            found.setdefault(name, entry.said)
    return Fact(spec.name, OnRecord(found, complete, spec.need))


def since_onset(spec: FactSpec, entries: Iterable[Entry], as_of: datetime) -> Fact | Doubt | None:
    """Completed days since the earliest onset of what is on the fact's list; None where nothing on it is on record."""
    assert spec.codes is not None
    assert spec.unit is not None
    listed = [entry for entry in entries if spec.codes.name in entry.lists and not entry.refuted]
    dated = [(entry.at, entry.source) for entry in listed if entry.at and entry.at.early <= as_of]
    if not dated:
        why = f"{spec.title}: on record without a date of onset"
        return Doubt(spec.name, Missing.UNUSABLE, why, (spec.name,)) if listed else None
    at, source = min(dated, key=lambda one: one[0].early)
    least, most = (Decimal((as_of - moment) // DAY) for moment in (min(at.late, as_of), at.early))
    because = (spec.name,) if least != most else ()
    return Fact(spec.name, Quantity(least, most, spec.unit, because), at, source)


def counted(spec: FactSpec, entries: Iterable[Entry], *, complete: bool) -> Fact:
    """How many different things of the fact's list are on record. Where not all was seen there may be more."""
    assert spec.codes is not None
    assert spec.unit is not None
    kinds = _kinds(spec.codes)
    listed = [entry for entry in entries if spec.codes.name in entry.lists and not entry.refuted]
    seen = {entry.lists[spec.codes.name] for entry in listed if not entry.uncertain}
    least = Decimal(len(seen))
    most = least if complete else Decimal(len(kinds))
    because = (spec.name,) if least != most else ()
    return Fact(spec.name, Quantity(least, most, spec.unit, because))


@cache
def _kinds(codelist: CodeList) -> frozenset[str]:
    """The different things that a list names."""
    return frozenset(coding.means for coding in codelist.codes.values()) - {LOOK_ALIKE}


def _named(concept: object) -> str:
    return title(concept) or as_text(concept) or next((value for _, value, _ in codings(concept)), "")
