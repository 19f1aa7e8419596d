"""order-sign: which orders are judged, as which order they count, and what they say they are for."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.facts.fact import Fact, OnRecord
from cds_service.fhir.prefetch import collect
from cds_service.hooks.service import Answerer
from cds_service.review.babies import AS_OF, PATIENT, bundle, concept, condition, order_select, order_sign, prefetch
from cds_service.review.orders import order
from tests.facts.records import GIVEN, SUBJECT, Json
from tests.hooks.calls import answered, other_order, topics

SERVICE = "neonatal-ivig-order-sign"
IVIG = order({"dose": "3.4 g", "over": "4 h", "medication": "Gammaplex 10%"}, "test")
UNREADABLE = ["notcheckedunreadable"]
PLAIN = {"age": "48 h", "gestation": "38+0", "weight": "3.4 kg"}
LOW = {**PLAIN, "age": "20 h", "platelets": "19 10*9/L", "conditions": ["FNAIT"]}


def signed(answerer: Answerer, *orders: Json, given: Json | None = None, **sent: Any) -> list[Json]:
    call = order_sign(order_select(GIVEN if given is None else given, "sign"), *orders)
    call["prefetch"] |= sent
    status, body = answered(answerer, call, SERVICE)
    assert status == 200
    found: list[Json] = body["cards"]
    assert "notcheckedfault" not in topics(found)
    return found


def details(found: list[Json]) -> str:
    return "\n".join(card["detail"] for card in found)


def rules(found: list[Json]) -> set[str]:
    return {
        card["extension"]["org.neonatal-ivig-cds.safety"]["rule"] for card in found if "safety" in topics([card])[0]
    }


def indication(found: list[Json]) -> object:
    """The indication that heads the first card about one."""
    records = [card["extension"].get("org.neonatal-ivig-cds.decision") for card in found if "extension" in card]
    return next(one["indication"] for one in records if one)


def test_an_order_is_answered_and_read_back(answerer: Answerer) -> None:
    found = signed(answerer, IVIG)
    assert topics(found)[0] == "hdnaap2022maygivewarning"
    assert "**The order as read**" in details(found)


@pytest.mark.parametrize("orders", [[other_order()], [other_order("a"), other_order("b", "RhIG")]], ids=["one", "two"])
def test_orders_without_ivig_are_met_with_silence(answerer: Answerer, orders: list[Json]) -> None:
    assert signed(answerer, *orders) == []


def test_no_orders_at_all_are_said(answerer: Answerer) -> None:
    assert topics(signed(answerer)) == UNREADABLE


@pytest.mark.parametrize("status", ["draft", "active", "on-hold", "unknown", "completed", "weird", None, 5])
def test_an_order_is_judged_whatever_its_status(answerer: Answerer, status: object) -> None:
    assert topics(signed(answerer, IVIG | {"status": status}))[0] == "hdnaap2022maygivewarning"


def test_an_order_in_the_older_format_is_judged(answerer: Answerer) -> None:
    old = {key: value for key, value in IVIG.items() if key != "subject"}
    old |= {"resourceType": "MedicationOrder", "patient": SUBJECT, "prescriber": {"reference": "Practitioner/p"}}
    assert topics(signed(answerer, old))[0] == "hdnaap2022maygivewarning"


@pytest.mark.parametrize("member", ["subject", "patient"])
def test_an_order_for_another_patient_is_not_judged_and_that_is_said(answerer: Answerer, member: str) -> None:
    other = {key: value for key, value in IVIG.items() if key != "subject"} | {member: {"reference": "Patient/twin"}}
    found = signed(answerer, other)
    assert topics(found) == UNREADABLE
    assert "another patient" in details(found)
    beside = signed(answerer, IVIG, other | {"id": "twins"})
    assert topics(beside)[0] == "hdnaap2022maygivewarning"
    assert "another patient" in details(beside)
    assert "duplicate_draft" not in rules(beside)


def test_an_order_not_to_give_ivig_is_no_order_of_ivig_and_that_is_said(answerer: Answerer) -> None:
    found = signed(answerer, IVIG | {"doNotPerform": True})
    assert topics(found) == UNREADABLE
    assert "not to be given" in details(found)


def test_two_ivig_orders_are_both_judged_and_that_is_said(answerer: Answerer) -> None:
    tenfold = order({"dose": "34 g", "over": "4 h"}, "test", "second")
    found = signed(answerer, IVIG, tenfold)
    assert {"duplicate_draft", "tenfold"} <= rules(found)
    assert "More than one IVIG order is drafted" in details(found)


def test_two_ivig_orders_without_ids_are_two(answerer: Answerer) -> None:
    first, second = ({key: value for key, value in IVIG.items() if key != "id"} for _ in range(2))
    second = second | {"note": [{"text": "second"}]}
    found = signed(answerer, first, second)
    assert "duplicate_draft" in rules(found)
    assert "one without an id" in details(found)


def test_the_same_order_twice_is_one(answerer: Answerer) -> None:
    found = signed(answerer, IVIG, dict(IVIG))
    assert "duplicate_draft" not in rules(found)
    assert "More than one" not in details(found)


def test_a_draft_and_its_re_signed_order_of_the_same_id_are_no_duplicates(answerer: Answerer) -> None:
    resigned = IVIG | {"status": "active"}
    found = signed(answerer, IVIG, resigned)
    assert not rules(found) & {"duplicate_draft", "duplicate_order"}
    assert "was sent more than once" in details(found)


def test_an_order_on_record_of_the_same_id_is_the_same_order(answerer: Answerer) -> None:
    resigned = IVIG | {"status": "active", "authoredOn": "2026-11-20T11:00:00Z"}
    assert "duplicate_order" not in rules(signed(answerer, resigned, ivig_orders=bundle([resigned])))
    other = resigned | {"id": "other"}
    assert "duplicate_order" in rules(signed(answerer, resigned, ivig_orders=bundle([other])))
    follows = IVIG | {"priorPrescription": {"reference": "MedicationRequest/other"}}
    assert "duplicate_order" not in rules(signed(answerer, follows, ivig_orders=bundle([other])))


def test_an_order_on_record_without_an_id_is_a_duplicate_of_an_order_with_one(answerer: Answerer) -> None:
    nameless = {key: value for key, value in IVIG.items() if key != "id"} | {"status": "active"}
    found = signed(answerer, IVIG, ivig_orders=bundle([nameless]))
    assert "duplicate_order" in rules(found)
    assert "one without an id" in details(found)


NESTED = {
    "contained": {"resourceType": "RequestGroup", "id": "g", "status": "draft", "contained": [IVIG]},
    "Bundle": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": IVIG}]},
    "Parameters": {"resourceType": "Parameters", "parameter": [{"name": "order", "resource": IVIG}]},
    "action": {"resourceType": "RequestOrchestration", "action": [{"action": [{"resource": IVIG}]}]},
}


@pytest.mark.parametrize("name", NESTED)
def test_an_ivig_order_inside_another_resource_is_not_judged_and_that_is_said(answerer: Answerer, name: str) -> None:
    found = signed(answerer, NESTED[name])
    assert topics(found) == UNREADABLE
    assert "inside another resource" in details(found)
    assert "inside another resource" in details(signed(answerer, IVIG, NESTED[name]))


def test_a_group_that_only_refers_to_its_orders_is_passed_over(answerer: Answerer) -> None:
    group = {"resourceType": "RequestGroup", "id": "g", "action": [{"resource": {"reference": "MedicationRequest/x"}}]}
    assert signed(answerer, group, other_order()) == []
    assert "inside another resource" not in details(signed(answerer, group, IVIG))


HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ({"text": "IVIG infusion"}, True),
        ({"text": "Transfusion of intravenous immunoglobulin 1 g/kg"}, True),
        ({"coding": [{"system": HCPCS, "code": "J1459"}]}, True),
        ({"text": "Hemoglobin 24 to 48 h after IVIG"}, False),
        ({"text": "Platelet count 6 to 12 h after platelets or IVIG"}, False),
        ({"text": "Immunoglobulin G, serum"}, False),
        ({"coding": [{"system": HCPCS, "code": "J1561"}]}, False),
        ({}, False),
        (5, False),
    ],
    ids=str,
)
def test_ivig_ordered_as_a_service_is_not_met_with_silence(answerer: Answerer, code: object, said: bool) -> None:
    service = {"resourceType": "ServiceRequest", "id": "s", "status": "draft", "intent": "order", "code": code}
    found = signed(answerer, service | {"subject": SUBJECT})
    assert topics(found) == (UNREADABLE if said else [])


def problem(code: str = "FNAIT", **members: Any) -> Json:
    return condition("c1", code, "confirmed") | members


def status(word: str) -> Json:
    return {"coding": [{"code": word}]}


REFUTED = [
    {"verificationStatus": status("refuted")},
    {"verificationStatus": status("entered-in-error")},
    {"clinicalStatus": status("resolved")},
    {"clinicalStatus": status("inactive")},
    {"abatementDateTime": "2026-11-19"},
]


@pytest.mark.parametrize("shown", [{}, {"display": "FNAIT"}], ids=["bare", "display"])
def test_a_reason_on_record_names_the_indication(answerer: Answerer, shown: Json) -> None:
    drafted = IVIG | {"reasonReference": [{"reference": "Condition/c1", **shown}]}
    found = signed(answerer, drafted, given=PLAIN, conditions=bundle([problem()]))
    assert indication(found) == "fnait"


def test_a_reason_inside_the_order_names_the_indication_and_counts_as_a_problem(answerer: Answerer) -> None:
    drafted = IVIG | {"reasonReference": [{"reference": "#c1"}], "contained": [problem()]}
    assert indication(signed(answerer, drafted, given=PLAIN)) == "fnait"


@pytest.mark.parametrize("members", REFUTED, ids=str)
@pytest.mark.parametrize("inside", [True, False], ids=["contained", "record"])
def test_a_reason_that_does_not_hold_is_not_counted_and_that_is_said(
    answerer: Answerer, members: Json, inside: bool
) -> None:
    """Its display does not count either: the Condition itself is at hand."""
    taken_back = problem(**members)
    reference = {"reference": "#c1" if inside else "Condition/c1", "display": "FNAIT"}
    drafted = IVIG | {"reasonReference": [reference]} | ({"contained": [taken_back]} if inside else {})
    kept = {} if inside else {"conditions": bundle([taken_back])}
    found = signed(answerer, drafted, given=PLAIN, **kept)
    plain = signed(answerer, IVIG, given=PLAIN)
    assert "The order's reason does not hold any more" in details(found)
    assert indication(found) == indication(plain)


def test_a_reason_that_was_not_sent_counts_by_its_display_or_is_said(answerer: Answerer) -> None:
    shown = IVIG | {"reasonReference": [{"reference": "Condition/gone", "display": "FNAIT"}]}
    assert indication(signed(answerer, shown, given=PLAIN)) == "fnait"
    bare = IVIG | {"reasonReference": [{"reference": "Condition/gone"}]}
    assert "The reason that the order refers to was not sent: Condition/gone" in details(signed(answerer, bare))


def test_a_reason_of_another_patients_record_does_not_count(answerer: Answerer) -> None:
    twins = problem(subject={"reference": "Patient/twin"})
    drafted = IVIG | {"reasonReference": [{"reference": "Condition/c1"}]}
    found = signed(answerer, drafted, given=PLAIN, conditions=bundle([twins]))
    assert "was not sent: Condition/c1" in details(found)


@pytest.mark.parametrize(("word", "sure"), [("confirmed", True), ("provisional", False), ("differential", False)])
def test_a_suspected_reason_inside_the_order_stays_suspected(answerer: Answerer, word: str, sure: bool) -> None:
    reason = problem("sepsis", verificationStatus=status(word))
    baby = answerer.reader.read(collect(prefetch(PLAIN), answerer.keys, PATIENT), AS_OF, {}, [reason])
    for name, counts in (("conditions", sure), ("suspected_conditions", True)):
        fact = baby.facts[name]
        assert isinstance(fact, Fact)
        assert isinstance(fact.value, OnRecord)
        assert ("sepsis" in fact.value.found) is counts


@pytest.mark.parametrize(
    "reference", [5, None, "Condition/c1", [None], [5], ["Condition/c1"], {"reference": 5}], ids=str
)
def test_an_odd_reference_to_a_reason_does_no_harm(answerer: Answerer, reference: object) -> None:
    found = signed(answerer, IVIG | {"reasonReference": reference}, conditions=bundle([problem()]))
    assert topics(found)[0] == "hdnaap2022maygivewarning"


def test_the_reason_of_the_older_format_counts(answerer: Answerer) -> None:
    old = IVIG | {"resourceType": "MedicationOrder", "reasonCodeableConcept": concept("FNAIT")}
    assert indication(signed(answerer, old, given=PLAIN)) == "fnait"


def test_a_reason_that_the_problem_list_takes_back_is_named_and_not_resolved(answerer: Answerer) -> None:
    drafted = IVIG | {"reasonCode": [concept("FNAIT")]}
    taken_back = problem(verificationStatus=status("refuted"))
    found = signed(answerer, drafted, given=PLAIN, conditions=bundle([taken_back]))
    assert "The order's reason is refuted or resolved on record" in details(found)
    assert indication(found) == "fnait"
    again = signed(answerer, drafted, given=PLAIN, conditions=bundle([taken_back, problem(id="c2")]))
    assert "refuted or resolved on record" not in details(again)


def test_a_reason_other_than_what_ivig_is_advised_for_is_named(answerer: Answerer) -> None:
    found = signed(answerer, IVIG | {"reasonCode": [concept("sepsis")]}, given=LOW)
    said = "**The order gives sepsis as its reason; on record IVIG is advised for FNAIT**: check both."
    assert said in details(found)
    assert said not in details(signed(answerer, IVIG | {"reasonCode": [concept("FNAIT")]}, given=LOW))
    assert "as its reason" not in details(signed(answerer, IVIG, given=LOW))


def test_text_of_the_order_is_escaped(answerer: Answerer) -> None:
    odd = "Condition/[x](http://evil)<b>"
    found = signed(answerer, IVIG | {"reasonReference": [{"reference": odd}]})
    assert "://" not in details(found)
    assert "<b>" not in details(found)


def test_the_patient_is_known_by_an_absolute_reference(answerer: Answerer) -> None:
    there = IVIG | {"subject": {"reference": f"https://ehr.example/fhir/Patient/{PATIENT}"}}
    assert topics(signed(answerer, there))[0] == "hdnaap2022maygivewarning"
