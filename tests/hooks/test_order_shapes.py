"""Orders as real systems send them, and anything in place of any part of one: always answered, never with a fault."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.hooks.service import Answerer
from cds_service.review.babies import PATIENT, order_select, order_sign
from tests.facts.records import GIVEN, Json
from tests.hooks.calls import ORDER_SELECT, answered, topics
from tests.hooks.test_garbage import paths

ORDER_SIGN = "neonatal-ivig-order-sign"
FAULT = "notcheckedfault"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"
KINDS = "urn:oid:1.2.840.114350.1.13.861.1.7.10.798268.4040"
BABY = {**GIVEN, "ivig_given": "30 h", "conditions": ["P55.1"], "medications": ["IVIG"]}


def grams(value: Any, unit: str = "g") -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def entry(kind: str, **members: Json) -> Json:
    return {"type": {"coding": [{"system": KINDS, "code": kind}], "text": kind}, **members}


# Every part that the service reads, in the shape of a draft as a large system sends it.
WHOLE: Json = {
    "resourceType": "MedicationRequest",
    "id": "draft-ivig",
    "status": "draft",
    "intent": "order",
    "category": [{"text": "Inpatient"}],
    "medicationReference": {"reference": "#m1", "display": "immune globulin (human) 10% IV"},
    "contained": [
        {
            "resourceType": "Medication",
            "id": "m1",
            "code": {"coding": [{"system": RXNORM, "code": "1809521"}], "text": "Privigen 10%"},
            "ingredient": [{"strength": {"numerator": grams(100, "mg"), "denominator": grams(1, "mL")}}],
        },
        {
            "resourceType": "Condition",
            "id": "c1",
            "code": {"text": "Hemolytic disease of newborn"},
            "clinicalStatus": {"text": "active"},
            "verificationStatus": {"text": "confirmed"},
            "subject": {"reference": f"Patient/{PATIENT}"},
        },
    ],
    "subject": {"reference": f"Patient/{PATIENT}", "display": "Newborn, Test"},
    "requester": {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
    },
    "authoredOn": "2026-11-20T12:00:00Z",
    "reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "P55.1"}]}],
    "reasonReference": [{"reference": "#c1"}, {"reference": "Condition/condition-P55.1", "display": "ABO"}],
    "note": [{"text": "give 3.4 g over 4 h"}],
    "priorPrescription": {"reference": "MedicationRequest/old"},
    "dispenseRequest": {"quantity": grams(5)},
    "dosageInstruction": [
        {
            "text": "3.4 g IV over 4 h, 1 g/kg for 3.4 kg",
            "patientInstruction": "none",
            "timing": {
                "repeat": {
                    "boundsDuration": grams(1, "d"),
                    "duration": 4,
                    "durationUnit": "h",
                    "frequency": 1,
                    "period": 1,
                    "periodUnit": "d",
                    "count": 1,
                }
            },
            "route": {"coding": [{"system": "http://snomed.info/sct", "code": "47625008"}], "text": "IV"},
            "doseAndRate": [
                entry("calculated", doseQuantity=grams(3.4), rateQuantity=grams(8.5, "mL/h")),
                entry("admin-amount", doseQuantity=grams(34, "mL")),
                entry(
                    "ordered",
                    doseRange={"low": grams(0.5, "g/kg"), "high": grams(1, "g/kg")},
                    rateRatio={"numerator": grams(34, "mL"), "denominator": grams(4, "h")},
                ),
                {"rateRange": {"low": grams(1, "mL/h"), "high": grams(9, "mL/h")}},
            ],
        }
    ],
}
PLACES = [path for path in paths(WHOLE) if path[0] != "resourceType"]
# Places in which another value makes it another medication: those may be answered with silence, as what they are then.
NAMES_IT = ("medicationReference", "contained")
WORDS = st.sampled_from(
    [
        *(
            "",
            " ",
            "\x00",
            "g",
            "mg",
            "g/kg",
            "mL/kg",
            "h",
            "d",
            "<",
            "draft",
            "active",
            "unknown",
            "#c1",
            "#",
            "Condition/x",
        ),
        *("1 g", "3,4 g", "3.4.5 g", "0 g over 0 h", "1/0 g", "½ g", "٣ g", "1e9 g/kg", "x" * 5000, "9" * 400 + " g"),
        *("34 mL over 1e-9 min", "1 g every 0 h x 9999999999", "g g g over over h", "2026-02-31", "0001-01-01"),
        *("9999-12-31T23:59:59Z", "[x](http://y)", "<b>", "{order_grams}", "{", "%s"),
    ]
)
NUMBERS = st.sampled_from([0, -1, 1, 3.4, 1e-7, 1e-300, 1e308, 9_999_999, 2**63 - 1, -(2**63)])
NAMES = st.sampled_from(
    [
        *(
            "resourceType",
            "id",
            "coding",
            "system",
            "code",
            "text",
            "display",
            "reference",
            "value",
            "unit",
            "comparator",
        ),
        *("low", "high", "numerator", "denominator", "repeat", "duration", "durationUnit", "period", "periodUnit"),
        *("count", "frequency", "doseQuantity", "doseRange", "rateQuantity", "rateRatio", "type", "route", "timing"),
    ]
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, WORDS),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(NAMES, one, max_size=4),
    max_leaves=8,
)


def call_of(order: object, service: str, *beside: Json) -> Json:
    call = order_select(BABY, "shapes")
    if service == ORDER_SIGN:
        return order_sign(call, order, *beside)  # type: ignore[arg-type]
    call["context"] |= {"selections": [], "draftOrders": {"entry": [{"resource": one} for one in (order, *beside)]}}
    return call


def replaced(path: tuple[Any, ...], value: Any) -> Json:
    made = copy.deepcopy(WHOLE)
    at: Any = made
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return made


def answer(answerer: Answerer, order: object, service: str = ORDER_SIGN, *beside: Json) -> list[Json]:
    """The cards; fails where there is a fault, or a card that is not whole."""
    status, body = answered(answerer, call_of(order, service, *beside), service)
    assert status == 200
    found: list[Json] = body["cards"]
    for card in found:
        assert 1 <= len(card["summary"]) < 140
        assert "://" not in card["detail"]
    assert FAULT not in topics(found)
    return found


@pytest.mark.parametrize("service", [ORDER_SIGN, ORDER_SELECT])
def test_the_whole_order_is_judged(answerer: Answerer, service: str) -> None:
    assert topics(answer(answerer, WHOLE, service))[0].startswith(("hdn", "safety"))


@settings(max_examples=500)
@given(place=st.sampled_from(PLACES), value=ANYTHING, service=st.sampled_from([ORDER_SIGN, ORDER_SELECT]))
def test_anything_in_place_of_any_part_of_an_ivig_order_is_answered_without_a_fault(
    answerer: Answerer, place: tuple[Any, ...], value: Any, service: str
) -> None:
    found = answer(answerer, replaced(place, value), service)
    assert found or place[0] in NAMES_IT, "silence on an IVIG order"


@settings(max_examples=200)
@given(key=st.sampled_from(sorted(set(WHOLE) - {"resourceType"})), value=ANYTHING)
def test_anything_in_place_of_a_member_is_answered_where_the_medication_is_ivig(
    answerer: Answerer, key: str, value: Any
) -> None:
    concept = {"medicationCodeableConcept": {"text": "IVIG"}}
    assert answer(answerer, {name: one for name, one in WHOLE.items() if name not in NAMES_IT} | concept | {key: value})


@settings(max_examples=200)
@given(value=ANYTHING, service=st.sampled_from([ORDER_SIGN, ORDER_SELECT]))
def test_anything_in_place_of_an_order_or_beside_one_is_answered_without_a_fault(
    answerer: Answerer, value: Any, service: str
) -> None:
    answer(answerer, value, service)
    odd = value if isinstance(value, dict) else {"resourceType": value}
    assert answer(answerer, WHOLE, service, odd)


@settings(max_examples=100)
@given(order=st.dictionaries(st.sampled_from(sorted(WHOLE)), ANYTHING))
def test_an_order_of_any_parts_that_calls_itself_ivig_is_answered(answerer: Answerer, order: Json) -> None:
    named = order | {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "IVIG"}}
    assert answer(answerer, named)


@pytest.mark.parametrize(
    "kind", [None, "", " ", 5, ["MedicationRequest"], {}, "medicationRequest", "x", "\x00"], ids=repr
)
@pytest.mark.parametrize("service", [ORDER_SIGN, ORDER_SELECT])
def test_an_ivig_order_without_a_readable_type_is_not_met_with_silence(
    answerer: Answerer, kind: object, service: str
) -> None:
    call = call_of(WHOLE | {"resourceType": kind}, service)
    if service == ORDER_SELECT:
        call["context"]["selections"] = ["draft-ivig"]
    found = answered(answerer, call, service)[1]["cards"]
    assert topics(found) == ["notcheckedunreadable"]
    assert "does not say what kind" in found[0]["detail"]


def signed(answerer: Answerer, *orders: Json) -> list[Json]:
    return answer(answerer, orders[0], ORDER_SIGN, *orders[1:])


def details(found: list[Json]) -> str:
    return "\n".join(card["detail"] for card in found)


@pytest.mark.parametrize(
    "members",
    [
        {"dosageInstruction": None},
        {"dosageInstruction": []},
        {"dosageInstruction": {}},
        {"dosageInstruction": WHOLE["dosageInstruction"][0]},
        {"dosageInstruction": {"doseAndRate": WHOLE["dosageInstruction"][0]["doseAndRate"][0]}},
        {"category": {"text": "Inpatient"}, "note": {"text": "x"}, "reasonReference": {"reference": "#c1"}},
        {"requester": None, "dispenseRequest": None, "authoredOn": None, "intent": None},
        {"id": None},
        {"id": ""},
        {"id": "e" * 194},
        {"id": "eVf.1-" * 40},
        {"status": "unknown"},
        {"status": "active"},
        {"status": None},
        {"priorPrescription": {"reference": "MedicationRequest/draft-ivig"}},
    ],
    ids=str,
)
def test_a_shape_that_real_systems_send_is_judged(answerer: Answerer, members: Json) -> None:
    order = {key: value for key, value in (WHOLE | members).items() if value is not None}
    found = signed(answerer, order)
    assert "The order as read" in details(found)
    assert "notchecked" not in "".join(topics(found))


LONG_ID = "eVf" + "a-b.C" * 38 + "9"


def test_an_order_with_an_id_of_194_characters_gets_its_dose_under_the_same_id(answerer: Answerer) -> None:
    assert len(LONG_ID) == 194
    plain = {key: WHOLE[key] for key in ("resourceType", "status", "intent", "subject", "requester")}
    order = plain | {"id": LONG_ID, "medicationCodeableConcept": {"text": "Gammaplex 10%"}}
    call = order_sign(order_select(GIVEN, "long"), order)
    found = answered(answerer, call, ORDER_SIGN)[1]["cards"]
    updates = [
        action["resource"]
        for card in found
        for one in card.get("suggestions", ())
        for action in one["actions"]
        if action["type"] == "update"
    ]
    assert updates
    assert {one["id"] for one in updates} == {LONG_ID}
    assert {orjson.dumps(one["requester"]) for one in updates} == {orjson.dumps(WHOLE["requester"])}
