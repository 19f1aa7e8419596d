"""Suggestions: the dose written into the draft order, or a new order; and the monitoring orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any

from cds_service.cards.record import figure
from cds_service.cards.text import number
from cds_service.dosing.dose import Plan, Portion
from cds_service.dosing.rate import Infusion
from cds_service.knowledge.shapes import Coding, Monitoring, MonitoringOrder, Product

Json = dict[str, Any]
VERSION_8 = 8 << 76 | 2 << 62
FREE_BITS = ~(0xF << 76 | 0x3 << 62)
UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
IV_ROUTE = {
    "coding": [{"system": SNOMED, "code": "47625008", "display": "Intravenous route"}],
    "text": "Intravenous",
}
IVIG_CODE = {
    "system": "http://www.whocc.no/atc",
    "code": "J06BA02",
    "display": "immunoglobulins, normal human, for intravascular adm.",
}


class Identity:
    """Derived, not random: the same call gives the same uuids, so that a repeat can be recognized."""

    def __init__(self, seed: str) -> None:
        self._seed = _digest(seed)

    def of(self, *parts: str) -> str:
        """A UUID (RFC 9562, version 8) of the call's digest and that of `parts`, which come from the knowledge alone
        and are digested once."""
        digits = f"{(self._seed ^ _known(parts)) & FREE_BITS | VERSION_8:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _digest(text: str) -> int:
    return int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest()[:16])


@lru_cache(maxsize=4096)
def _known(parts: tuple[str, ...]) -> int:
    return _digest("|".join(parts))


@lru_cache(maxsize=1024)
def duration(minutes: int) -> str:
    """`2 h`, `2 h 55 min`, `45 min`."""
    whole, rest = divmod(minutes, 60)
    return " ".join(
        part for part in (f"{whole} h" if whole else "", f"{rest} min" if rest or not whole else "") if part
    )


def steps_text(run: Infusion) -> str:
    """`1 mL/h for 15 min, then 2 mL/h for 15 min, then 13.4 mL/h until given`."""
    if not run.stepped:
        first = run.steps[0]
        lead = f" for {first.minutes} min" if first.minutes else ""
        top = f"{number(run.max_ml_per_h, 2)} mL/h ({number(run.max_mg_per_kg_min, 2)} mg/kg/min)"
        return f"{number(first.ml_per_h, 2)} mL/h{lead}, then as tolerated, never above {top}"
    parts = [
        f"{number(step.ml_per_h, 2)} mL/h " + (f"for {step.minutes} min" if step.minutes else "until given")
        for step in run.steps
    ]
    return ", then ".join(parts)


@dataclass(slots=True)
class Wording:
    """One dose in words, the same on the card and in the order: `3.5 g (35 mL of …) over 2 h`, and its steps."""

    portion: Portion
    dose: str
    steps: str


def worded(plan: Plan, product: Product) -> list[Wording]:
    return [Wording(one, _dose_text(one, product), steps_text(one.infusion)) for one in plan.portions]


def _dose_text(portion: Portion, product: Product) -> str:
    grams, volume = number(portion.rounded, 2), number(portion.milliliters, 2)
    return f"{grams} g ({volume} mL of {product.title}) over {duration(portion.infusion.minutes)}"


def dosage(wording: Wording) -> Json:
    """One Dosage: the whole dose once, its duration, the steps in words."""
    portion = wording.portion
    return {
        "text": f"{wording.dose} IV: {wording.steps}",
        "timing": {"repeat": {"count": 1, "duration": portion.infusion.minutes, "durationUnit": "min"}},
        "route": IV_ROUTE,
        "doseAndRate": [{"doseQuantity": {"value": figure(portion.rounded), "unit": "g", "system": UCUM, "code": "g"}}],
    }


def dose_suggestions(
    wordings: list[Wording],
    product: Product,
    draft: Json | None,
    patient_id: str,
    identity: Identity,
    topic: str,
    *,
    recommend: bool,
) -> list[Json]:
    """One suggestion a dose: written into the draft where there is one, which must be valid R4; else a new order."""
    suggestions = []
    for wording in wordings:
        portion = wording.portion
        exact = "" if portion.exact == portion.rounded else f" = {number(portion.exact, 3)} g, rounded"
        said = f"IVIG {number(portion.grams_per_kg, 2)} g/kg{exact}: {wording.dose}"
        if draft:
            resource = {**draft, "dosageInstruction": [dosage(wording)]}
            action: Json = {"type": "update", "description": f"Set the draft to {said}", "resource": resource}
        else:
            action = {
                "type": "create",
                "description": f"Order {said}",
                "resource": new_order(wording, product, patient_id),
            }
        suggestion: Json = {
            "label": said,
            "uuid": identity.of("dose", topic, str(portion.grams_per_kg)),
            "actions": [action],
        }
        if recommend and len(wordings) == 1:
            suggestion["isRecommended"] = True
        suggestions.append(suggestion)
    return suggestions


def with_product(order: Json, product: Product) -> Json:
    """The order with the site's product in place of its own, and without the Medication that it held inside itself."""
    kept = {key: value for key, value in order.items() if not key.startswith("medication")}
    inside = order.get("medicationReference", {}).get("reference", "")
    if inside.startswith("#"):
        contained = [one for one in kept.pop("contained", ()) if one.get("id") != inside[1:]]
        kept |= {"contained": contained} if contained else {}
    return {**kept, "medicationCodeableConcept": product_concept(product)}


def deletion(order: Json, identity: Identity, topic: str) -> Json:
    """Takes the draft back."""
    return {
        "label": "Delete this draft order",
        "uuid": identity.of("delete", topic),
        "actions": [
            {
                "type": "delete",
                "description": "Delete the draft order for IVIG",
                "resourceId": f"{order['resourceType']}/{order['id']}",
            }
        ],
    }


def product_concept(product: Product) -> Json:
    return {
        "coding": [IVIG_CODE, *(_coding(one) for one in product.orderables)],
        "text": f"{product.title} (immune globulin intravenous)",
    }


def new_order(wording: Wording, product: Product, patient_id: str) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": product_concept(product),
        "subject": {"reference": f"Patient/{patient_id}"},
        "dosageInstruction": [dosage(wording)],
    }


def monitoring_suggestions(sets: Iterable[Monitoring], patient_id: str, identity: Identity, topic: str) -> list[Json]:
    subject = {"reference": f"Patient/{patient_id}"}
    return [
        {
            "label": order.label,
            "uuid": identity.of("monitoring", topic, one.name, order.label),
            "actions": [
                {
                    "type": "create",
                    "description": f"Order: {order.text}",
                    "resource": {**_request(order), "subject": subject},
                }
            ],
        }
        for one in sets
        for order in one.orders
    ]


def _coding(coding: Coding) -> Json:
    return {"system": coding.system, "code": coding.code, "display": coding.display}


@cache
def _request(order: MonitoringOrder) -> Json:
    """What does not depend on the patient."""
    code: Json = {"text": order.label}
    if codings := [*((order.coding,) if order.coding else ()), *order.orderables]:
        code = {"coding": [_coding(one) for one in codings], "text": order.label}
    resource: Json = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "code": code,
    }
    if order.every_hours is not None:
        repeat = {"frequency": 1, "period": figure(order.every_hours), "periodUnit": "h"}
        resource["occurrenceTiming"] = {"repeat": repeat}
    resource["note"] = [{"text": order.text}]
    return resource
