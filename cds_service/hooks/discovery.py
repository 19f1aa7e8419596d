"""The services offered, and the prefetch each asks for: derived from the facts that guidance names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from cds_service.fhir.queries import ID
from cds_service.knowledge.shapes import Knowledge

CDS_HOOKS_RELEASE = "2.0.1"
PATIENT_KEY = "patient"
USAGE = (
    "For newborns: up to 28 days of age, or under 44 weeks of postmenstrual age. Works on prefetch alone, or where "
    "this service knows the client's FHIR server: what is not sent is then read there with the access token of the "
    "call, and what neither brings is named on the card as not checked. A template that is typed in once stays right: "
    "its date then only reaches further back. Birth time is read from the patient-birthTime extension. Agree with "
    "whoever runs the client which of these hooks it really fires for unsigned orders, and use no other."
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


def templates(knowledge: Knowledge, today: date) -> dict[str, str]:
    """What is asked for on a day, by prefetch key: each a read or a search that works alone."""
    prefetch = {PATIENT_KEY: f"Patient/{ID}"}
    return prefetch | {key: knowledge.queries[key].asked(today) for key in knowledge.asked_for}


def discovery(knowledge: Knowledge, today: date | None = None) -> dict[str, Any]:
    prefetch = templates(knowledge, today or datetime.now(UTC).date())
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
