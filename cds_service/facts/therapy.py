"""Reads phototherapy from Procedures and orders: is it running, how intensive, since when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from cds_service.facts.fact import Fact
from cds_service.facts.moments import BEFORE_ALL, Span, parse
from cds_service.facts.words import Phrases, negated, tokens
from cds_service.fhir.read import Json, as_dict, as_text, codings, label, texts, words
from cds_service.knowledge.shapes import FactSpec

RUNNING = {
    "Procedure": frozenset({"in-progress", "completed", "on-hold", "unknown"}),
    "ServiceRequest": frozenset({"active"}),
}
ONLY_MEANT = ("proposal", "plan", "option")
UNSTATED = "intensity_not_stated"


def therapy(
    spec: FactSpec,
    phrases: Phrases,
    resources: list[Json],
    as_of: datetime,
    zone: tzinfo,
    system: Callable[[str], str],
) -> Fact | None:
    """The therapy now, with its start; None where it is not on record."""
    best: Fact | None = None
    for resource in resources:
        status = as_text(resource.get("status"))
        if status not in RUNNING.get(resource["resourceType"], frozenset()) or resource.get("doNotPerform") is True:
            continue
        if resource.get("intent") in ONLY_MEANT:
            continue
        means = _means(spec, phrases, resource, system)
        if not means:
            continue
        start, end = _period(resource, zone)
        if start and start.early > as_of:
            continue
        stopped = _stopped(status, end, as_of)
        fact = Fact(spec.name, "stopped" if stopped else means, start, label(resource))
        best = fact if best is None or _rank(fact) > _rank(best) else best
    return best


def _stopped(status: str, end: Span | None, as_of: datetime) -> bool:
    """An end dated today, without an hour, has come only where the therapy is said to be completed."""
    if end is None:
        return status in ("completed", "on-hold")
    return status == "on-hold" or (end.early if status == "completed" else end.late) <= as_of


def _means(spec: FactSpec, phrases: Phrases, resource: Json, system: Callable[[str], str]) -> str:
    """What code and words say; words that state an intensity are more exact than a code that does not."""
    assert spec.codes is not None
    code = resource.get("code")
    found = [
        spec.codes.codes[key].means
        for uri, value, _ in codings(code)
        if (key := (system(uri), value)) in spec.codes.codes
    ]
    named, rest = phrases.match(tokens(f"{words(code)} ; {words(resource.get('orderDetail'))}"))
    if not negated(rest):
        found += named
    if found and "note" in resource:
        named, rest = phrases.match(tokens(" ; ".join(texts(resource["note"]))))
        if not negated(rest):
            found += named
    stated = [means for means in found if means != UNSTATED]
    return (stated or found or [""])[0]


def _period(resource: Json, zone: tzinfo) -> tuple[Span | None, Span | None]:
    period = as_dict(resource.get("performedPeriod")) or as_dict(resource.get("occurrencePeriod"))
    start = as_text(period.get("start")) or as_text(resource.get("performedDateTime"))
    start = start or as_text(resource.get("occurrenceDateTime")) or as_text(resource.get("authoredOn"))
    end = as_text(period.get("end"))
    return (parse(start, zone) if start else None), (parse(end, zone) if end else None)


def _rank(fact: Fact) -> tuple[int, datetime]:
    order = ("stopped", "not_intensive", UNSTATED, "intensive")
    since = fact.at.early if fact.at else BEFORE_ALL
    return order.index(str(fact.value)), since
