"""Loads what guidance is written with: sources, units, code lists, tables, facts, products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge.cites import amount, cite
from cds_service.knowledge.files import Roots, decimal, lookup, read_csv, read_text, read_toml, whole
from cds_service.knowledge.giving import dose_limits, monitoring, products
from cds_service.knowledge.orderables import with_orderables
from cds_service.knowledge.queries import query
from cds_service.knowledge.shapes import (
    Amount,
    CodeList,
    Coding,
    DoseLimits,
    FactSpec,
    Indication,
    Monitoring,
    OverrideReason,
    Product,
    Query,
    Source,
    Table,
    Vague,
)
from cds_service.knowledge.units import Units, load_units

CODELIST_COLUMNS = ("system", "code", "display", "means", "status", "source")
ORDERED_FOR = "order_indication"
AMOUNT_KEYS = frozenset({"value", "unit", "source", "cite"})


@dataclass(frozen=True)
class Catalogue:
    sources: Mapping[str, Source]
    units: Units
    aliases: Mapping[str, str]
    codelists: Mapping[str, CodeList]
    tables: Mapping[str, Table]
    facts: Mapping[str, FactSpec]
    queries: Mapping[str, Query]
    indications: Mapping[str, Indication]
    limits: Mapping[str, DoseLimits]
    products: Mapping[str, Product]
    monitoring: Mapping[str, Monitoring]
    reasons: tuple[OverrideReason, ...]


def load_catalogue(roots: Roots) -> Catalogue:
    sources = _sources(roots)
    units = load_units(roots)
    aliases = {
        row["alias"]: row["system"] for path in roots.find("systems.csv") for row in read_csv(path, ("alias", "system"))
    }
    codelists = _codelists(roots)
    tables = _tables(roots, sources, units)
    facts, queries = _facts(roots, sources, units, codelists)
    indications, limits = _indications(roots, codelists), dose_limits(roots, sources)
    facts[ORDERED_FOR] = _ordered_for(facts[ORDERED_FOR], (*indications, *limits))
    stocked, watched = with_orderables(roots, products(roots, sources), monitoring(roots, sources, codelists))
    return Catalogue(
        sources,
        units,
        aliases,
        codelists,
        tables,
        facts,
        queries,
        indications,
        limits,
        stocked,
        watched,
        _reasons(roots),
    )


def _reasons(roots: Roots) -> tuple[OverrideReason, ...]:
    """The package's, then the site's own: every hospital keeps the common ones, so that figures can be compared."""
    reasons: dict[tuple[str, str], OverrideReason] = {}
    for path in roots.find("override_reasons.csv"):
        for number, row in enumerate(read_csv(path, ("system", "code", "display")), start=2):
            place = f"{path.name}:{number}"
            if not all(row.values()):
                raise KnowledgeError(place, "system, code and display must be given")
            key = (row["system"], row["code"])
            if key in reasons:
                raise KnowledgeError(place, f"{row['code']} of {row['system']} is a reason already")
            reasons[key] = OverrideReason(*key, row["display"])
    return tuple(reasons.values())


def _sources(roots: Roots) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for path in roots.find("sources.toml"):
        for name, raw in read_toml(path, "sources").items():
            if name in found:
                raise KnowledgeError(f"{path.name}: {name}", "this source is already defined; choose another name")
            found[name] = Source(
                name, raw["short"], raw["title"], raw["year"], raw["verified"], raw["how"], raw.get("url", "")
            )
    return found


def _codelists(roots: Roots) -> dict[str, CodeList]:
    """Code lists by file name. A site's list of the same name adds codes to the package's."""
    codes: dict[str, dict[tuple[str, str], Coding]] = {}
    texts: dict[str, dict[str, Coding]] = {}
    for path, _ in roots.glob("codelists/*.csv"):
        for number, row in enumerate(read_csv(path, CODELIST_COLUMNS), start=2):
            coding = Coding(row["system"], row["code"], row["display"], row["means"], row["status"])
            if not (coding.system and coding.code and coding.display and coding.status):
                raise KnowledgeError(f"{path.name}:{number}", "system, code, display and status must be given")
            if "cpt" in coding.system.lower().split("/"):
                raise KnowledgeError(f"{path.name}:{number}", "CPT codes may not be shipped")
            known = codes.setdefault(path.stem, {})
            key = (coding.system, coding.code)
            if key in known and known[key].means != coding.means:
                raise KnowledgeError(f"{path.name}:{number}", f"{key} has two meanings")
            known[key] = coding
            if coding.system == "text":
                texts.setdefault(path.stem, {})[coding.code.lower()] = coding
    return {
        name: CodeList(name, found, dict(sorted(texts.get(name, {}).items(), key=lambda item: -len(item[0]))))
        for name, found in codes.items()
    }


def _tables(roots: Roots, sources: Mapping[str, Source], units: Units) -> dict[str, Table]:
    tables: dict[str, Table] = {}
    for path, _ in roots.glob("tables/*.toml"):
        raw = read_toml(path, "table")
        rows_file = path.with_suffix(".csv")
        cells: dict[str, dict[int, list[tuple[int, Decimal]]]] = {column: {} for column in raw["columns"]}
        header = read_text(rows_file).partition("\n")[0].strip().split(",")
        for column in ("gestation_weeks", *raw["columns"]):
            if column not in header:
                raise KnowledgeError(rows_file.name, f"column {column} is missing; there are {header}")
        for number, row in enumerate(read_csv(rows_file, tuple(header)), start=2):
            place = f"{rows_file.name}:{number}"
            weeks, hour = whole(row["gestation_weeks"], place), whole(row.get("age_hours", 0), place)
            for column in raw["columns"]:
                cells[column].setdefault(weeks, []).append((hour, decimal(row[column], place)))
        for column, by_week in cells.items():
            if sorted(by_week) != list(range(min(by_week), max(by_week) + 1)):
                raise KnowledgeError(rows_file.name, f"{column}: a week of gestation is left out between the others")
            for weeks, points in by_week.items():
                hours = [hour for hour, _ in points]
                if hours != sorted(set(hours)):
                    raise KnowledgeError(rows_file.name, f"{column} at {weeks} weeks: ages must rise, each once")
        tables[path.stem] = Table(
            path.stem,
            units.find(raw["unit"], path.name, raw.get("quantity", "")),
            cite(raw["cite"], sources, lookup(sources, raw["source"], path.name, "source"), path.name),
            raw["between"],
            raw["level_after_last"],
            tuple(sorted(next(iter(cells.values())))),
            tuple(raw["show_at"]),
            {column: {weeks: tuple(points) for weeks, points in found.items()} for column, found in cells.items()},
        )
    return tables


def _facts(
    roots: Roots,
    sources: Mapping[str, Source],
    units: Units,
    codelists: Mapping[str, CodeList],
) -> tuple[dict[str, FactSpec], dict[str, Query]]:
    facts: dict[str, FactSpec] = {}
    raw_queries: dict[str, dict[str, Any]] = {}
    for path in roots.find("facts.toml"):
        document = read_toml(path, "facts")
        raw_queries.update(document.get("queries", {}))
        for name, raw in document.get("facts", {}).items():
            place = f"{path.name}: {name}"
            facts[name] = _fact(name, raw, sources, units, codelists, place)
            for named in (facts[name].query, *facts[name].also):
                if named:
                    lookup(raw_queries, named, place, "query")
    for spec in facts.values():
        for other in (*spec.of, spec.need, *((spec.vague.needs,) if spec.vague else ())):
            lookup(facts, other, f"facts.toml: {spec.name}", "fact")
    return facts, {name: query(name, raw, facts) for name, raw in raw_queries.items()}


def _fact(
    name: str,
    raw: Mapping[str, Any],
    sources: Mapping[str, Source],
    units: Units,
    codelists: Mapping[str, CodeList],
    place: str,
) -> FactSpec:
    unit = units.find(raw["unit"], place, raw.get("quantity", "")) if "unit" in raw else None
    if raw["kind"] in ("onset", "count") and not ("codes" in raw and unit):
        raise KnowledgeError(place, f"a fact of kind {raw['kind']} needs codes and a unit")
    quantity = unit.quantity if unit else ""
    return FactSpec(
        name=name,
        title=raw["title"],
        kind=raw["kind"],
        query=raw.get("query", ""),
        also=tuple(raw.get("also", ())),
        codes=lookup(codelists, raw["codes"], place, "code list") if "codes" in raw else None,
        answers=lookup(codelists, raw["answers"], place, "code list") if "answers" in raw else None,
        unit=unit,
        decimals=raw.get("decimals", 1),
        window=_length(raw, "window", sources, units, place),
        plausible=_plausible(raw, place),
        time=raw.get("time", "day"),
        at_birth=raw.get("at_birth", False),
        suspected=raw.get("suspected", False),
        severe=raw.get("severe", False),
        refuted=raw.get("refuted", False),
        formula=raw.get("formula", ""),
        of=tuple(raw.get("of", ())),
        amounts={
            key: amount(value, sources, units, f"{place}.{key}", quantity) for key, value in _figures(raw).items()
        },
        categories=tuple(raw.get("categories", ())),
        vague=_vague(raw["vague"], raw.get("categories", ()), place) if "vague" in raw else None,
        warn_after=_length(raw, "warn_after", sources, units, place),
        constant=raw.get("constant", False),
        ever=_ever(raw, codelists, place),
        need=raw.get("need", name),
        asks=raw["asks"],
    )


def _ordered_for(spec: FactSpec, indications: tuple[str, ...]) -> FactSpec:
    """What an order is for: every indication that there is, a site's own too, and what has dose limits of its own."""
    return replace(spec, categories=tuple(dict.fromkeys((*indications, *spec.categories))))


