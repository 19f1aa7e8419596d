"""Reads the limits of a file of rules: constants, and cells of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge.catalogue import Catalogue
from cds_service.knowledge.cites import cite
from cds_service.knowledge.files import decimal, lookup
from cds_service.knowledge.shapes import Cite, Number, Source, Vary

READ_IN = {"gestation": "wk", "age": "h"}  # every table is headed by completed weeks and hours


def number(key: str, raw: Mapping[str, Any], source: Source, catalogue: Catalogue, name: str, of: str) -> Number:
    """One limit of a file; `of` is the quantity of the fact that the number is compared with."""
    place = f"{name}: numbers.{key}"
    own = lookup(catalogue.sources, raw["source"], place, "source") if "source" in raw else source
    where = cite(raw["cite"], catalogue.sources, own, place)
    if "value" in raw:
        # A number that no fact is compared with is shown, or is a fault that is told later: any meaning will do.
        unit = catalogue.units.find(raw["unit"], place, of, *catalogue.units.by_name.get(raw["unit"], ()))
        value = decimal(raw["value"], place)
        bounds = vary(raw["may_vary"], raw["may_vary"], catalogue, place) if "may_vary" in raw else None
        return Number(key, unit, where, raw.get("title", f"{value} {unit.name}"), value=value, may_vary=bounds)
    return _cell(key, raw, where, catalogue, place)


def _cell(key: str, raw: Mapping[str, Any], where: Cite, catalogue: Catalogue, place: str) -> Number:
    """A limit that is read from a table at the newborn's gestation and age."""
    table = lookup(catalogue.tables, raw["table"], place, "table")
    unit = table.unit
    if catalogue.units.find(raw["unit"], place, unit.quantity) != unit:
        raise KnowledgeError(place, f"the table is in {unit.name}, not {raw['unit']}")
    lookup(table.cells, raw["read"], place, "column")
    if "title" not in raw:
        raise KnowledgeError(place, "a number read from a table needs a title")
    for key_of_table, unit_of_table in READ_IN.items():
        fact = raw["at"][key_of_table]
        spec = lookup(catalogue.facts, fact, place, "fact")
        if spec.kind == "need" or spec.unit is None or spec.unit.name != unit_of_table:
            raise KnowledgeError(place, f"{fact}: the table's {key_of_table} must be a fact in {unit_of_table}")
    minus = decimal(raw.get("minus", 0), place)
    at = raw["at"]
    return Number(key, unit, where, raw["title"], None, table, raw["read"], at["gestation"], at["age"], minus)


def vary(bounds: Mapping[str, Any], cited: Mapping[str, Any], catalogue: Catalogue, place: str) -> Vary:
    """From where to where a hospital may move a figure; `cited` says whose bounds they are."""
    source = lookup(catalogue.sources, cited["source"], f"{place}.may_vary", "source")
    return Vary(decimal(bounds["from"], place), decimal(bounds["to"], place), Cite(source, cited["cite"]))
