"""Which IVIG is on record: ordered, or given, as an administration, an immunization or a procedure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from cds_service.facts.amounts import Spellings, quantity_of
from cds_service.facts.fact import Fact, Quantity
from cds_service.facts.ivig import NO_ROUTE, MedicationReader, medication_of
from cds_service.facts.moments import BEFORE_ALL, Span, length, parse
from cds_service.fhir.read import Json, as_dict, as_text, label
from cds_service.knowledge.shapes import FactSpec

ORDERED = ("active",)
GIVEN = ("in-progress", "completed", "on-hold", "stopped", "unknown")
NOT_GIVEN = ("not-done", "entered-in-error")
ONLY_MEANT = ("preparation",)  # of a procedure that has not begun
ADMINISTERED = "MedicationAdministration"
# What else may record a dose: one that is proven by it counts, anything else there is not even in doubt.
ALSO = ("Immunization", "Procedure")
NO_TIME = timedelta(0)


class OnRecord(NamedTuple):
    """Doses or orders, oldest first, those without a time before all; and what is to be said of the rest."""

    facts: list[Fact]
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class RecordReader:
    """Reads the IVIG on one newborn's record at one moment. `medications` are what the record refers to."""

    reader: MedicationReader
    medications: Mapping[str, Json]
    as_of: datetime
    zone: tzinfo
    spellings: Spellings

    def on_record(self, spec: FactSpec, resources: Iterable[Json]) -> OnRecord:
        """A dose is taken for given unless the record says that it was not: an odd status or a clock that runs ahead
        is no reason to give it again. One dose that is recorded twice over counts once."""
        found: list[Fact] = []
        times: dict[str, set[Span | None]] = {}  # by kind of record
        remarks: list[str] = []
        unread = 0
        for resource in sorted(resources, key=_rank):
            status, given = _status(resource)
            if not status or resource.get("doNotPerform") is True:
                continue
            verdict = self._verdict(resource)
            unread += verdict == "unknown"
            if verdict != "ivig":
                continue
            fact = self._fact(spec.name, resource, status, given=given, remarks=remarks)
            kind = as_text(resource.get("resourceType"))
            others = [at for other, held in times.items() if other != kind for at in held]
            if fact and not any(_same(fact.at, at, spec) for at in others):
                found.append(fact)
                times.setdefault(kind, set()).add(fact.at)
        if unread:
            remarks.append(f"{unread} medication(s) ordered or given could not be read: they may be IVIG")
        return OnRecord(sorted(found, key=lambda fact: fact.at.late if fact.at else BEFORE_ALL), remarks)

    def _verdict(self, resource: Json) -> str:
        kind = resource.get("resourceType")
        if kind == "Procedure":
            return "ivig" if self.reader.is_giving(resource.get("code")) else "other"
        found = self.reader.recognize(resource, self.medications)
        if kind == "Immunization":
            return "ivig" if found.verdict == "ivig" and found.remark != NO_ROUTE else "other"
        return found.verdict

    def _fact(self, name: str, resource: Json, status: str, *, given: bool, remarks: list[str]) -> Fact | None:
        """None for an order of later."""
        when = _time(resource)
        at = parse(when, self.zone) if when else None
        if given and at and at.early > self.as_of:
            remarks.append(f"a dose of IVIG is dated in the future ({label(resource)}): check its time")
            at = Span(self.as_of, self.as_of)
        if not given and at is not None and at.early > self.as_of:
            return None
        much = self._amount(resource) if given else None
        return Fact(name, status, at, label(resource), amount=much)

    def _amount(self, resource: Json) -> Quantity | None:
        """How much was given; milliliters in grams, where the medication names one strength, else not known."""
        found = quantity_of(resource, self.spellings)
        if found is None or found.unit.quantity != "volume":
            return found
        grams = self.spellings.get(("dose_mass", "g"))
        _, strengths = self.reader.product(medication_of(resource, self.medications))
        if grams is None or len(strengths) != 1:
            return None
        much = found.low * found.unit.factor * next(iter(strengths))
        return Quantity(much, much, grams)


def _rank(resource: Json) -> int:
    """Administrations first: they say most, and what else is recorded of the same dose is then known for it."""
    kind = resource.get("resourceType")
    return 1 + ALSO.index(kind) if kind in ALSO else 0


def _same(one: Span | None, other: Span | None, spec: FactSpec) -> bool:
    """Whether two records of different kinds are of one dose: they are close in time, or a time is not known."""
    if one is None or other is None:
        return True
    apart = max(one.early - other.late, other.early - one.late, NO_TIME)
    return apart <= length(spec.amounts["same_dose"])


def _time(resource: Json) -> str:
    """When it was given, else ordered."""
    for key in ("effective", "occurrence", "performed"):
        if found := as_text(resource.get(f"{key}DateTime")) or as_text(
            as_dict(resource.get(f"{key}Period")).get("start")
        ):
            return found
    return as_text(resource.get("authoredOn"))


def _status(resource: Json) -> tuple[str, bool]:
    """The status by which it counts, empty where it does not; and whether it is of a dose given."""
    status = as_text(resource.get("status")).lower()
    kind = resource.get("resourceType")
    if kind != ADMINISTERED and kind not in ALSO:
        return (status if status in ORDERED else ""), False
    if status in NOT_GIVEN or status in ONLY_MEANT:
        return "", True
    return (status if status in GIVEN else "unknown"), True
