"""Checks one site's knowledge beyond its shape: no gap at any boundary, no card too long, no invalid resource."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cds_service.cards.build import LONGEST_SUMMARY, Deck, Draft
from cds_service.cards.suggest import Identity, dose_suggestions, monitoring_suggestions, worded
from cds_service.decisions.decide import Decision, answer
from cds_service.dosing.dose import plan_on
from cds_service.errors import KnowledgeError
from cds_service.facts.fact import Baby, Fact, Quantity
from cds_service.facts.gather import FactReader
from cds_service.knowledge.files import PACKAGE, Roots, sha256
from cds_service.knowledge.load import load_knowledge, site_folder
from cds_service.knowledge.shapes import Guidance, Knowledge
from cds_service.review.babies import draft_order
from cds_service.review.boundaries import babies

WEIGHTS_KG = [Decimal(text) for text in ("0.3", "0.45", "0.9", "1.25", "2.049", "3.4", "4.185", "6.5")]
SEED = 20261121


@dataclass
class Report:
    """What was checked, in lines to print. A fault is raised, never reported as a line."""

    lines: list[str] = field(default_factory=list)


def check_site(name: str) -> Report:
    """Raises KnowledgeError on the first fault."""
    knowledge = load_knowledge(name)
    report = Report([f"site {knowledge.site.name}: knowledge {knowledge.version}"])
    for follow in knowledge.site.follows:
        for guideline in (follow.guideline, *follow.beside):
            guidance = knowledge.guidance[follow.indication, guideline]
            report.lines.append("  " + check_guidance(knowledge, guidance))
    check_product(knowledge)
    report.lines.append(f"  {check_resources(knowledge)} resources that this site can emit are valid R4")
    for file in knowledge.unsigned:
        report.lines.append(f"  not signed off: {file}")
    doubtful = sorted(source.short for source in knowledge.sources.values() if source.doubtful)
    report.lines.append(f"  sources that are not verified: {', '.join(doubtful)}")
    return report


def check_guidance(knowledge: Knowledge, guidance: Guidance) -> str:
    """Walks under, on, over and missing for every limit and every table cell: some answer always stands."""
    counts: dict[str, int] = {}
    draw = random.Random(SEED)
    for baby in babies(knowledge, guidance, draw):
        found = answer(guidance, baby)
        counts[found.verdict] = counts.get(found.verdict, 0) + 1
        if found.recommendation is None and not found.needs:
            state = {one.text: one.result.value for one in found.criteria}
            raise KnowledgeError(guidance.file, f"no recommendation is met and nothing is missing: {state}")
        if sum(counts.values()) % 40 == 1:
            _card(knowledge, baby, Decision(guidance.indication, found, found, ()), guidance.file)
    unreached = {entry.verdict for entry in guidance.recommendations} - set(counts)
    if unreached:
        raise KnowledgeError(guidance.file, f"no newborn ever reaches {', '.join(sorted(unreached))}")
    spread = ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items()))
    return f"{guidance.indication}/{guidance.guideline}: {sum(counts.values())} newborns at every boundary: {spread}"


def _card(knowledge: Knowledge, baby: Baby, decision: Decision, file: str) -> None:
    for card in Deck(knowledge, baby, "newborn", "check", Draft(draft_order(), "IVIG")).cards([decision]):
        if not 1 <= len(card["summary"]) <= LONGEST_SUMMARY:
            raise KnowledgeError(file, f"summary of {len(card['summary'])} characters: {card['summary']!r}")
        if empty := next(empties(card), ""):
            raise KnowledgeError(file, f"a card holds an empty value at {empty}")


def empties(value: object, path: str = "card") -> Iterator[str]:
    """Paths of null, empty text, empty list or empty object."""
    if value is None or value in ("", [], {}):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from empties(item, f"{path}.{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from empties(item, f"{path}[{number}]")


def check_product(knowledge: Knowledge) -> None:
    """An order for the site's own product, by its title alone, must be known for IVIG and not for another product."""
    product, reader = knowledge.site.product, FactReader(knowledge).medications
    concept = {"text": product.title}
    if reader.recognize({"medicationCodeableConcept": concept}, {}).verdict != "ivig":
        raise KnowledgeError("codelists/immunoglobulin.csv", f"an order for {product.title!r} is not taken for IVIG")
    if Draft(None, product.title, *reader.product(concept)).differs(product):
        raise KnowledgeError("products.csv", f"an order for {product.title!r} is taken for another product or strength")


def check_resources(knowledge: Knowledge) -> int:
    """Every dose at every weight, written into a draft and as a new order, and every monitoring order."""
    count = 0
    for resource in emitted(knowledge):
        validate(resource)
        count += 1
    return count


def emitted(knowledge: Knowledge) -> Iterator[dict[str, Any]]:
    product, identity = knowledge.site.product, Identity("check")
    for guidance in knowledge.guidance.values():
        for dose in guidance.doses.values():
            limits = knowledge.dose_limits[dose.limits]
            for kilograms in WEIGHTS_KG:
                weight = Fact("dosing_weight", Quantity(kilograms, kilograms, knowledge.spellings["weight", "kg"]))
                doses = worded(plan_on(weight, dose, product, limits), product)
                for draft in (draft_order(), None):
                    made = dose_suggestions(doses, product, draft, "newborn", identity, "check", recommend=True)
                    yield from (action["resource"] for one in made for action in one["actions"])
    for one in monitoring_suggestions(knowledge.monitoring.values(), "newborn", identity, "check"):
        yield from (action["resource"] for action in one["actions"])


def validate(resource: dict[str, Any]) -> None:
    """By the R4B models of fhir.resources, which serve R4 here. Raises KnowledgeError."""
    import importlib

    kind = resource["resourceType"]
    model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    try:
        model.model_validate(resource)
    except ValueError as error:
        raise KnowledgeError(kind, f"a resource that would leave is not valid R4: {error}") from error


def guidance_hashes(sites: tuple[str, ...]) -> list[tuple[str, str]]:
    """(file, sha256) of every guidance file, for sign-offs."""
    folders = (PACKAGE, *(site_folder(name) for name in sites))
    return sorted({(name, sha256(path)) for path, name in Roots(folders).glob("indications/*/*.toml")})
