"""Builds an invented newborn's FHIR record from a few words, for cases and examples.

    {age = "50 h", gestation = "38+0", dat = "positive", tsb = "18.3 mg/dL", weight = "3.4 kg"}

Every key of `given` is listed in `KEYS`; times are "N h" before the moment of the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cds_service.errors import KnowledgeError

AS_OF = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PATIENT = "newborn-1"
LOINC = "http://loinc.org"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
Json = dict[str, Any]

KEYS = {
    "age": "age at the moment of the call: `50 h` or `12 d`",
    "birth_time": "false: only the date of birth is on record",
    "gestation": "weeks+days: `38+0`",
    "dat": "result in words: `positive`, `negative`, `2+`",
    "tsb": "value and unit: `18.3 mg/dL`",
    "tsb_drawn": "how long ago: `2 h` (default `0 h`)",
    "earlier_tsb": "value and unit",
    "earlier_drawn": "how long ago: `6 h`",
    "tcb": "transcutaneous value and unit, measured now",
    "platelets": "value and unit: `25 10*9/L`, counted now",
    "weight": "value and unit: `3.4 kg`",
    "weighed": "how long ago: `5 h` (default `1 h`)",
    "birth_weight": "value and unit",
    "conditions": "ICD-10-CM codes of active, confirmed conditions",
    "suspected": "ICD-10-CM codes or words of conditions not yet confirmed",
    "phototherapy": "words of a running procedure: `intensive phototherapy`",
    "phototherapy_since": "how long ago it began: `10 h`",
    "not_sent": "prefetch keys that the client did not send",
    "ivig_given": "how long ago IVIG was given: `6 h`",
}


def hours(text: str) -> timedelta:
    amount, unit = text.split()
    return timedelta(hours=float(amount) * {"h": 1, "d": 24}[unit])


def prefetch(given: Mapping[str, Any], place: str = "given") -> Json:
    """Prefetch by the keys that the service advertises; what is not given is an empty answer, not a missing key."""
    if unknown := set(given) - set(KEYS):
        raise KnowledgeError(place, f"unknown key {', '.join(sorted(unknown))}; allowed: {', '.join(sorted(KEYS))}")
    found: Json = {
        "patient": patient(given),
        "bilirubin": bundle(_bilirubin(given)),
        "hematology": bundle(_hematology(given)),
        "measurements": bundle(_measurements(given)),
        "conditions": bundle(_conditions(given)),
        "phototherapy": bundle(_phototherapy(given)),
        "ivig_orders": bundle([]),
        "ivig_given": bundle(_ivig_given(given)),
    }
    return {key: value for key, value in found.items() if key not in given.get("not_sent", ())}


def patient(given: Mapping[str, Any]) -> Json:
    out: Json = {"resourceType": "Patient", "id": PATIENT}
    if "age" in given:
        born = AS_OF - hours(given["age"])
        out["birthDate"] = born.date().isoformat()
        if given.get("birth_time", True):
            out["_birthDate"] = {"extension": [{"url": BIRTH_TIME, "valueDateTime": stamp(born)}]}
    return out


def bundle(resources: list[Json]) -> Json:
    out: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(resources)}
    if resources:
        out["entry"] = [{"resource": resource} for resource in resources]
    return out


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


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
    if unit:
        number = float(value)
        whole = int(number) if number == int(number) else number
        out["valueQuantity"] = {"value": whole, "unit": unit, "system": UCUM, "code": unit}
    else:
        out["valueString"] = said
    return out


def _bilirubin(given: Mapping[str, Any]) -> list[Json]:
    found = []
    if "tsb" in given:
        found.append(observation("tsb-latest", "1975-2", given["tsb"], given.get("tsb_drawn", "0 h")))
    if "earlier_tsb" in given:
        found.append(observation("tsb-earlier", "1975-2", given["earlier_tsb"], given["earlier_drawn"]))
    if "tcb" in given:
        found.append(observation("tcb", "58941-6", given["tcb"]))
    return found


def _hematology(given: Mapping[str, Any]) -> list[Json]:
    found = []
    if "dat" in given:
        found.append(observation("dat", "1007-4", given["dat"], "0 h"))
    if "platelets" in given:
        found.append(observation("platelets", "777-3", given["platelets"]))
    return found


def _measurements(given: Mapping[str, Any]) -> list[Json]:
    found = []
    if "gestation" in given:
        found.append(observation("gestation", "76516-4", given["gestation"]))
    if "weight" in given:
        found.append(observation("weight", "29463-7", given["weight"], given.get("weighed", "1 h")))
    if "birth_weight" in given:
        found.append(observation("birth-weight", "8339-4", given["birth_weight"], given["age"]))
    return found


def _conditions(given: Mapping[str, Any]) -> list[Json]:
    confirmed = [condition(f"condition-{code}", code, "confirmed") for code in given.get("conditions", ())]
    return confirmed + [
        condition(f"suspected-{number}", code, "provisional") for number, code in enumerate(given.get("suspected", ()))
    ]


def condition(identity: str, code: str, verification: str) -> Json:
    status = "http://terminology.hl7.org/CodeSystem/condition-"
    coded = code[:1].isupper() and code[1:2].isdigit()
    return {
        "resourceType": "Condition",
        "id": identity.replace(" ", "-"),
        "clinicalStatus": {"coding": [{"system": f"{status}clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{status}ver-status", "code": verification}]},
        "code": {"coding": [{"system": ICD, "code": code}]} if coded else {"text": code},
        "subject": {"reference": f"Patient/{PATIENT}"},
    }


def _phototherapy(given: Mapping[str, Any]) -> list[Json]:
    if "phototherapy" not in given:
        return []
    procedure: Json = {
        "resourceType": "Procedure",
        "id": "phototherapy",
        "status": "in-progress",
        "code": {"coding": [{"system": SNOMED, "code": "31394004"}], "text": given["phototherapy"]},
        "subject": {"reference": f"Patient/{PATIENT}"},
    }
    if "phototherapy_since" in given:
        procedure["performedPeriod"] = {"start": stamp(AS_OF - hours(given["phototherapy_since"]))}
    return [procedure]


def _ivig_given(given: Mapping[str, Any]) -> list[Json]:
    if "ivig_given" not in given:
        return []
    return [
        {
            "resourceType": "MedicationAdministration",
            "id": "ivig-given",
            "status": "completed",
            "medicationCodeableConcept": {"text": "Immune globulin intravenous (IVIG)"},
            "subject": {"reference": f"Patient/{PATIENT}"},
            "effectiveDateTime": stamp(AS_OF - hours(given["ivig_given"])),
        }
    ]


def draft_order() -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": "draft-ivig",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"text": "Immune globulin intravenous (IVIG) 10%"},
        "subject": {"reference": f"Patient/{PATIENT}"},
    }


def order_select(given: Mapping[str, Any], instance: str) -> Json:
    """A whole order-select call."""
    draft = draft_order()
    return {
        "hook": "order-select",
        "hookInstance": instance,
        "context": {
            "userId": "Practitioner/example",
            "patientId": PATIENT,
            "selections": [f"MedicationRequest/{draft['id']}"],
            "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]},
        },
        "prefetch": prefetch(given),
        "extension": {"org.neonatal-ivig-cds.as-of": stamp(AS_OF)},
    }
