"""Calls changed at random: real ones, of which any part is replaced, put in, taken out, doubled or retyped."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import orjson

from cds_service.review.babies import order_sign
from tests.hooks.calls import order_call, view_call

Json = dict[str, Any]
EXAMPLES = Path(__file__).parents[2] / "fhir_examples"
EVERYTHING = {
    "age": "48 h",
    "gestation": "38+0",
    "weight": "3.4 kg",
    "birth_weight": "3.5 kg",
    "dat": "positive",
    "tsb": "18.1 mg/dL",
    "earlier_tsb": "15 mg/dL",
    "earlier_drawn": "6 h",
    "tcb": "17 mg/dL",
    "platelets": "25 10*9/L",
    "conditions": ["P55.1"],
    "suspected": ["FNAIT"],
    "ivig_given": "30 h",
}
TOKEN = {
    "access_token": "example",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.read",
    "subject": "x",
}
SERVICES = {hook: f"neonatal-ivig-{hook}" for hook in ("order-select", "order-sign", "patient-view")}
LEAVES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 3.4, 18.1, 1e308, -1e308, 5e-324, 2**63 - 1, -(2**63), 1e22, 0.1),
    *(
        "",
        " ",
        "\x00",
        "x",
        "0",
        "-1",
        "1e999",
        "NaN",
        "null",
        "\u202e",
        "\ud7ff",
        "\U0010ffff",
        "é",
        "%",
        "{x}",
        "{tsb}",
    ),
    *("final", "active", "draft", "completed", "entered-in-error", "unknown", "stopped", "refuted", "positive"),
    *("Bundle", "OperationOutcome", "Observation", "Patient", "Medication", "MedicationRequest", "Condition"),
    *(
        "Patient/newborn-1",
        "Patient/",
        "/",
        "#",
        "#x",
        "urn:uuid:x",
        "http://loinc.org",
        "://",
        "//",
        "a/b/c/_history/1",
    ),
    *("1975-2", "mg/dL", "umol/L", "kg", "g", "g/kg", "10*9/L", "mL/h", "h", "min", "wk", "{score}", "<", ">=", "39+6"),
    *("2026-11-20", "2026-11", "2026", "2026-11-20T12:00:00Z", "2026-11-20T12:00:00", "9999-12-31T23:59:59Z"),
    *("0001-01-01", "2026-02-31", "2026-11-20T24:00:00Z", "2026-11-20T12:00:00+99:99", "1900-01-01T00:00:00+14:00"),
    *("1 g/kg IV over 4 h", "17 g", "0.5-1 g/kg x2 doses q24h", "IVIG 10% 34 mL at 2 mL/h", "1,000,000 mg", "x" * 3000),
    *(
        "IVIG",
        "Privigen 10%",
        "Gammaplex",
        "no sepsis",
        "rule out sepsis",
        "J06BA02",
        "٣",
        "1/0",
        "-",
        ".",
        "1.",
        "1e5",
    ),
)
MEMBERS = (
    *("resourceType", "id", "status", "code", "coding", "system", "text", "display", "entry", "resource", "subject"),
    *("reference", "valueQuantity", "value", "unit", "comparator", "effectiveDateTime", "extension", "url", "issue"),
    *(
        "link",
        "contained",
        "dosageInstruction",
        "doseAndRate",
        "doseQuantity",
        "doseRange",
        "rateRatio",
        "rateQuantity",
    ),
    *(
        "numerator",
        "denominator",
        "low",
        "high",
        "timing",
        "repeat",
        "boundsPeriod",
        "boundsDuration",
        "count",
        "event",
    ),
    *(
        "frequency",
        "period",
        "periodUnit",
        "duration",
        "durationUnit",
        "route",
        "note",
        "reasonCode",
        "reasonReference",
    ),
    *("medicationCodeableConcept", "medicationReference", "ingredient", "strength", "dispenseRequest", "quantity"),
    *("maxDosePerPeriod", "birthDate", "fullUrl", "type", "x", "", "_status", "constructor", "__proto__", "component"),
    *("valueString", "valueCodeableConcept", "valueRange", "valueRatio", "valueInteger", "interpretation"),
    *("effectivePeriod", "start", "end", "onsetDateTime", "onsetAge", "criticality", "reaction", "manifestation"),
)


@cache
def real_calls() -> tuple[bytes, ...]:
    """Whole calls of all three hooks: every example, and drawn newborns with everything on record."""
    select = order_call(EVERYTHING)
    draft = select["context"]["draftOrders"]["entry"][0]["resource"]
    full = draft | {
        "dosageInstruction": [
            {
                "text": "1 g/kg (3.4 g) IV over 4 h",
                "timing": {"repeat": {"count": 1, "duration": 4, "durationUnit": "h"}},
                "route": {"text": "IV"},
                "doseAndRate": [
                    {
                        "doseQuantity": {"value": 3.4, "unit": "g", "system": "http://unitsofmeasure.org", "code": "g"},
                        "rateRatio": {
                            "numerator": {"value": 2, "unit": "mL"},
                            "denominator": {"value": 1, "unit": "h"},
                        },
                    }
                ],
                "maxDosePerPeriod": {"numerator": {"value": 2, "unit": "g"}, "denominator": {"value": 1, "unit": "d"}},
            }
        ],
        "reasonReference": [{"reference": "Condition/x", "display": "FNAIT"}],
        "note": [{"text": "run slowly"}],
    }
    access = {"fhirServer": "https://ehr.example/fhir", "fhirAuthorization": TOKEN}
    made = [select, order_sign(order_call(EVERYTHING), full), view_call(EVERYTHING) | access, select | access]
    examples = [path.read_bytes() for path in sorted(EXAMPLES.glob("*/*/request.json"))]
    return tuple(orjson.dumps(one) for one in made) + tuple(examples)


def anything(random: Random, depth: int = 0) -> Any:
    kind = random.randrange(4 if depth < 4 else 1)
    if kind <= 1:
        return copy.deepcopy(random.choice(LEAVES))
    size = random.randrange(4)
    if kind == 2:
        return [anything(random, depth + 1) for _ in range(size)]
    return {random.choice(MEMBERS): anything(random, depth + 1) for _ in range(size)}


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of everything inside."""
    left = [value]
    while left:
        one = left.pop()
        items = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for key, item in list(items):
            yield one, key
            left.append(item)


