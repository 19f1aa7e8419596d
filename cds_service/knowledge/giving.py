"""Loads what holds once IVIG is given: products, dose limits, monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge.cites import cite
from cds_service.knowledge.files import Roots, decimal, lookup, read_csv, read_toml, whole
from cds_service.knowledge.shapes import (
    IGA_CLASSES,
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
from cds_service.knowledge.trust import UNVERIFIED

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
    "maltose",
    "sucrose",
    "proline",
    "iga",
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
            usual = _range(raw["usual"], place) if "usual" in raw else None
            warn, hard = _range(raw["warn"], place), _range(raw["hard"], place)
            for inner, outer in ((usual or warn, warn), (warn, hard)):
                if not outer[0] <= inner[0] <= inner[1] <= outer[1]:
                    raise KnowledgeError(place, "each range must lie in the next wider: usual in warn, warn in hard")
            source = lookup(sources, raw["source"], place, "source")
            if source.verified == UNVERIFIED:
                raise KnowledgeError(place, "an unverified source may not set limits: a dose outside `hard` is refused")
            hours = decimal(raw["least"]["value"], place) if "least" in raw else Decimal(0)
            limits[name] = DoseLimits(usual, warn, hard, Cite(source, raw["cite"]), hours)
    return limits


def _range(raw: Mapping[str, Any], place: str) -> tuple[Decimal, Decimal]:
    if raw["unit"] != "g/kg":
        raise KnowledgeError(place, f"limits are in g/kg, not in {raw['unit']}")
    return decimal(raw["from"], place), decimal(raw["to"], place)


def products(roots: Roots, sources: Mapping[str, Source]) -> dict[str, Product]:
    products: dict[str, Product] = {}
    for path in roots.find("products.csv"):
        for number, row in enumerate(read_csv(path, PRODUCT_COLUMNS), start=2):
            products[row["product"]] = _product(row, sources, f"{path.name}:{number}")
    return products


def _product(row: Mapping[str, str], sources: Mapping[str, Source], place: str) -> Product:
    top = decimal(row["max_mg_per_kg_min"], place) if row["max_mg_per_kg_min"] else None
    if row["iga"] not in IGA_CLASSES:
        raise KnowledgeError(place, f"iga is {row['iga']!r}; it can be {', '.join(IGA_CLASSES)}")
    return Product(
        row["product"],
        row["title"],
        decimal(row["grams_per_mL"], place),
        _decimals(row["vial_sizes_g"], place),
        _steps(row, top, place),
        top,
        row["label_min_age"],
        row["dilution_flush"],
        Cite(lookup(sources, row["source"], place, "source"), row["cite"]),
        _yes(row, "sorbitol", place),
        _yes(row, "maltose", place),
        _yes(row, "sucrose", place),
        _yes(row, "proline", place),
        row["iga"],
    )


def _steps(row: Mapping[str, str], top: Decimal | None, place: str) -> tuple[RateStep, ...]:
    """The label's rates below its maximum; none where the maximum is not verified."""
    rates = _decimals(row["steps_mg_per_kg_min"], place)
    if bool(rates) != bool(top):
        raise KnowledgeError(place, "steps and maximum rate go together: give both or neither")
    if top and (list(rates) != sorted(rates) or rates[-1] >= top):
        raise KnowledgeError(place, "the steps must rise and end below the maximum rate")
    steps = []
    for index, rate in enumerate(rates):
        minutes = (row["first_step_minutes"] if index == 0 else "") or row["step_minutes"]
        steps.append(RateStep(rate, whole(minutes, place) if minutes else None))
    return tuple(steps)


def _decimals(cell: str, place: str) -> tuple[Decimal, ...]:
    return tuple(decimal(one, place) for one in cell.split("|")) if cell else ()


def _yes(row: Mapping[str, str], column: str, place: str) -> bool:
    """A hazard that is misspelled must not read as none."""
    if row[column] not in ("yes", "no"):
        raise KnowledgeError(place, f"{column} is {row[column]!r}; it can be yes or no")
    return row[column] == "yes"


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
