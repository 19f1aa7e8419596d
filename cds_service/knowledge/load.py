"""Loads everything one site needs, strictly and once. The service refuses to start on a fault."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cds_service.errors import KnowledgeError
from cds_service.knowledge.catalogue import Catalogue, load_catalogue
from cds_service.knowledge.files import PACKAGE, Roots, lookup, read_toml
from cds_service.knowledge.guidance import load_guidance
from cds_service.knowledge.overlays import load_moves
from cds_service.knowledge.safety import check_ids, load_safety
from cds_service.knowledge.shapes import (
    Follow,
    Guidance,
    Knowledge,
    Product,
    Site,
)
from cds_service.knowledge.signoff import signed_files

RELEASE = "2026.11.2"


def site_folder(name: str) -> Path:
    """A site of the package by name, or a folder anywhere that holds a site.toml."""
    shipped = PACKAGE / "sites" / name
    folder = shipped if "/" not in name and shipped.is_dir() else Path(name)
    if not (folder / "site.toml").is_file():
        names = ", ".join(shipped_sites())
        raise KnowledgeError(f"site {name!r}", f"no site.toml there; give a folder, or one of: {names}")
    return folder.resolve()


def shipped_sites() -> tuple[str, ...]:
    """The names of the sites of the package."""
    return tuple(sorted(path.name for path in (PACKAGE / "sites").iterdir() if path.is_dir()))


def load_knowledge(site: str) -> Knowledge:
    """Everything for one site. Raises KnowledgeError with file, place, what is wrong and what is allowed."""
    folder = site_folder(site)
    roots = Roots((PACKAGE, folder))
    catalogue = load_catalogue(roots)
    signed = signed_files(roots)
    guidance = _guidance(roots, folder, catalogue, signed)
    safety = tuple(
        load_safety(path, name, catalogue, signed_off=name in signed) for path, name in roots.glob("safety/*.toml")
    )
    check_ids(safety)
    site_data = _site(folder, catalogue, guidance)
    _overlays_are_shown(site_data, guidance)
    return Knowledge(
        version=f"{RELEASE}+sha256:{_fingerprint(roots)}",
        site=site_data,
        sources=catalogue.sources,
        spellings=catalogue.units.spellings,
        codelists=catalogue.codelists,
        facts=catalogue.facts,
        queries=catalogue.queries,
        tables=catalogue.tables,
        indications=catalogue.indications,
        guidance=guidance,
        safety=safety,
        monitoring=catalogue.monitoring,
        products=catalogue.products,
        dose_limits=catalogue.limits,
        override_reasons=catalogue.reasons,
        system_aliases=catalogue.aliases,
        unsigned=tuple(item.file for item in (*guidance.values(), *safety) if not item.signed_off)
        + tuple(item.overlay.file for item in guidance.values() if item.overlay and not item.overlay.signed_off),
    )


def _guidance(
    roots: Roots, folder: Path, catalogue: Catalogue, signed: frozenset[str]
) -> dict[tuple[str, str], Guidance]:
    moves = load_moves(folder, catalogue.sources, signed)
    guidance: dict[tuple[str, str], Guidance] = {}
    for path, name in roots.glob("indications/*/*.toml"):
        loaded = load_guidance(path, name, catalogue, signed_off=name in signed, moves=moves.pop(name, None))
        key = (loaded.indication, loaded.guideline)
        if key in guidance:
            raise KnowledgeError(name, "this guidance exists in the package; give the site's own another name")
        guidance[key] = loaded
    for left in moves.values():
        known = ", ".join(sorted("/".join(key) for key in guidance))
        raise KnowledgeError(left.file, f"there is no such guidance to move; there is: {known}")
    return guidance


def _overlays_are_shown(site: Site, guidance: Mapping[tuple[str, str], Guidance]) -> None:
    """What is moved in a guideline that no card shows was moved in the wrong one."""
    shown = {(one.indication, name) for one in site.follows for name in (one.guideline, *one.beside)}
    for key, one in guidance.items():
        if one.overlay and key not in shown:
            names = ", ".join(sorted("/".join(each) for each in shown))
            raise KnowledgeError(one.overlay.file, f"the site does not follow {'/'.join(key)}; it shows: {names}")


def _fingerprint(roots: Roots) -> str:
    """Twelve hex digits over every knowledge file: the same knowledge, the same version."""
    digest = hashlib.sha256()
    for pattern in ("*.toml", "*.csv", "*/*.toml", "*/*.csv", "indications/*/*.toml", "overlays/*/*.toml"):
        for path, name in roots.glob(pattern):
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _site(folder: Path, catalogue: Catalogue, guidance: Mapping[tuple[str, str], Guidance]) -> Site:
    raw = read_toml(folder / "site.toml", "site")
    place = f"{folder.name}/site.toml"
    try:
        zone = ZoneInfo(raw["time_zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise KnowledgeError(
            f"{place}: time_zone", f"{raw['time_zone']!r} is no time zone of the tz database"
        ) from error
    shelf = _shelf(raw, catalogue, place)
    follows = []
    for entry in raw["follow"]:
        for guideline in (entry["guideline"], *entry.get("beside", ())):
            if (entry["indication"], guideline) not in guidance:
                known = sorted("/".join(key) for key in guidance)
                raise KnowledgeError(
                    place, f"no guidance {entry['indication']}/{guideline}; there is: {', '.join(known)}"
                )
        follows.append(Follow(entry["indication"], entry["guideline"], tuple(entry.get("beside", ()))))
    if len({follow.indication for follow in follows}) != len(follows):
        raise KnowledgeError(place, "an indication is followed twice; name one guideline, and others under beside")
    return Site(folder.name, raw["title"], zone, shelf[0], tuple(follows), shelf)


def _shelf(raw: Mapping[str, Any], catalogue: Catalogue, place: str) -> tuple[Product, ...]:
    """The products in stock, the default one first; each fit for newborns."""
    shelf = []
    for key, names in (("product", [raw["product"]]), ("shelf", raw.get("shelf", []))):
        for name in names:
            product = lookup(catalogue.products, name, f"{place}: {key}", "product")
            _fit_for_newborns(product, f"{place}: {key}")
            if product in shelf:
                raise KnowledgeError(f"{place}: {key}", f"{name} is the default product; name only further ones")
            shelf.append(product)
    return tuple(shelf)


def _fit_for_newborns(product: Product, place: str) -> None:
    if product.sorbitol:
        raise KnowledgeError(place, f"{product.title} contains sorbitol: contraindicated under 2 years of age")
    if product.max_mg_per_kg_min is None:
        raise KnowledgeError(place, f"the infusion rates of {product.title} are not verified: no steps can be computed")
    if not product.vials_g:
        raise KnowledgeError(place, f"the vial sizes of {product.title} are not verified: no vials can be named")