def change(call: Json, random: Random) -> None:
    """One change anywhere, but to what makes the call one of its hook."""
    found = [(at, key) for at, key in places(call) if at is not call or key not in ("hook", "hookInstance", "context")]
    at, key = random.choice(found)
    kind = random.choice(("replace", "replace", "leaf", "leaf", "delete", "double", "move", "wrap", "put in", "unwrap"))
    if kind in ("replace", "leaf"):
        at[key] = anything(random) if kind == "replace" else random.choice(LEAVES)
    elif kind == "delete":
        del at[key]
    elif kind == "double":
        if isinstance(at, list):
            at.append(copy.deepcopy(at[key]))
        else:
            at[key] = [at[key], copy.deepcopy(at[key])]
    elif kind == "move":
        there, place = random.choice(found)
        at[key] = copy.deepcopy(there[place])
    elif kind == "wrap":
        at[key] = random.choice(([at[key]], {random.choice(MEMBERS): at[key]}))
    elif kind == "unwrap":
        inside = at[key]
        values = list(inside.values()) if isinstance(inside, dict) else inside if isinstance(inside, list) else []
        at[key] = random.choice(values) if values else None
    elif isinstance(at, dict):
        at[random.choice(MEMBERS)] = anything(random)
    else:
        at.insert(key, anything(random))


def changed_call(random: Random, most: int = 6) -> Json:
    call: Json = orjson.loads(random.choice(real_calls()))
    for _ in range(random.randrange(1, most + 1)):
        change(call, random)
    return call
