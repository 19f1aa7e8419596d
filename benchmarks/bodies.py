"""order-select calls of any size, the same bytes on every run: one newborn to be dosed, and many Observations.

The newborn: 38 weeks, 50 h old, DAT positive, bilirubin between the escalation and the exchange level, under
intensive phototherapy, with an IVIG draft. Around her lie the results that any newborn's record holds: one in
eight is of a kind that the guidance asks for (earlier bilirubins, platelets, weights), the rest is not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from cds_service.review.babies import PATIENT, condition, observation, order_select

GIVEN = {
    "age": "50 h",
    "gestation": "38+0",
    "dat": "positive",
    "tsb": "19 mg/dL",
    "weight": "3.4 kg",
    "birth_weight": "3.5 kg",
    "conditions": ["P55.1"],
    "phototherapy": "intensive phototherapy",
    "phototherapy_since": "10 h",
}
SERVER = "https://ehr.example.org/fhir"
HOOK_INSTANCE = "5d3a1c52-9b1e-4c56-8a0f-2f6f6a1b7c10"
# kinds that the guidance asks for, with the prefetch key under which they come; the values vary a little with time
ASKED = (("bilirubin", "1975-2"), ("laboratory", "777-3"), ("measurements", "29463-7"))
# kinds that it does not ask for: code, name, value
ROUTINE = (
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "139 mmol/L"),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "4.6 mmol/L"),
    ("2075-0", "Chloride [Moles/volume] in Serum or Plasma", "105 mmol/L"),
    ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "9.4 mg/dL"),
    ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "68 mg/dL"),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "0.6 mg/dL"),
    ("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma", "3 mg/L"),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "15.1 g/dL"),
    ("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count", "45 %"),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "14.2 10*9/L"),
    ("8867-4", "Heart rate", "142 /min"),
    ("9279-1", "Respiratory rate", "44 /min"),
    ("8310-5", "Body temperature", "36.9 Cel"),
)
ONE_IN = 8


# Conditions that come in words alone, and have to be looked for among the phrases of every code list
WORDS = (
    "Neonatal jaundice, resolving",
    "Feeding difficulty of newborn",
    "Transient tachypnea of newborn",
    "Suspected sepsis of newborn",
    "Alloimmune thrombocytopenia of the newborn ruled out",
    "Family history of asthma",
    "Respiratory distress syndrome",
    "Small for gestational age",
    "Hypoglycemia, neonatal",
    "Mother's GBS carrier status",
)


class Body(NamedTuple):
    """A call by what it carries: how many Observations in all, and how many further Conditions in words."""

    observations: int
    conditions: int = 0


def order_select_body(observations: int, conditions: int = 0) -> bytes:
    """A call with that many Observations in all, and with further Conditions that no code names."""
    call = order_select(GIVEN, HOOK_INSTANCE)
    bundles = call["prefetch"]
    core = sum(
        entry["resource"]["resourceType"] == "Observation"
        for bundle in bundles.values()
        for entry in bundle.get("entry", ())
    )
    if observations < core:
        raise ValueError(f"the newborn alone has {core} Observations")
    for number in range(observations - core):
        hours = 2 + 46 * number / (observations - core)
        key, resource = _asked(number, hours) if number % ONE_IN == 0 else _routine(number, hours)
        bundles[key].setdefault("entry", []).append({"resource": resource})
    for number in range(conditions):
        problem = condition(f"worded-{number}", f"{WORDS[number % len(WORDS)]}, {number}", "confirmed")
        bundles["conditions"].setdefault("entry", []).append({"resource": problem})
    for key, bundle in bundles.items():
        if bundle["resourceType"] == "Bundle":
            search = (
                f"{SERVER}/{key}?patient={PATIENT}&_sort=-date&_count=1000&_include=*&_format=application/fhir%2Bjson"
            )
            bundle["link"] = [{"relation": "self", "url": search}]
            bundle["entry"] = [_as_a_server_sends(entry["resource"]) for entry in bundle.get("entry", ())]
            bundle["total"] = len(bundle["entry"])
    return orjson.dumps(call)


def _asked(number: int, hours: float) -> tuple[str, dict[str, Any]]:
    key, code = ASKED[number // ONE_IN % len(ASKED)]
    said = {
        "1975-2": f"{18.5 - 0.3 * hours:.2f} mg/dL",
        "777-3": f"{190 + hours:.0f} 10*9/L",
        "29463-7": f"{3.4 + 0.002 * hours:.3f} kg",
    }[code]
    return key, observation(f"asked-{number}", code, said, f"{hours} h")


def _routine(number: int, hours: float) -> tuple[str, dict[str, Any]]:
    code, name, said = ROUTINE[number % len(ROUTINE)]
    resource = observation(f"routine-{number}", code, said, f"{hours} h")
    resource["code"]["coding"][0]["display"] = name
    resource["code"]["text"] = name
    return "laboratory", resource


def _as_a_server_sends(resource: dict[str, Any]) -> dict[str, Any]:
    """With what FHIR servers add around a result and the service has to read past."""
    if resource["resourceType"] == "Observation":
        category = "http://terminology.hl7.org/CodeSystem/observation-category"
        resource["category"] = [{"coding": [{"system": category, "code": "laboratory"}], "text": "Laboratory"}]
        resource["encounter"] = {"reference": "Encounter/newborn-stay"}
        resource["issued"] = resource["effectiveDateTime"]
    kind, identity = resource["resourceType"], resource["id"]
    return {
        "fullUrl": f"{SERVER}/{kind}/{identity}",
        "resource": resource,
        "search": {"mode": "match"},
    }
