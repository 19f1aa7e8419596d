"""Builds an invented order for IVIG from a few words, for cases and examples.

    {dose = "3.4 g", over = "4 h", medication = "Gammaplex 10%"}

Every key is listed in `KEYS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.review.babies import SNOMED, UCUM, Json, concept, draft_order

KEYS = {
    "medication": "what the order calls it: `Privigen 10%` (default: immune globulin intravenous 10 %)",
    "ingredients": "words of the ingredients that a Medication inside the order lists",
    "dose": "value and unit: `3.4 g`, `1 g/kg`, `34 mL`",
    "calculated": "the dose again, as an EHR calculated it",
    "ordered": "the dose again, as it was ordered: `1 g/kg`",
    "administered": "the dose again, as it is drawn up: `34 mL`",
    "unit_text": "the unit in words beside the coded one",
    "over": "how long it runs: `4 h`",
    "rate": "`8.5 mL/h`",
    "times": "how often it is given",
    "every": "how long between two: `24 h`",
    "text": "the dosage in words",
    "reason": "what it is for, in words or as an ICD-10-CM code",
    "dispense": "how much is dispensed: `5 g`",
    "route": "in words (default: intravenous)",
    "status": "default `draft`",
}
KINDS = ("dose", "calculated", "ordered", "administered")
TYPES = {"calculated": "calculated", "ordered": "ordered", "administered": "admin-amount"}
TYPE_SYSTEM = "http://terminology.hl7.org/CodeSystem/dose-rate-type"
TIMES = {"h": "h", "min": "min", "d": "d"}


def order(stated: Mapping[str, Any], place: str, identity: str = "draft-ivig") -> Json:
    """A MedicationRequest as an EHR would send it."""
    if unknown := set(stated) - set(KEYS):
        raise KnowledgeError(place, f"unknown key {', '.join(sorted(unknown))}; allowed: {', '.join(sorted(KEYS))}")
    made = draft_order() | {"id": identity, "status": stated.get("status", "draft")}
    if "medication" in stated:
        made["medicationCodeableConcept"] = {"text": stated["medication"]}
    if "ingredients" in stated:
        listed = [{"itemCodeableConcept": {"text": one}} for one in stated["ingredients"]]
        code = made.pop("medicationCodeableConcept")
        made["contained"] = [{"resourceType": "Medication", "id": "product", "code": code, "ingredient": listed}]
        made["medicationReference"] = {"reference": "#product"}
    if "reason" in stated:
        made["reasonCode"] = [concept(stated["reason"])]
    if "dispense" in stated:
        made["dispenseRequest"] = {"quantity": quantity(stated["dispense"])}
    made["dosageInstruction"] = [_dosage(stated)]
    return made


def _dosage(stated: Mapping[str, Any]) -> Json:
    dosage: Json = {"route": _route(stated.get("route", ""))}
    entries: list[Json] = []
    for kind in KINDS:
        if kind in stated:
            entry: Json = {"doseQuantity": quantity(stated[kind], stated.get("unit_text", ""))}
            if kind in TYPES:
                entry["type"] = {"coding": [{"system": TYPE_SYSTEM, "code": TYPES[kind]}]}
            entries.append(entry)
    if "rate" in stated:
        entries = entries or [{}]
        entries[0]["rateQuantity"] = quantity(stated["rate"])
    if entries:
        dosage["doseAndRate"] = entries
    repeat: Json = {}
    if "over" in stated:
        value, unit = stated["over"].split()
        repeat |= {"duration": _number(value), "durationUnit": TIMES[unit]}
    if "times" in stated:
        repeat["count"] = stated["times"]
    if "every" in stated:
        value, unit = stated["every"].split()
        repeat |= {"frequency": 1, "period": _number(value), "periodUnit": TIMES[unit]}
    if repeat:
        dosage["timing"] = {"repeat": repeat}
    if "text" in stated:
        dosage["text"] = stated["text"]
    return dosage


def _route(said: str) -> Json:
    if said:
        return {"text": said}
    return {"coding": [{"system": SNOMED, "code": "47625008"}], "text": "Intravenous"}


def quantity(said: str, unit_text: str = "") -> Json:
    """`3.4 g` as a Quantity of UCUM."""
    value, _, unit = said.partition(" ")
    return {"value": _number(value), "unit": unit_text or unit, "system": UCUM, "code": unit}


def _number(text: str) -> int | float:
    found = float(text)
    return int(found) if found == int(found) else found
