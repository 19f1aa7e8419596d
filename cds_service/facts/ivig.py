"""Is this medication IVIG? By code, by words, by route; look-alikes are not, and doubt is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal

from cds_service.facts.fact import Fact
from cds_service.facts.moments import BEFORE_ALL, Span, parse
from cds_service.facts.words import Phrases, tokens
from cds_service.fhir.read import Json, as_dict, as_list, as_text, codings, label, reference_id, words
from cds_service.knowledge.shapes import CodeList, Coding

NDC = "http://hl7.org/fhir/sid/ndc"
ORDERED = ("active",)
GIVEN = ("in-progress", "completed", "on-hold", "stopped", "unknown")
NOT_GIVEN = ("not-done", "entered-in-error")
ABBREVIATIONS = ("ivig", "igiv", "i.v.i.g")
PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s*%")
PER_VOLUME = re.compile(r"(?i)(\d+(?:[.,]\d+)?)\s*(mg|g)\s*(?:/|in|per)\s*(\d+(?:[.,]\d+)?)?\s*(ml|l)\b")
NO_ROUTE = "The order states no route that is known, and this product is also given under the skin: judged as IVIG."
OTHER_ROUTE = "**The order states another route than intravenous**: correct it. IVIG is given into a vein."


@dataclass(frozen=True, slots=True)
class Recognized:
    """`ivig`, `not_ivig`, `other` or `unknown` (no medication could be read); `remark` says what was assumed."""

    verdict: str
    remark: str = ""


class MedicationReader:
    """Built once per site from its code lists of immunoglobulins and of routes."""

    def __init__(self, products: CodeList, routes: CodeList, system: Callable[[str], str]) -> None:
        self._products, self._routes, self._system = products.codes, routes.codes, system
        self._product_words, self._route_words = Phrases(products), Phrases(routes)
        self._brands = frozenset(
            word for word in products.texts if " " not in word and "globulin" not in word and word not in ABBREVIATIONS
        )
        self._code_systems = {uri for uri, _ in products.codes} - {"text"}
        self._ndc = {
            prefix: coding
            for (uri, code), coding in products.codes.items()
            if uri == NDC and (prefix := ndc_prefix(code))
        }

    def recognize(self, order: Json, medications: Mapping[str, Json]) -> Recognized:
        """One order or administration. `medications` are resources it may refer to, by `Medication/id` or URL."""
        concept = medication_of(order, medications)
        text = words(concept)
        found = self._means(concept, text)
        if "not_ivig" in found:
            return Recognized("not_ivig")
        if "ivig" in found:
            return Recognized("ivig", OTHER_ROUTE if self._route(order, "") == "other" else "")
        if not found:
            known = any(self._system(uri) in self._code_systems for uri, _, _ in codings(concept))
            return Recognized("other" if text or known else "unknown")
        route = self._route(order, text)
        if route == "unstated":
            return Recognized("ivig", NO_ROUTE)
        return Recognized("ivig" if route == "iv" else "not_ivig")

    def product(self, concept: object, *texts: str) -> tuple[frozenset[str], frozenset[Decimal]]:
        """The brands and strengths (g/mL) that a medication names: in its text, its displays, what the codes that
        are known stand for, and `texts` beside it. Both are empty for a generic name."""
        known = [coding.display for uri, code, _ in codings(concept) if (coding := self._coding(uri, code))]
        parts = [*words(concept).split(" ; "), *known, *texts]
        brands = frozenset(word for part in parts for word in tokens(part) if word in self._brands)
        return brands, frozenset(found for part in parts if (found := strength(part)) is not None)

    def _coding(self, uri: str, code: str) -> Coding | None:
        system = self._system(uri)
        return self._products.get((system, code)) or (self._ndc.get(ndc_prefix(code)) if system == NDC else None)

    def _means(self, concept: object, text: str) -> set[str]:
        """Codes decide; words count only where no code is known."""
        found = {coding.means for uri, code, _ in codings(concept) if (coding := self._coding(uri, code))}
        return found or set(self._product_words.means(tokens(text)))

    def _route(self, order: Json, text: str) -> str:
        """`iv`, `other` or `unstated`. A route that is not understood is not a reason to take the order for another."""
        stated: set[str] = set()
        dosages = [*as_list(order.get("dosageInstruction")), order.get("dosage")]
        routes = [route for dosage in dosages if (route := as_dict(dosage).get("route"))]
        for route in routes:
            codes = [(self._system(uri), code) for uri, code, _ in codings(route)]
            stated |= {self._routes[key].means for key in codes if key in self._routes}
            said = " ".join((words(route), *(code for _, code in codes)))
            stated.update(self._route_words.means(tokens(said)))
        if not routes:
            stated.update(self._route_words.means(tokens(text)))
        return stated.pop() if len(stated) == 1 else "unstated"


def strength(text: str) -> Decimal | None:
    """Grams in a milliliter, where the words name them: `5 %`, `100 mg/mL`, `5 g/100 mL`, `50 g/L`."""
    if match := PERCENT.search(text):
        return _decimal(match[1]) / 100
    if match := PER_VOLUME.search(text):
        milliliters = _decimal(match[3] or "1") * (1000 if match[4].lower() == "l" else 1)
        grams = _decimal(match[1]) / (1000 if match[2].lower() == "mg" else 1)
        return grams / milliliters if milliliters else None
    return None


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def ndc_prefix(code: str) -> str:
    """Labeler (5 digits) and product (4 digits) of an NDC; empty where it is none."""
    digits = code.replace("-", "")
    if not digits.isdigit():
        return ""
    parts = code.split("-")
    if len(parts) >= 2:
        return parts[0].zfill(5) + parts[1].zfill(4)
    return digits[:9] if len(digits) == 11 else ""


def medication_of(order: Json, medications: Mapping[str, Json]) -> object:
    """The medication's CodeableConcept; None where none can be read.

    In the order, in `contained`, as another entry or prefetch resource; else the reference's display text.
    """
    concept = order.get("medicationCodeableConcept")
    if concept:
        return concept
    reference = order.get("medicationReference")
    name = as_text(reference) or as_text(as_dict(reference).get("reference"))
    if name.startswith("#"):
        for contained in as_list(order.get("contained")):
            if as_dict(contained).get("id") == name[1:]:
                return as_dict(contained).get("code")
    medication = medications.get(name) or medications.get(f"Medication/{reference_id(name, 'Medication')}")
    if medication is not None and medication.get("code"):
        return medication.get("code")
    display = as_text(as_dict(reference).get("display"))
    return {"text": display} if display else None


def medications_by_name(entries: Iterable[tuple[str, Json]]) -> dict[str, Json]:
    """Medication resources by `Medication/id` and by full URL."""
    named: dict[str, Json] = {}
    for url, resource in entries:
        if resource.get("resourceType") == "Medication":
            named[label(resource)] = resource
            if url:
                named[url] = resource
    return named


def on_record(
    name: str,
    resources: Iterable[Json],
    reader: MedicationReader,
    medications: Mapping[str, Json],
    as_of: datetime,
    zone: tzinfo,
) -> tuple[list[Fact], list[str]]:
    """The doses of IVIG given or running, or its active orders: oldest first, those without a time before all; and
    what is to be said of those that cannot be read. A dose is taken for given unless the record says that it was
    not: an odd status or a clock that runs ahead is no reason to give it again."""
    found, remarks, unread = [], [], 0
    for resource in resources:
        status, given = _status(resource)
        if not status or resource.get("doNotPerform") is True:
            continue
        verdict = reader.recognize(resource, medications).verdict
        unread += verdict == "unknown"
        if verdict != "ivig":
            continue
        when = as_text(resource.get("effectiveDateTime")) or as_text(
            as_dict(resource.get("effectivePeriod")).get("start")
        )
        when = when or as_text(resource.get("authoredOn"))
        at = parse(when, zone) if when else None
        if given and at and at.early > as_of:
            remarks.append(f"a dose of IVIG is dated in the future ({label(resource)}): check its time")
            at = Span(as_of, as_of)
        if given or at is None or at.early <= as_of:
            found.append(Fact(name, status, at, label(resource)))
    if unread:
        remarks.append(f"{unread} medication(s) ordered or given could not be read: they may be IVIG")
    return sorted(found, key=lambda fact: fact.at.late if fact.at else BEFORE_ALL), remarks


def _status(resource: Json) -> tuple[str, bool]:
    """The status by which it counts, empty where it does not; and whether it is of a dose given."""
    status = as_text(resource.get("status")).lower()
    if resource.get("resourceType") != "MedicationAdministration":
        return (status if status in ORDERED else ""), False
    if status in NOT_GIVEN:
        return "", True
    return (status if status in GIVEN else "unknown"), True
