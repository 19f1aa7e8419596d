"""Checks one site's knowledge beyond its shape: no gap at any boundary, no card too long, no invalid resource."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product as pairs
from pathlib import Path
from typing import Any

from cds_service.cards.build import Deck
from cds_service.cards.draft import Draft
from cds_service.cards.safety import LONGEST_SUMMARY
from cds_service.cards.suggest import Identity, dose_suggestions, monitoring_suggestions, worded
from cds_service.decisions.decide import Decision, answer
from cds_service.dosing.dose import plan_on
from cds_service.errors import KnowledgeError
from cds_service.facts.fact import Baby, Fact, Quantity
from cds_service.facts.gather import FactReader
from cds_service.knowledge.files import PACKAGE, Roots, sha256
from cds_service.knowledge.load import load_knowledge, site_folder
from cds_service.knowledge.shapes import Guidance, Knowledge
from cds_service.knowledge.signoff import SIGNED
from cds_service.review.babies import draft_order
from cds_service.review.boundaries import babies
from cds_service.review.drawn_orders import check_orders, empties

WEIGHTS_KG = [Decimal(text) for text in ("0.3", "0.45", "0.9", "1.25", "2.049", "3.4", "4.185", "6.5")]
SEED = 20261121
SHOWN_OF = 40  # newborns: of one in so many the card is built too


@dataclass
class Report:
    """What was checked, in lines to print. A fault is raised, never reported as a line."""

    lines: list[str] = field(default_factory=list)


@dataclass
class Walked:
    """One guidance file, walked: how often each verdict was given, and the newborns of whom cards are built."""

    counts: dict[str, int] = field(default_factory=dict)
    shown: list[Baby] = field(default_factory=list)


Walks = dict[str, Walked]  # by guidance file of the package


def check_sites(names: Iterable[str]) -> Iterator[Report]:
    """A guidance file is walked once for all sites that add nothing to the package."""
    walks: Walks = {}
    for name in names:
        yield check_site(name, walks if adds_nothing(site_folder(name)) else None)


def adds_nothing(site: Path) -> bool:
    """Whether the site has no knowledge of its own: it follows the package's files as they are."""
    return all(path.name == "site.toml" for path in site.rglob("*") if path.suffix in (".toml", ".csv"))


def check_site(name: str, walks: Walks | None = None) -> Report:
    """Raises KnowledgeError on the first fault. `walks` are those of sites that read the very same files."""
    knowledge = load_knowledge(name)
    report = Report([f"site {knowledge.site.name}: knowledge {knowledge.version}"])
    for follow in knowledge.site.follows:
        for guideline in (follow.guideline, *follow.beside):
            guidance = knowledge.guidance[follow.indication, guideline]
            report.lines.append("  " + check_guidance(knowledge, guidance, walks))
    check_product(knowledge)
    cards, rules = check_orders(knowledge)
    of = sum(not rule.line for file in knowledge.safety for rule in file.rules)
    report.lines.append(f"  {cards} safety cards of drawn orders read, by {len(rules)} of {of} rules that have a card")
    report.lines.append(f"  {check_resources(knowledge)} resources that this site can emit are valid R4")
    for file in knowledge.unsigned:
        report.lines.append(f"  not signed off: {file}")
    doubtful = sorted(source.short for source in knowledge.sources.values() if source.doubtful)
    report.lines.append(f"  sources that are not verified: {', '.join(doubtful)}")
    return report


def check_guidance(knowledge: Knowledge, guidance: Guidance, walks: Walks | None = None) -> str:
    """Under, on, over and missing for every limit and every table cell: some answer always stands, and its card too."""
    walks = {} if walks is None else walks
    if guidance.file not in walks:
        walks[guidance.file] = walk(knowledge, guidance)
    walked = walks[guidance.file]
    for baby in walked.shown:
        found = answer(guidance, baby)
        _card(knowledge, baby, Decision(guidance.indication, found, found, ()), guidance.file)
    counts = walked.counts
    spread = ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items()))
    return f"{guidance.indication}/{guidance.guideline}: {sum(counts.values())} newborns at every boundary: {spread}"


def walk(knowledge: Knowledge, guidance: Guidance) -> Walked:
    """Judges a newborn at every boundary of the file. Raises KnowledgeError where one is left without an answer, and
    for a verdict that nobody ever gets."""
    walked = Walked()
    counts = walked.counts
    for number, baby in enumerate(babies(knowledge, guidance, random.Random(SEED))):
        found = answer(guidance, baby)
        counts[found.verdict] = counts.get(found.verdict, 0) + 1
        if found.recommendation is None and not found.needs:
            state = {one.text: one.result.value for one in found.criteria}
            raise KnowledgeError(guidance.file, f"no recommendation is met and nothing is missing: {state}")
        if number % SHOWN_OF == 0:
            walked.shown.append(baby)
    unreached = {entry.verdict for entry in guidance.recommendations} - set(counts)
    if unreached:
        raise KnowledgeError(guidance.file, f"no newborn ever reaches {', '.join(sorted(unreached))}")
    return walked


def _card(knowledge: Knowledge, baby: Baby, decision: Decision, file: str) -> None:
    for card in Deck(knowledge, baby, "newborn", "check", Draft(draft_order(), "IVIG")).cards([decision]):
        if not 1 <= len(card["summary"]) <= LONGEST_SUMMARY:
            raise KnowledgeError(file, f"summary of {len(card['summary'])} characters: {card['summary']!r}")
        if empty := next(empties(card), ""):
            raise KnowledgeError(file, f"a card holds an empty value at {empty}")


def check_product(knowledge: Knowledge) -> None:
    """An order for a product on the site's shelf, by its title alone, must be known for IVIG, and for no other."""
    reader = FactReader(knowledge).medications
    for product in knowledge.site.shelf:
        concept = {"text": product.title}
        if reader.recognize({"medicationCodeableConcept": concept}, {}).verdict != "ivig":
            raise KnowledgeError(
                "codelists/immunoglobulin.csv", f"an order for {product.title!r} is not taken for IVIG"
            )
        if Draft(None, product.title, *reader.product(concept)).differs(product):
            raise KnowledgeError(
                "products.csv", f"an order for {product.title!r} is taken for another product or strength"
            )


def check_resources(knowledge: Knowledge) -> int:
    """Every dose at every weight, written into a draft and as a new order, and every monitoring order."""
    count = 0
    for resource in emitted(knowledge):
        validate(resource)
        count += 1
    return count


def emitted(knowledge: Knowledge) -> Iterator[dict[str, Any]]:
    identity = Identity("check")
    for guidance in knowledge.guidance.values():
        for dose in guidance.doses.values():
            limits = knowledge.dose_limits[dose.limits]
            for kilograms, product in pairs(WEIGHTS_KG, knowledge.site.shelf):
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
    """(file, sha256) of every guidance file and overlay, for sign-offs."""
    roots = Roots((PACKAGE, *(site_folder(name) for name in sites)))
    return sorted({(name, sha256(path)) for pattern in SIGNED for path, name in roots.glob(pattern)})
