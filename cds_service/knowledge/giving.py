"""Loads what holds once IVIG is given: products, dose limits, monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge.cites import cite
from cds_service.knowledge.files import Roots, decimal, lookup, read_csv, read_toml, whole
from cds_service.knowledge.shapes import (
    Cite,
    CodeList,
    DoseLimits,
    Monitoring,
    MonitoringLine,
    MonitoringOrder,
    Product,
    RateStep,
    Source,
)

PRODUCT_COLUMNS = (
    "product",
    "title",
    "market",
    "grams_per_mL",
    "vial_sizes_g",
    "steps_mg_per_kg_min",
    "step_minutes",
    "first_step_minutes",
    "max_mg_per_kg_min",
    "sorbitol",
    "label_min_age",
    "dilution_flush",
    "source",
    "cite",
)


def dose_limits(roots: Roots, sources: Mapping[str, Source]) -> dict[str, DoseLimits]:
    limits: dict[str, DoseLimits] = {}
    for path in roots.find("dose_limits.toml"):
        for name, raw in read_toml(path, "dose_limits").items():
            place = f"{path.name}: {name}"
            usual, hard = (
                (decimal(raw[key]["from"], place), decimal(raw[key]["to"], place)) for key in ("usual", "hard")
            )
            source = lookup(sources, raw["source"], place, "source")
            limits[name] = DoseLimits(usual, hard, Cite(source, raw["cite"]))
    return limits


def products(roots: Roots, sources: Mapping[str, Source]) -> dict[str, Product]:
    products: dict[str, Product] = {}
    for path in roots.find("products.csv"):
        for number, row in enumerate(read_csv(path, PRODUCT_COLUMNS), start=2):
            products[row["product"]] = _product(row, sources, f"{path.name}:{number}")
    return products


def _product(row: Mapping[str, str], sources: Mapping[str, Source], place: str) -> Product:
    top = decimal(row["max_mg_per_kg_min"], place)
    rates = [decimal(rate, place) for rate in row["steps_mg_per_kg_min"].split("|")]
    steps = []
    for index, rate in enumerate(rates):
        minutes = (row["first_step_minutes"] if index == 0 else "") or row["step_minutes"]
        steps.append(RateStep(rate, whole(minutes, place) if minutes else None))
    if rates != sorted(rates) or rates[-1] >= top:
        raise KnowledgeError(place, "the steps must rise and end below the maximum rate")
    return Product(
        row["product"],
        row["title"],
        decimal(row["grams_per_mL"], place),
        tuple(decimal(size, place) for size in row["vial_sizes_g"].split("|")),
        tuple(steps),
        top,
        row["label_min_age"],
        row["dilution_flush"],
        Cite(lookup(sources, row["source"], place, "source"), row["cite"]),
        row["sorbitol"] == "yes",
    )


def monitoring(roots: Roots, sources: Mapping[str, Source], codelists: Mapping[str, CodeList]) -> dict[str, Monitoring]:
    found: dict[str, Monitoring] = {}
    for path, name in roots.glob("monitoring/*.toml"):
        raw = read_toml(path, "monitoring")

        def lines(key: str, raw: Mapping[str, Any] = raw, name: str = name) -> tuple[MonitoringLine, ...]:
            return tuple(
                MonitoringLine(entry["text"], cite(entry["cite"], sources, sources["own"], name))
                for entry in raw.get(key, ())
            )

        found[path.stem] = Monitoring(
            path.stem,
            lines("before"),
            lines("during"),
            lines("stop"),
            lines("after"),
            tuple(_order(entry, sources, codelists, name) for entry in raw.get("order", ())),
        )
    return found


def _order(
    raw: Mapping[str, Any], sources: Mapping[str, Source], codelists: Mapping[str, CodeList], name: str
) -> MonitoringOrder:
    place = f"{name}: order {raw['label']}"
    coding = None
    if "code" in raw:
        codes = lookup(codelists, raw["code"]["list"], place, "code list").codes
        key = (raw["code"]["system"], raw["code"]["code"])
        if key not in codes:
            raise KnowledgeError(place, f"{key} is not in code list {raw['code']['list']}")
        coding = codes[key]
    every = decimal(raw["every"]["value"], place) if "every" in raw else None
    where = cite(raw["cite"], sources, sources["own"], place)
    return MonitoringOrder(raw["label"], raw["text"], coding, every, where)
