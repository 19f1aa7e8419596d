"""Reads the active conditions on record into the code lists that guidance names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo

from cds_service.facts.fact import OnRecord
from cds_service.facts.moments import parse
from cds_service.fhir.read import Json, as_text, codings, label, words
from cds_service.knowledge.shapes import CodeList

INACTIVE = frozenset({"inactive", "remission", "resolved"})
REFUTED = frozenset({"refuted", "entered-in-error"})
UNCERTAIN = frozenset({"provisional", "differential", "unconfirmed"})


def on_record(
    resources: Iterable[Json],
    lists: Mapping[tuple[str, str], tuple[str, ...]],
    codelists: Iterable[CodeList],
    system: Callable[[str], str],
    *,
    suspected: bool,
    complete: bool,
    as_of: datetime,
    zone: tzinfo,
) -> OnRecord:
    """Which code lists an active condition falls in. Words count only where no code is known."""
    found: dict[str, str] = {}
    for resource in resources:
        if not _counts(resource, as_of, zone, suspected=suspected):
            continue
        code = resource.get("code")
        names = [name for uri, value, _ in codings(code) for name in lists.get((system(uri), value), ())]
        if not names:
            texts = {part.strip().lower() for part in words(code).split(" ; ")}
            names = [codelist.name for codelist in codelists if not texts.isdisjoint(codelist.texts)]
        for name in names:
            found.setdefault(name, _said(resource))
    return OnRecord(found, complete)


def _said(resource: Json) -> str:
    code = resource.get("code")
    text = as_text(code.get("text")) if isinstance(code, dict) else ""
    shown = text or next((display for _, _, display in codings(code) if display), "")
    shown = shown or next((value for _, value, _ in codings(code)), "")
    return f"{shown} ({label(resource)})"


def _counts(resource: Json, as_of: datetime, zone: tzinfo, *, suspected: bool) -> bool:
    clinical = {value for _, value, _ in codings(resource.get("clinicalStatus"))}
    verification = {value for _, value, _ in codings(resource.get("verificationStatus"))}
    if clinical & INACTIVE or verification & REFUTED or (verification & UNCERTAIN and not suspected):
        return False
    ended = as_text(resource.get("abatementDateTime"))
    span = parse(ended, zone) if ended else None
    return span is None or span.early > as_of
