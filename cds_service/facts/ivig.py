"""Is this medication IVIG? By code, by words, by route; look-alikes are not, and doubt is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from cds_service.facts.fact import Fact
from cds_service.facts.moments import parse
from cds_service.facts.words import phrases, tokens
from cds_service.fhir.read import Json, as_dict, as_list, as_text, codings, label, reference_id, words
from cds_service.knowledge.shapes import CodeList, Coding

NDC = "http://hl7.org/fhir/sid/ndc"
COUNTS = {
    "MedicationRequest": ("active",),
    "MedicationAdministration": ("in-progress", "completed", "on-hold", "stopped", "unknown"),
}
IV_WORDS = frozenset({"iv", "ivig", "igiv", "intravenous", "intravenously"})


@dataclass(frozen=True, slots=True)
class Recognized:
    """`ivig`, `not_ivig` or `unknown` (no medication could be read); `remark` says what was assumed."""

    verdict: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class MedicationReader:
    products: CodeList
    routes: CodeList
    system: Callable[[str], str]

    def recognize(self, order: Json, medications: Mapping[str, Json]) -> Recognized:
        """One order or administration. `medications` are resources it may refer to, by `Medication/id` or URL."""
        concept, resolved = medication_of(order, medications)
        found = self._means(concept)
        if not found:
            return Recognized("unknown" if not resolved and not words(concept) else "other")
        if "not_ivig" in found:
            return Recognized("not_ivig")
        if "ivig" in found:
            return Recognized("ivig")
        route = self._route(order, words(concept))
        if route == "iv":
            return Recognized("ivig")
        if route == "other":
            return Recognized("not_ivig")
        return Recognized(
            "ivig", "The order states no route and this product is also given under the skin: judged as IVIG."
        )

    def _means(self, concept: object) -> set[str]:
        """Codes decide; words count only where no code is known."""
        found = set()
        for uri, code, _ in codings(concept):
            system = self.system(uri)
            coding = self.products.codes.get((system, code)) or (self._ndc(code) if system == NDC else None)
            if coding:
                found.add(coding.means)
        return found or {coding.means for coding in phrases(words(concept), self.products)}

    def _ndc(self, code: str) -> Coding | None:
        """An NDC by its labeler and product parts, in 10- or 11-digit form."""
        wanted = ndc_prefix(code)
        for (system, known), coding in self.products.codes.items():
            if system == NDC and wanted and ndc_prefix(known) == wanted:
                return coding
        return None

    def _route(self, order: Json, text: str) -> str:
        routes = [as_dict(dosage).get("route") for dosage in as_list(order.get("dosageInstruction"))]
        routes.append(as_dict(order.get("dosage")).get("route") if isinstance(order.get("dosage"), dict) else None)
        stated = [route for route in routes if route]
        for route in stated:
            if any((self.system(uri), code) in self.routes.codes for uri, code, _ in codings(route)):
                return "iv"
            if phrases(words(route), self.routes):
                return "iv"
        if stated:
            return "other"
        return "iv" if IV_WORDS & set(tokens(text)) else "unstated"


def ndc_prefix(code: str) -> str:
    """Labeler (5 digits) and product (4 digits) of an NDC; empty where it is none."""
    digits = code.replace("-", "")
    if not digits.isdigit():
        return ""
    parts = code.split("-")
    if len(parts) >= 2:
        return parts[0].zfill(5) + parts[1].zfill(4)
    return digits[:9] if len(digits) == 11 else ""


def medication_of(order: Json, medications: Mapping[str, Json]) -> tuple[object, bool]:
    """The medication's CodeableConcept, and whether one was found at all.

    In the order, in `contained`, as another entry or prefetch resource; else the reference's display text.
    """
    concept = order.get("medicationCodeableConcept")
    if concept:
        return concept, True
    reference = as_dict(order.get("medicationReference"))
    name = as_text(reference.get("reference"))
    if name.startswith("#"):
        for contained in as_list(order.get("contained")):
            if as_dict(contained).get("id") == name[1:]:
                return as_dict(contained).get("code"), True
    identity = reference_id(reference, "Medication")
    medication = medications.get(name) or medications.get(f"Medication/{identity}")
    if medication is not None and medication.get("code"):
        return medication.get("code"), True
    display = as_text(reference.get("display"))
    return {"text": display} if display else None, not reference


def medications_by_name(entries: Iterable[tuple[str, Json]]) -> dict[str, Json]:
    """Medication resources by `Medication/id` and by full URL."""
    named: dict[str, Json] = {}
    for url, resource in entries:
        if resource.get("resourceType") == "Medication":
            named[label(resource)] = resource
            if url:
                named[url] = resource
    return named


def latest(
    name: str,
    resources: Iterable[Json],
    reader: MedicationReader,
    medications: Mapping[str, Json],
    as_of: datetime,
    zone: tzinfo,
) -> Fact | None:
    """The latest IVIG given or running, or an active IVIG order; None where there is none."""
    best: Fact | None = None
    for resource in resources:
        status = as_text(resource.get("status"))
        if status not in COUNTS.get(as_text(resource.get("resourceType")), ()):
            continue
        if reader.recognize(resource, medications).verdict != "ivig":
            continue
        when = as_text(resource.get("effectiveDateTime")) or as_text(
            as_dict(resource.get("effectivePeriod")).get("start")
        )
        when = when or as_text(resource.get("authoredOn"))
        at = parse(when, zone) if when else None
        if at and at.early > as_of:
            continue
        fact = Fact(name, status, at, label(resource))
        if best is None or best.at is None or (at is not None and at.late >= best.at.late):
            best = fact
    return best