def _figures(raw: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """What a fact states with unit and citation, by its key."""
    stated = {key: value for key, value in raw.items() if isinstance(value, dict) and set(value) == AMOUNT_KEYS}
    return {**stated, **raw.get("figures", {})}


def _plausible(raw: Mapping[str, Any], place: str) -> tuple[Decimal, Decimal] | None:
    """From where to where a value can be true, in the unit of the fact."""
    plausible = raw.get("plausible")
    if not plausible:
        return None
    if plausible["unit"] != raw.get("unit"):
        raise KnowledgeError(place, f"plausible is in {plausible['unit']}, the fact in {raw.get('unit')}")
    return decimal(plausible["from"], place), decimal(plausible["to"], place)


def _length(raw: Mapping[str, Any], key: str, sources: Mapping[str, Source], units: Units, place: str) -> Amount | None:
    """A length of time, in any of its units."""
    if key not in raw:
        return None
    found = amount(raw[key], sources, units, f"{place}.{key}")
    if found.unit.quantity != "time":
        raise KnowledgeError(f"{place}.{key}", f"{found.unit.name} is no unit of time")
    return found


def _ever(raw: Mapping[str, Any], codelists: Mapping[str, CodeList], place: str) -> str:
    word = str(raw.get("ever", ""))
    known = {coding.means for coding in codelists[raw["answers"]].codes.values()} if "answers" in raw else set()
    if word and word not in known:
        raise KnowledgeError(place, f"ever: {word!r} is no answer; there are {sorted(known)}")
    return word


def _vague(raw: Mapping[str, Any], categories: list[str], place: str) -> Vague:
    for category in (raw["category"], *raw["one_of"]):
        if category not in categories:
            raise KnowledgeError(place, f"vague: {category!r} is no category; there are {categories}")
    return Vague(raw["category"], tuple(raw["one_of"]), raw["needs"])


def _indications(roots: Roots, codelists: Mapping[str, CodeList]) -> dict[str, Indication]:
    found: dict[str, Indication] = {}
    for path in roots.find("indications.toml"):
        for name, raw in read_toml(path, "indications").items():
            named_by = tuple(raw.get("named_by", ()))
            for codelist in named_by:
                lookup(codelists, codelist, f"{path.name}: {name}", "code list")
            found[name] = Indication(name, raw["title"], raw["short"], named_by)
    return found
