"""Suggestions: the dose written into the draft order, or a new order; and the monitoring orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha1
from typing import Any

from cds_service.cards.record import figure
from cds_service.cards.text import number
from cds_service.dosing.dose import Plan, Portion
from cds_service.dosing.rate import Infusion
from cds_service.knowledge.shapes import Monitoring, MonitoringOrder, Product

Json = dict[str, Any]
NAMESPACE = bytes.fromhex("6a3f6e0e6d0c5a639a446e1c8f2d8b11")
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


@dataclass(slots=True)
class Identity:
    """Derived, not random: the same call gives the same uuids, so that a repeat can be recognized."""

    seed: str

    def of(self, *parts: str) -> str:
        """A name-based UUID (RFC 9562, version 5), written out here because `uuid.uuid5` costs three times as much."""
        name = "|".join((self.seed, *parts)).encode()
        digest = sha1(NAMESPACE + name, usedforsecurity=False).hexdigest()
        variant = "89ab"[int(digest[16], 16) & 3]
        return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


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


def dose_text(portion: Portion, product: Product) -> str:
    grams, volume = number(portion.rounded, 2), number(portion.milliliters, 2)
    return f"{grams} g ({volume} mL of {product.title}) over {duration(portion.infusion.minutes)}"


def dosage(portion: Portion, product: Product) -> Json:
    """One Dosage: the whole dose once, its duration, the steps in words."""
    return {
        "text": f"{dose_text(portion, product)} IV: {steps_text(portion.infusion)}",
        "timing": {"repeat": {"count": 1, "duration": portion.infusion.minutes, "durationUnit": "min"}},
        "route": IV_ROUTE,
        "doseAndRate": [{"doseQuantity": {"value": figure(portion.rounded), "unit": "g", "system": UCUM, "code": "g"}}],
    }


def dose_suggestions(
    plan: Plan, product: Product, draft: Json | None, patient_id: str, identity: Identity, *, recommend: bool
) -> list[Json]:
    """One suggestion a dose: written into the draft where there is one, which must be valid R4; else a new order."""
    only = len(plan.portions) == 1
    suggestions = []
    for portion in plan.portions:
        exact = "" if portion.exact == portion.rounded else f" = {number(portion.exact, 3)} g, rounded"
        said = f"IVIG {number(portion.grams_per_kg, 2)} g/kg{exact}: {dose_text(portion, product)}"
        if draft:
            resource = {**draft, "dosageInstruction": [dosage(portion, product)]}
            action: Json = {"type": "update", "description": f"Set the draft to {said}", "resource": resource}
        else:
            action = {
                "type": "create",
                "description": f"Order {said}",
                "resource": new_order(portion, product, patient_id),
            }
        suggestion: Json = {
            "label": said,
            "uuid": identity.of("dose", str(portion.grams_per_kg)),
            "actions": [action],
        }
        if only and recommend:
            suggestion["isRecommended"] = True
        suggestions.append(suggestion)
    return suggestions


def new_order(portion: Portion, product: Product, patient_id: str) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [IVIG_CODE],
            "text": f"{product.title} (immune globulin intravenous)",
        },
        "subject": {"reference": f"Patient/{patient_id}"},
        "dosageInstruction": [dosage(portion, product)],
    }


def monitoring_suggestions(sets: Iterable[Monitoring], patient_id: str, identity: Identity) -> list[Json]:
    return [
        {
            "label": order.label,
            "uuid": identity.of("monitoring", one.name, order.label),
            "actions": [
                {
                    "type": "create",
                    "description": f"Order: {order.text}",
                    "resource": service_request(order, patient_id),
                }
            ],
        }
        for one in sets
        for order in one.orders
    ]


def service_request(order: MonitoringOrder, patient_id: str) -> Json:
    return {**_request(order), "subject": {"reference": f"Patient/{patient_id}"}}


@cache
def _request(order: MonitoringOrder) -> Json:
    """What does not depend on the patient."""
    code: Json = {"text": order.label}
    if order.coding:
        coding = order.coding
        code = {
            "coding": [{"system": coding.system, "code": coding.code, "display": coding.display}],
            "text": order.label,
        }
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
