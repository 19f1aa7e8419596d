"""Is this medication IVIG? By code, by words, by route; look-alikes are not, and doubt is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from cds_service.facts.words import FOUND, OTHERS, UNPLAIN, Phrases, tokens
from cds_service.fhir.read import Json, as_dict, as_list, as_text, codings, label, reference_id, words
from cds_service.knowledge.shapes import CodeList, Coding

NDC = "http://hl7.org/fhir/sid/ndc"
# What may stand before the product where a procedure is the infusion itself: not "platelet count after IVIG".
GIVING = frozenset(
    (
        *("infusion", "administration", "transfusion", "injection", "therapy", "treatment", "infuse", "give", "given"),
        *(
            "of",
            "with",
            "by",
            "the",
            "a",
            "an",
            "iv",
            "intravenous",
            "human",
            "normal",
            "polyvalent",
            "blood",
            "product",
        ),
        *("first", "second", "third", "repeat", "single", "dose"),
    )
)
# What may not stand beside it: IVIG is spoken of, and not given.
ABOUT = (
    UNPLAIN
    | OTHERS
    | {
        *(
            "level",
            "levels",
            "reaction",
            "monitoring",
            "observation",
            "consent",
            "counseling",
            "counselling",
            "discussion",
        ),
        *("premedication", "allergy", "intolerance", "assessment", "review", "request", "no", "not", "without"),
    }
)
ABBREVIATIONS = ("ivig", "igiv", "i.v.i.g")
# Of bounded length, so that a text of nothing but digits or spaces costs no more than another.
FIGURE = r"(?<!\d)(\d{1,7}(?:[.,]\d{1,6})?)\s{0,3}"
PERCENT = re.compile(rf"{FIGURE}%")
PER_VOLUME = re.compile(rf"(?i){FIGURE}(mg|g)\s{{0,3}}(?:/|in|per)\s{{0,3}}(?:{FIGURE})?(ml|l)\b")
NO_ROUTE = "The order states no route that is known, and this product is also given under the skin: judged as IVIG."


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
        look_alikes = {phrase: coding for phrase, coding in products.texts.items() if coding.means == "not_ivig"}
        self._look_alikes = Phrases(CodeList(products.name, products.codes, look_alikes))
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
            return Recognized("ivig")
        if not found:
            known = any(self._system(uri) in self._code_systems for uri, _, _ in codings(concept))
            return Recognized("other" if text or known else "unknown")
        route = self._route(order, text)
        if route == "unstated":
            return Recognized("ivig", NO_ROUTE)
        return Recognized("ivig" if route == "iv" else "not_ivig")

    def is_giving(self, concept: object) -> bool:
        """Whether a procedure or a service is the giving of IVIG: by a code, or by words that say so and no more."""
        found = {coding.means for uri, code, _ in codings(concept) if (coding := self._coding(uri, code))}
        if found:
            return found == {"ivig"}
        return any(self._says_giving(part) for part in words(concept).split(" ; ") if part)

    def _says_giving(self, text: str) -> bool:
        said = tokens(text)
        if self._look_alikes.means(said):
            return False
        found, rest = self._product_words.match(said)
        return set(found) == {"ivig"} and GIVING.issuperset(rest[: rest.index(FOUND)]) and ABOUT.isdisjoint(rest)

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
        """Codes decide; words count only where no code is known. A look-alike's words are looked for by themselves:
        the longest phrase in "Rh immune globulin intravenous" is that of IVIG."""
        found = {coding.means for uri, code, _ in codings(concept) if (coding := self._coding(uri, code))}
        said = tokens(text)
        return found or set(self._look_alikes.means(said)) or set(self._product_words.means(said))

    def route(self, order: Json, medications: Mapping[str, Json]) -> str:
        """`iv`, `other` or `unstated`: as the order says, or the words of its medication."""
        return self._route(order, words(medication_of(order, medications)))

    def _route(self, order: Json, text: str) -> str:
        """`iv`, `other` or `unstated`. A route that is not understood is not a reason to take the order for another."""
        stated: set[str] = set()
        # An immunization states its route itself.
        dosages = [*as_list(order.get("dosageInstruction")), order.get("dosage"), order]
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

    In the order, in `contained`, as another entry or prefetch resource, there by its code or else its ingredients; else
    the reference's display text. Of an immunization, the vaccine.
    """
    concept = order.get("medicationCodeableConcept") or order.get("vaccineCode")
    if concept:
        return concept
    medication = _referred(order, medications)
    if medication is not None and medication.get("code"):
        return medication.get("code")
    if items := [item for one in _ingredients(medication) if (item := one.get("itemCodeableConcept"))]:
        return items[0] if len(items) == 1 else items
    display = as_text(as_dict(order.get("medicationReference")).get("display"))
    return {"text": display} if display else None


def _referred(order: Json, medications: Mapping[str, Json]) -> Json | None:
    """The Medication that the order refers to, where it was sent."""
    name = _reference(order)
    if name.startswith("#"):
        inside = (as_dict(one) for one in as_list(order.get("contained")))
        return next((one for one in inside if one.get("id") == name[1:]), None)
    return medications.get(name) or medications.get(f"Medication/{reference_id(name, 'Medication')}")


def _reference(order: Json) -> str:
    reference = order.get("medicationReference")
    return as_text(reference) or as_text(as_dict(reference).get("reference"))


def unsent(order: Json, medications: Mapping[str, Json]) -> str:
    """The reference to a Medication that was not sent; empty where the order has none, or it was."""
    name = _reference(order)
    known = order.get("medicationCodeableConcept") or _referred(order, medications) is not None
    return "" if known or not reference_id(name, "Medication") else name


def _ingredients(medication: Json | None) -> list[Json]:
    return [as_dict(one) for one in as_list((medication or {}).get("ingredient"))]


def ingredients(order: Json, medications: Mapping[str, Json]) -> list[str]:
    """What the medication's ingredients call themselves."""
    medication = _referred(order, medications) or {}
    return [words(as_dict(one).get("itemCodeableConcept")) for one in as_list(medication.get("ingredient"))]


def ingredient_strengths(order: Json, medications: Mapping[str, Json]) -> frozenset[Decimal]:
    """Grams in a milliliter by the strength of the medication's ingredients, where it states one."""
    found = set()
    for ingredient in _ingredients(_referred(order, medications)):
        ratio = as_dict(ingredient.get("strength"))
        parts = [as_dict(ratio.get(part)) for part in ("numerator", "denominator")]
        said = " / ".join(
            f"{part.get('value')} {as_text(part.get('unit')) or as_text(part.get('code'))}" for part in parts
        )
        if match := PER_VOLUME.fullmatch(said):
            found.add(strength(match[0]))
    return frozenset(one for one in found if one is not None)


def medications_by_name(entries: Iterable[tuple[str, Json]]) -> dict[str, Json]:
    """Medication resources by `Medication/id` and by full URL."""
    named: dict[str, Json] = {}
    for url, resource in entries:
        if resource.get("resourceType") == "Medication":
            named[label(resource)] = resource
            if url:
                named[url] = resource
    return named
