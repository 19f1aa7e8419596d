"""Finds amounts that an order states only in extensions: they are never taken for its dose, and never passed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cds_service.facts.amounts import Spellings, amount, between
from cds_service.fhir.read import Json, as_dict, as_list

EXTENSIONS = ("extension", "modifierExtension")
# What the order points at states amounts of its own, as strengths.
BESIDE = frozenset({"contained", "medicationReference", "medicationCodeableConcept", "dispenseRequest"})


def hidden(order: Json, spellings: Spellings) -> list[str]:
    """`1.7 g, in an extension that is not read`, for each amount in a unit that a dose may be stated in."""
    said = []
    for extension in _extensions(order):
        for key, reader in (("valueQuantity", amount), ("valueRange", between)):
            found, text, _ = reader(extension.get(key), spellings) if extension.get(key) else (None, "", "")
            if found:
                said.append(f"{text}, in an extension that is not read")
    return list(dict.fromkeys(said))


def _extensions(order: Json) -> Iterator[Json]:
    left: list[Any] = [value for key, value in order.items() if key not in BESIDE]
    left += [{key: order[key]} for key in EXTENSIONS if key in order]
    while left:
        one = left.pop()
        if isinstance(one, list):
            left += one
        elif isinstance(one, dict):
            yield from (found for key in EXTENSIONS for raw in as_list(one.get(key)) if (found := as_dict(raw)))
            left += one.values()
