"""Builds an invented newborn's FHIR record from a few words, for cases and examples.

    {age = "50 h", gestation = "38+0", dat = "positive", tsb = "18.3 mg/dL", weight = "3.4 kg"}

Every key of `given` is listed in `KEYS`; times are "N h" before the moment of the call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge.shapes import FactSpec

AS_OF = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PATIENT = "newborn-1"
LOINC = "http://loinc.org"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
NUMBER = re.compile(r"\d+(\.\d+)?")
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
    "results": 'any other result by the name of its fact: `{inr = "2.1", alt = "40 U/L", enterovirus = "detected"}`',
    "results_drawn": "how long ago those were drawn: `2 h` (default `0 h`)",
    "conditions": "ICD-10-CM or SNOMED CT codes, or words, of active, confirmed conditions",
    "suspected": "the same of conditions not yet confirmed",
    "onset": 'how long ago a condition of these began: `{"B34.1" = "2 d"}`',
    "allergies": "words of allergies",
    "severe_allergies": "words of allergies of high criticality",
    "medications": "words of active orders",
    "procedures": "words of procedures that were done",
    "procedures_ago": "how long ago: `5 h` (default `0 h`)",
    "reason": "what the order is for, in words or as an ICD-10-CM code",
    "phototherapy": "words of a running procedure: `intensive phototherapy`",
    "phototherapy_since": "how long ago it began: `10 h`",
    "not_sent": "prefetch keys that the client did not send",
    "ivig_given": "how long ago IVIG was given: `6 h`",
}


def hours(text: str) -> timedelta:
    amount, unit = text.split()
    return timedelta(hours=float(amount) * {"h": 1, "d": 24}[unit])


def prefetch(given: Mapping[str, Any], place: str = "given", facts: Mapping[str, FactSpec] | None = None) -> Json:
    """Prefetch by the keys that the service advertises; what is not given is an empty answer, not a missing key.
    `facts` are the catalogue's, by which `results` are coded."""
    if unknown := set(given) - set(KEYS):
        raise KnowledgeError(place, f"unknown key {', '.join(sorted(unknown))}; allowed: {', '.join(sorted(KEYS))}")
    found: Json = {
        "patient": patient(given),
        "bilirubin": bundle(_bilirubin(given)),
        "hematology": bundle([*_hematology(given), *_results(given, place, facts or {})]),
        "measurements": bundle(_measurements(given)),
        "conditions": bundle(_conditions(given)),
        "allergies": bundle(_allergies(given)),
        "phototherapy": bundle([*_phototherapy(given), *_procedures(given)]),
        "ivig_orders": bundle([medication_order(name) for name in given.get("medications", ())]),
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


def _results(given: Mapping[str, Any], place: str, facts: Mapping[str, FactSpec]) -> list[Json]:
    found = []
    for name, said in given.get("results", {}).items():
        spec = facts.get(name)
        codes = [code for system, code in spec.codes.codes if system == LOINC] if spec and spec.codes else []
        if not codes:
            raise KnowledgeError(place, f"results: {name} is no fact that is read by a LOINC code")
        found.append(observation(f"result-{name}", codes[0], said, given.get("results_drawn", "0 h")))
    return found


def _conditions(given: Mapping[str, Any]) -> list[Json]:
    found = [condition(f"condition-{code}", code, "confirmed") for code in given.get("conditions", ())]
    found += [
        condition(f"suspected-{number}", code, "provisional") for number, code in enumerate(given.get("suspected", ()))
    ]
    began = given.get("onset", {})
    listed = [*given.get("conditions", ()), *given.get("suspected", ())]
    for code, one in zip(listed, found, strict=True):
        if code in began:
            one["onsetDateTime"] = stamp(AS_OF - hours(began[code]))
    return found


def concept(said: str) -> Json:
    """A code of ICD-10-CM or SNOMED CT, or words."""
    if said[:1].isupper() and said[1:2].isdigit():
        return {"coding": [{"system": ICD, "code": said}]}
    return {"coding": [{"system": SNOMED, "code": said}]} if said.isdigit() else {"text": said}


def _allergies(given: Mapping[str, Any]) -> list[Json]:
    stated = [(said, "high") for said in given.get("severe_allergies", ())]
    stated += [(said, "low") for said in given.get("allergies", ())]
    status = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    return [
        {
            "resourceType": "AllergyIntolerance",
            "id": f"allergy-{number}",
            "clinicalStatus": {"coding": [{"system": status, "code": "active"}]},
            "criticality": criticality,
            "code": concept(said),
            "patient": {"reference": f"Patient/{PATIENT}"},
        }
        for number, (said, criticality) in enumerate(stated)
    ]


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


def _procedures(given: Mapping[str, Any]) -> list[Json]:
    return [
        {
            "resourceType": "Procedure",
            "id": f"procedure-{number}",
            "status": "completed",
            "code": concept(said),
            "subject": {"reference": f"Patient/{PATIENT}"},
            "performedDateTime": stamp(AS_OF - hours(given.get("procedures_ago", "0 h"))),
        }
        for number, said in enumerate(given.get("procedures", ()))
    ]


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


def order_select(given: Mapping[str, Any], instance: str, facts: Mapping[str, FactSpec] | None = None) -> Json:
    """A whole order-select call."""
    draft = draft_order()
    if "reason" in given:
        draft["reasonCode"] = [concept(given["reason"])]
    return {
        "hook": "order-select",
        "hookInstance": instance,
        "context": {
            "userId": "Practitioner/example",
            "patientId": PATIENT,
            "selections": [f"MedicationRequest/{draft['id']}"],
            "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]},
        },
        "prefetch": prefetch(given, facts=facts),
        "extension": {"org.neonatal-ivig-cds.as-of": stamp(AS_OF)},
    }
