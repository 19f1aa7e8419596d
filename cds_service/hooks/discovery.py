"""The services offered, and the prefetch each asks for: derived from the facts that guidance names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cds_service.knowledge.shapes import Knowledge

CDS_HOOKS_RELEASE = "2.0.1"
PATIENT_KEY = "patient"
USAGE = (
    "For newborns: up to 28 days of age, or under 44 weeks of postmenstrual age. Works on prefetch alone and makes no "
    "call to the FHIR server: what is not sent is named on the card as not checked. Birth time is read from the "
    "patient-birthTime extension. Call order-select only with hooks your EHR really fires for unsigned orders."
)


@dataclass(frozen=True, slots=True)
class Service:
    id: str
    hook: str
    title: str
    description: str


SERVICES = {
    service.id: service
    for service in (
        Service(
            "neonatal-ivig-order-select",
            "order-select",
            "Neonatal IVIG: is it indicated, and how much",
            "When a selected draft order is IVIG for a newborn: whether it is indicated by the guideline that the "
            "hospital follows, the dose in grams and milliliters, the infusion steps and what to monitor.",
        ),
        Service(
            "neonatal-ivig-order-sign",
            "order-sign",
            "Neonatal IVIG: the order before it is signed",
            "When a draft order is IVIG for a newborn: indication, dose, product, rate, timing and the newborn's risks "
            "are judged; always at least one card.",
        ),
        Service(
            "neonatal-ivig-patient-view",
            "patient-view",
            "Neonatal IVIG: newborns in whom it is due",
            "When a newborn's chart is opened: speaks only where IVIG is recommended or may be considered, or a value "
            "is at exchange level, and no IVIG is ordered, running or recently given.",
        ),
    )
}


def discovery(knowledge: Knowledge) -> dict[str, Any]:
    prefetch = {PATIENT_KEY: "Patient/{{context.patientId}}"}
    prefetch |= {key: knowledge.queries[key].template for key in knowledge.asked_for}
    return {
        "services": [
            {
                "id": service.id,
                "hook": service.hook,
                "title": service.title,
                "description": service.description,
                "usageRequirements": USAGE,
                "prefetch": prefetch,
                "version": CDS_HOOKS_RELEASE,
            }
            for service in SERVICES.values()
        ]
    }
