"""Reads where a figure comes from: a place in a document, and figures with their unit and place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.knowledge.files import decimal, lookup
from cds_service.knowledge.shapes import Amount, Cite, Source
from cds_service.knowledge.units import Units

RATIO = "ratio"


def cite(raw: object, sources: Mapping[str, Source], default: Source, place: str) -> Cite:
    """`"KAS 17"` in the file's own document, or `{source, place}` in another."""
    if isinstance(raw, dict):
        source = lookup(sources, raw["source"], place, "source") if "source" in raw else default
        return Cite(source, raw["place"])
    return Cite(default, str(raw))


def amount(raw: Mapping[str, Any], sources: Mapping[str, Source], units: Units, place: str, of: str = "") -> Amount:
    """A figure; `of` is the quantity that its unit measures, where the unit's name leaves that open."""
    source = lookup(sources, raw["source"], place, "source")
    return Amount(decimal(raw["value"], place), units.find(raw["unit"], place, of, RATIO), Cite(source, raw["cite"]))
