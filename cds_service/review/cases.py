"""Runs clinical cases: given facts, expected answer, in files that a clinician writes and reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from cds_service.decisions.decide import Answer, answer
from cds_service.dosing.dose import plan
from cds_service.errors import KnowledgeError
from cds_service.facts.fact import Baby, Quantity
from cds_service.facts.gather import FactReader
from cds_service.fhir.prefetch import collect
from cds_service.hooks.service import Answerer
from cds_service.knowledge.files import read_toml
from cds_service.knowledge.load import load_knowledge
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import AS_OF, PATIENT, concept, prefetch
from cds_service.review.safety_cases import FOLDER, run_orders


@dataclass(frozen=True, slots=True)
class CaseResult:
    """`fault` is empty where the case holds, else what was found in place of what was expected."""

    file: str
    name: str
    fault: str


def run_folder(folder: Path, site: str | None = None) -> list[CaseResult]:
    """Every case file under a folder: `<indication>/<guideline>.toml`."""
    if not folder.is_dir():
        raise KnowledgeError(str(folder), "no such folder of cases")
    loaded: dict[str, tuple[Knowledge, FactReader]] = {}
    results = []
    for path in sorted(folder.rglob("*.toml")):
        if path.parent.name == FOLDER:
            results += list(_run_orders(path, site))
            continue
        document = read_toml(path, "cases")
        name = site or document.get("site", "demo")
        if name not in loaded:
            knowledge = load_knowledge(name)
            loaded[name] = knowledge, FactReader(knowledge)
        results += list(_run_file(path, document, *loaded[name]))
    return results


def _run_orders(path: Path, site: str | None) -> Iterator[CaseResult]:
    document = read_toml(path, "safety_cases")
    answerer = Answerer(load_knowledge(site or document.get("site", "demo")), accept_as_of=True)
    file = f"{FOLDER}/{path.name}"
    for name, fault in run_orders(document, answerer, file):
        yield CaseResult(file, name, fault)


def _run_file(
    path: Path, document: Mapping[str, Any], knowledge: Knowledge, reader: FactReader
) -> Iterator[CaseResult]:
    key = (path.parent.name, path.stem)
    file = f"{path.parent.name}/{path.name}"
    if key not in knowledge.guidance:
        raise KnowledgeError(file, f"there is no guidance {'/'.join(key)}; there is: {sorted(knowledge.guidance)}")
    for case in document["case"]:
        given = {**document.get("given", {}), **case.get("given", {})}
        given = {name: value for name, value in given.items() if name not in case.get("without", ())}
        baby = read_baby(given, knowledge, reader, f"{file}: {case['name']}")
        found = answer(knowledge.guidance[key], baby)
        yield CaseResult(file, case["name"], "; ".join(_faults(case["expect"], found, baby, knowledge)))


def read_baby(given: Mapping[str, Any], knowledge: Knowledge, reader: FactReader, place: str) -> Baby:
    """The baby as the service would read it, from FHIR resources made of the given facts."""
    record = collect(prefetch(given, place, knowledge.facts), ("patient", *knowledge.asked_for), PATIENT)
    reasons = [concept(given["reason"])] if "reason" in given else []
    return reader.read(record, AS_OF, {}, reasons)


def _faults(expect: Mapping[str, Any], found: Answer, baby: Baby, knowledge: Knowledge) -> Iterator[str]:
    seen: dict[str, Any] = {"verdict": found.verdict, "answer": found.name, "indicator": found.indicator}
    for key in ("verdict", "answer", "indicator"):
        if key in expect and expect[key] != seen[key]:
            yield f"{key} is {seen[key]}, expected {expect[key]}"
    if "needs" in expect and set(expect["needs"]) != set(found.needs):
        yield f"needs are {list(found.needs)}, expected {expect['needs']}"
    for name, wanted in expect.get("limits", {}).items():
        line = found.judge.limit(found.guidance.numbers[name])
        if not isinstance(line, Quantity) or not line.exact or line.low != wanted:
            yield f"{name} is {line}, expected {wanted}"
    for name, wanted in expect.get("facts", {}).items():
        fact = baby.known(name)
        value = fact.value if fact else None
        shown = value.low if isinstance(value, Quantity) else value
        if shown != wanted and not (isinstance(shown, Decimal) and isinstance(wanted, int) and shown == wanted):
            yield f"{name} is {shown}, expected {wanted}"
    if "grams" in expect:
        wanted = found.dose
        limits = knowledge.dose_limits[wanted.limits] if wanted else None
        dose = plan(wanted, baby, knowledge.site.product, limits) if wanted and limits else None
        grams = [portion.exact for portion in dose.portions] if dose else None
        if grams != [Decimal(str(wanted)) for wanted in expect["grams"]]:
            yield f"grams are {grams}, expected {expect['grams']}"
