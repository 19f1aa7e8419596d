"""Builds an invented newborn's FHIR record from a few words, for cases and examples.

    {age = "50 h", gestation = "38+0", dat = "positive", tsb = "18.3 mg/dL", weight = "3.4 kg"}

Every key of `given` is listed in `KEYS`; times are "N h" before the moment of the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge.shapes import FactSpec
from cds_service.review.resources import (
    AS_OF,
    BIRTH_TIME,
    ICD,
    LOINC,
    PATIENT,
    SNOMED,
    UCUM,
    Json,
    bundle,
    concept,
    condition,
    draft_order,
    hours,
    medication_order,
    observation,
    stamp,
)

__all__ = [
    "AS_OF",
    "BIRTH_TIME",
    "ICD",
    "LOINC",
    "PATIENT",
    "SNOMED",
    "UCUM",
    "Json",
    "bundle",
    "concept",
    "condition",
    "draft_order",
    "medication_order",
    "observation",
    "order_select",
    "order_sign",
    "patient",
    "prefetch",
    "stamp",
]

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


def prefetch(given: Mapping[str, Any], place: str = "given", facts: Mapping[str, FactSpec] | None = None) -> Json:
    """Prefetch by the keys that the service advertises; what is not given is an empty answer, not a missing key.
    `facts` are the catalogue's, by which `results` are coded."""
    if unknown := set(given) - set(KEYS):
        raise KnowledgeError(place, f"unknown key {', '.join(sorted(unknown))}; allowed: {', '.join(sorted(KEYS))}")
    found: Json = {
        "patient": patient(given),
        "bilirubin": bundle(_bilirubin(given)),
        "laboratory": bundle([*_laboratory(given), *_results(given, place, facts or {})]),
        "measurements": bundle(_measurements(given)),
        "conditions": bundle(_conditions(given)),
        "allergies": bundle(_allergies(given)),
        "procedures": bundle([*_phototherapy(given), *_procedures(given)]),
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


def _bilirubin(given: Mapping[str, Any]) -> list[Json]:
    found = []
    if "tsb" in given:
        found.append(observation("tsb-latest", "1975-2", given["tsb"], given.get("tsb_drawn", "0 h")))
    if "earlier_tsb" in given:
        found.append(observation("tsb-earlier", "1975-2", given["earlier_tsb"], given["earlier_drawn"]))
    if "tcb" in given:
        found.append(observation("tcb", "58941-6", given["tcb"]))
    return found


def _laboratory(given: Mapping[str, Any]) -> list[Json]:
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
        codes = [key for key in spec.codes.codes if key[0] != "text"] if spec and spec.codes else []
        if not codes:
            raise KnowledgeError(place, f"results: {name} is no fact that is read by a code")
        # The common code where there is one: a hospital's own list adds to the package's.
        system, code = min(codes, key=lambda key: key[0] != LOINC)
        result = observation(f"result-{name}", code, said, given.get("results_drawn", "0 h"))
        result["code"]["coding"][0]["system"] = system
        found.append(result)
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


def order_sign(call: Json, *orders: Json) -> Json:
    """The same call at the moment of signing, with these orders in place of its drafts."""
    context = {key: value for key, value in call["context"].items() if key != "selections"}
    entries = [{"resource": order} for order in orders]
    context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return {**call, "hook": "order-sign", "context": context}
