"""What the service answers is what the document says."""

from pathlib import Path

import pytest

from cds_service.app import openapi_file
from cds_service.hooks.wsgi import LARGEST_BODY, PREFIX
from cds_service.review.babies import draft_order
from tests.openapi.documented import (
    AS_OF,
    CALL,
    DECISIONS,
    DOCUMENT,
    EXPLAIN,
    ISOIMMUNE,
    NEWBORNS,
    ORDER_SELECT,
    PATIENT_VIEW,
    assert_as_documented,
    changed,
    component,
    faults,
    order_select_call,
    patient_view_call,
)


@pytest.mark.parametrize("path", ["/cds-services", "/health/live", "/health/ready", "/openapi.yaml"])
def test_what_can_be_fetched_is_as_documented(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert_as_documented(answer, path, "get")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_served_document_is_this_one(client):
    assert client.get("/openapi.yaml").get_data() == openapi_file().read_bytes()
    # an installed package carries its own copy
    assert openapi_file().read_bytes() == (Path(__file__).parent.parent.parent / "openapi.yaml").read_bytes()


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("newborn", NEWBORNS)
def test_order_select_answers_as_documented(client, newborn, explain):
    call = order_select_call(NEWBORNS[newborn], **({EXPLAIN: True} if explain else {}))
    answer = client.post(ORDER_SELECT, json=call)
    assert faults(component("OrderSelectRequest"), call) == []
    assert answer.status_code == 200
    assert_as_documented(answer, CALL, "post")
    assert answer.get_json()["cards"]
    assert ("extension" in answer.get_json()) is explain


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("newborn", NEWBORNS)
def test_patient_view_answers_as_documented(client, newborn, explain):
    call = patient_view_call(NEWBORNS[newborn], **({EXPLAIN: True} if explain else {}))
    answer = client.post(PATIENT_VIEW, json=call)
    assert faults(component("PatientViewRequest"), call) == []
    assert answer.status_code == 200
    assert_as_documented(answer, CALL, "post")
    assert ("extension" in answer.get_json()) is explain


def test_the_newborns_reach_every_kind_of_answer(client):
    cards, records = [], []
    for given in NEWBORNS.values():
        for address, call in ((ORDER_SELECT, order_select_call), (PATIENT_VIEW, patient_view_call)):
            answer = client.post(address, json=call(given, **{EXPLAIN: True})).get_json()
            cards.append(answer["cards"])
            records += answer["extension"][DECISIONS]
    sent = [card for group in cards for card in group]
    actions = [action for card in sent for one in card.get("suggestions", ()) for action in one["actions"]]
    assert [] in cards
    assert {card["indicator"] for card in sent} == {"info", "warning", "critical"}
    assert {card.get("selectionBehavior") for card in sent} == {None, "at-most-one", "any"}
    assert {action["type"] for action in actions} == {"create", "update", "delete"}
    assert any(DECISIONS in card.get("extension", {}) for card in sent)
    assert any(one.get("isRecommended") for card in sent for one in card.get("suggestions", ()))
    assert {record["verdict"] for record in records} >= {
        "recommended",
        "consider",
        "not-yet",
        "not-indicated",
        "needs-information",
        "out-of-scope",
        "no-sign",
    }
    properties = set(DOCUMENT["components"]["schemas"]["DecisionRecord"]["properties"])
    assert {key for record in records for key in record} == properties
    for key, name in (("facts", "Fact"), ("criteria", "Criterion"), ("lines", "Line"), ("doubts", "Doubt")):
        members = {member for record in records for one in record.get(key, ()) for member in one}
        assert members == set(DOCUMENT["components"]["schemas"][name]["properties"])
    doses = {name for record in records for name in record.get("dose", ())}
    assert doses == set(DOCUMENT["components"]["schemas"]["Dose"]["properties"])


def with_another_order_selected(call):
    other = {**draft_order(), "id": "other", "medicationCodeableConcept": {"text": "Ampicillin"}}
    call["context"]["draftOrders"]["entry"].append({"resource": other})
    call["context"]["selections"] = ["MedicationRequest/other"]


def with_an_unreadable_order(call):
    draft = call["context"]["draftOrders"]["entry"][0]["resource"]
    del draft["medicationCodeableConcept"]
    draft["medicationReference"] = {"reference": "Medication/elsewhere"}


def with_a_draft_that_is_not_valid(call):
    call["context"]["draftOrders"]["entry"][0]["resource"]["status"] = "no such status"


def with_a_full_draft(call):
    call["context"]["draftOrders"]["entry"][0]["resource"] |= {
        "identifier": [{"system": "urn:example", "value": "1"}],
        "dosageInstruction": {"text": "as written", "doseAndRate": {"doseQuantity": {"value": 1, "unit": "g"}}},
        "dispenseRequest": {"quantity": {"value": 1.5, "unit": "g"}},
        "note": [{"text": "<b>from the record</b>"}],
    }


# Calls that the service must take, and how many cards they get.
TAKEN = {
    "another order is selected": (with_another_order_selected, 0),
    "the order cannot be read": (with_an_unreadable_order, 1),
    "the selected order is not among the drafts": (lambda call: call["context"].update(selections=["x"]), 2),
    "no drafts": (lambda call: call["context"].pop("draftOrders"), 1),
    "nothing is drafted or selected": (lambda call: call["context"].update(selections=[], draftOrders={}), 0),
    "the draft is not valid": (with_a_draft_that_is_not_valid, 2),
    "the draft holds more": (with_a_full_draft, 4),  # 1 g for 3.4 kg, of which 1.5 g are dispensed
    "the patient was sent as null": (lambda call: call["prefetch"].update(patient=None), 1),
    "a Bundle was sent as null": (lambda call: call["prefetch"].update(conditions=None), 2),
    "another patient was sent": (lambda call: call["prefetch"]["patient"].update(id="other"), 1),
    "an error came in place of data": (
        lambda call: call["prefetch"].update(bilirubin={"resourceType": "OperationOutcome"}),
        1,
    ),
    "unknown members": (lambda call: call.update(more={"a": None}, extension={**call["extension"], "x.y": 1}), 2),
    "access to a FHIR server": (
        lambda call: call.update(
            fhirServer="https://ehr.example/fhir",
            fhirAuthorization={
                "access_token": "example",
                "token_type": "Bearer",
                "expires_in": 300,
                "scope": "patient/*.read",
                "subject": "example",
            },
        ),
        2,
    ),
}


@pytest.mark.parametrize("name", TAKEN)
def test_other_calls_are_taken_and_answered_as_documented(client, name):
    change, cards = TAKEN[name]
    call = changed(change)
    answer = client.post(ORDER_SELECT, json=call)
    assert faults(component("OrderSelectRequest"), call) == []
    assert answer.status_code == 200
    assert_as_documented(answer, CALL, "post")
    assert len(answer.get_json()["cards"]) == cards


REFUSED = {
    "no hook": lambda call: call.pop("hook"),
    "another hook": lambda call: call.update(hook="patient-view"),
    "no hookInstance": lambda call: call.pop("hookInstance"),
    "a blank hookInstance": lambda call: call.update(hookInstance=" "),
    "no context": lambda call: call.pop("context"),
    "a context that is a list": lambda call: call.update(context=[]),
    "no userId": lambda call: call["context"].pop("userId"),
    "no patientId": lambda call: call["context"].pop("patientId"),
    "a patientId that is a number": lambda call: call["context"].update(patientId=1),
    "a patientId that is an address": lambda call: call["context"].update(patientId="https://ehr.example/Patient/1"),
    "no selections": lambda call: call["context"].pop("selections"),
    "selections that are numbers": lambda call: call["context"].update(selections=[1]),
    "drafts that are a list": lambda call: call["context"].update(draftOrders=[]),
    "prefetch that is a list": lambda call: call.update(prefetch=[]),
    "an extension that is text": lambda call: call.update(extension="x"),
    "a token without a server": lambda call: call.update(fhirAuthorization={}),
    "a server that is a number": lambda call: call.update(fhirServer=1),
    "an as-of without an offset": lambda call: call["extension"].update({AS_OF: "2026-11-20T12:00:00"}),
    "an as-of that is a date": lambda call: call["extension"].update({AS_OF: "2026-11-20"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_request_schema_refuses_is_answered_with_400(client, name):
    call = changed(REFUSED[name])
    assert faults(component("OrderSelectRequest"), call) != []
    answer = client.post(ORDER_SELECT, json=call)
    assert answer.status_code == 400
    assert_as_documented(answer, CALL, "post")


def test_a_call_without_the_patient_is_answered_with_412(client):
    answer = client.post(ORDER_SELECT, json=order_select_call({**ISOIMMUNE, "not_sent": ["patient"]}))
    assert answer.status_code == 412
    assert_as_documented(answer, CALL, "post")


@pytest.mark.parametrize(
    ("address", "body", "kind", "status"),
    [
        (ORDER_SELECT, b"{", "application/json", 400),
        (ORDER_SELECT, b"", "application/json", 400),
        (ORDER_SELECT, b"[]", "application/json", 400),
        (ORDER_SELECT, b'{"hook": NaN}', "application/json", 400),
        (ORDER_SELECT, b'"\xff"', "application/json", 400),
        (ORDER_SELECT, b"[" * 5000, "application/json", 400),
        (PREFIX + "no-such-service", b"{}", "application/json", 404),
        (PREFIX, b"{}", "application/json", 404),
        (ORDER_SELECT, b" " * (LARGEST_BODY + 1), "application/json", 413),
        (ORDER_SELECT, b"{}", "text/plain", 415),
        (ORDER_SELECT, b"{}", None, 415),
    ],
)
def test_errors_of_a_call_are_as_documented(client, address, body, kind, status):
    answer = client.post(address, data=body, content_type=kind)
    assert answer.status_code == status
    assert_as_documented(answer, CALL, "post")


def test_a_compressed_body_is_answered_with_415(client):
    answer = client.post(
        ORDER_SELECT, data=b"{}", content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 415
    assert_as_documented(answer, CALL, "post")


@pytest.mark.parametrize("path", ["/cds-services", "/health/live", "/health/ready", "/openapi.yaml"])
def test_another_method_is_answered_with_405(client, path):
    answer = client.post(path, json={})
    assert answer.status_code == 405
    assert_as_documented(answer, path, "get")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_at_a_service_is_refused_as_documented(client, method):
    answer = client.open(ORDER_SELECT, method=method)
    assert answer.status_code in (404, 405)
    assert_as_documented(answer, CALL, "post")


def test_an_unknown_address_is_answered_with_an_outcome(client):
    answer = client.get("/no-such-address")
    assert answer.status_code == 404
    assert faults(component("OperationOutcome"), answer.get_json()) == []
