"""Invented FHIR resources, each made of a few words, for cases and examples."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

AS_OF = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PATIENT = "newborn-1"
LOINC = "http://loinc.org"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
NUMBER = re.compile(r"\d+(\.\d+)?")
BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
Json = dict[str, Any]


def hours(text: str) -> timedelta:
    amount, unit = text.split()
    return timedelta(hours=float(amount) * {"h": 1, "d": 24}[unit])


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def bundle(resources: list[Json]) -> Json:
    out: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(resources)}
    if resources:
        out["entry"] = [{"resource": resource} for resource in resources]
    return out


def observation(identity: str, code: str, said: str, ago: str = "0 h") -> Json:
    """One Observation; `said` is a value with its unit, or a word."""
    out: Json = {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": stamp(AS_OF - hours(ago)),
    }
    value, _, unit = said.partition(" ")
    comparator = next((sign for sign in ("<=", ">=", "<", ">") if value.startswith(sign)), "")
    value = value.removeprefix(comparator)
    if unit or NUMBER.fullmatch(value):
        number, unit = float(value), unit or "1"
        whole = int(number) if number == int(number) else number
        out["valueQuantity"] = {"value": whole, "unit": unit, "system": UCUM, "code": unit}
        if comparator:
            out["valueQuantity"]["comparator"] = comparator
    else:
        out["valueString"] = said
    return out


def concept(said: str) -> Json:
    """A code of ICD-10-CM or SNOMED CT, or words."""
    if said[:1].isupper() and said[1:2].isdigit():
        return {"coding": [{"system": ICD, "code": said}]}
    return {"coding": [{"system": SNOMED, "code": said}]} if said.isdigit() else {"text": said}


def condition(identity: str, code: str, verification: str) -> Json:
    status = "http://terminology.hl7.org/CodeSystem/condition-"
    return {
        "resourceType": "Condition",
        "id": identity.replace(" ", "-"),
        "clinicalStatus": {"coding": [{"system": f"{status}clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{status}ver-status", "code": verification}]},
        "code": concept(code),
        "subject": {"reference": f"Patient/{PATIENT}"},
    }


def medication_order(said: str) -> Json:
    """An active order, by the words of its medication."""
    return {
        "resourceType": "MedicationRequest",
        "id": f"order-{said.replace(' ', '-')}",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": said},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "authoredOn": stamp(AS_OF - hours("6 h")),
    }


def draft_order() -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": "draft-ivig",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"text": "Immune globulin intravenous (IVIG) 10%"},
        "subject": {"reference": f"Patient/{PATIENT}"},
    }
