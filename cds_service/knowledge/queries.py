"""Makes the prefetch templates: what is asked of the EHR follows from what the facts read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge.shapes import FactSpec, Query

HOURS = Decimal(24)  # in a day; the base unit of time is the hour


def query(key: str, raw: Mapping[str, Any], facts: Mapping[str, FactSpec]) -> Query:
    """A template that works alone: one resource type, this patient, the codes that the facts name."""
    if not raw.get("ask", True):
        return Query(key, raw["resource"], "")
    codes = [
        f"{system}%7C{code}"
        for spec in facts.values()
        if spec.query == key and spec.codes and raw["resource"] == "Observation"
        for system, code in spec.codes.codes
        if system != "text"
    ]
    template = f"{raw['resource']}?patient={{{{context.patientId}}}}"
    if codes:
        template += f"&code={','.join(codes)}&_sort=-date&_count=100"
    if "filter" in raw:
        template += f"&{raw['filter']}"
    return Query(key, raw["resource"], template, _days(key, raw, facts))


def _days(key: str, raw: Mapping[str, Any], facts: Mapping[str, FactSpec]) -> int:
    """How far back is asked: at least as far as any fact looks, and only for what commonly has a date."""
    days = int(raw.get("days", 0))
    if not days:
        return 0
    place = f"facts.toml: queries.{key}"
    if raw["resource"] != "Observation":
        raise KnowledgeError(place, f"days is for Observation alone: {raw['resource']} without a date would be lost")
    for spec in facts.values():
        longest = max((one.value * one.unit.factor for one in (spec.window, spec.warn_after) if one), default=0)
        if key in (spec.query, *spec.also) and longest > days * HOURS:
            raise KnowledgeError(place, f"{days} days are fewer than {spec.name} looks back")
    return days
