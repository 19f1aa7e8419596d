"""The envelope of a call: read where it makes sense, refused with 400 and the member at fault where it does not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
import pytest

from cds_service.hooks.service import Answerer
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import order_select
from tests.facts.records import GIVEN
from tests.hooks.calls import (
    AS_OF,
    DECISIONS,
    ORDER_SELECT,
    PATIENT_VIEW,
    REMOVED,
    answered,
    cards,
    order_call,
    refusal,
    topics,
    view_call,
)

BODY = orjson.dumps(order_call())
ODD = [None, 5, True, "", " ", [], {}, ["x"]]


def changed(**members: Any) -> dict[str, Any]:
    return {key: value for key, value in {**order_call(), **members}.items() if value is not REMOVED}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{}}",
        b"not json",
        BODY[:-1],
        BODY + b"x",
        BODY.replace(b"18.1", b"NaN"),
        BODY.replace(b"18.1", b"Infinity"),
        BODY.replace(b"18.1", b"-Infinity"),
        BODY.replace(b"18.1", b"018.1"),
        BODY.replace(b"18.1", b"0x12"),
        BODY.replace(b'"', b"'"),
        BODY.replace(b"hook-instance", b"\xff\xfe"),
        BODY.replace(b"hook-instance", b"\xc3\x28"),
        BODY.replace(b"hook-instance", b"a\nb"),
        b"[" * 5000 + b"]" * 5000,
        b'{"prefetch":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        b'{"a":1,}',
    ],
    ids=lambda body: repr(body[-20:]),
)
def test_a_body_that_is_not_json_is_refused(answerer: Answerer, body: bytes) -> None:
    status, text = refusal(answerer, body)
    assert status == 400
    assert "not valid JSON" in text


@pytest.mark.parametrize("body", [b"[]", b"5", b'"x"', b"null", b"true", b"[{}]"])
def test_a_body_that_is_no_object_is_refused(answerer: Answerer, body: bytes) -> None:
    assert refusal(answerer, body) == (400, "The body must be a JSON object.")


@pytest.mark.parametrize("member", ["hook", "hookInstance"])
@pytest.mark.parametrize("value", [REMOVED, *ODD], ids=repr)
def test_a_member_that_must_be_text_is_named(answerer: Answerer, member: str, value: object) -> None:
    status, text = refusal(answerer, changed(**{member: value}))
    assert (status, text) == (400, f"{member} is required and must be a non-empty string.")


@pytest.mark.parametrize("member", ["userId", "patientId"])
@pytest.mark.parametrize("value", [REMOVED, *ODD], ids=repr)
@pytest.mark.parametrize("hook", [ORDER_SELECT, PATIENT_VIEW])
def test_a_member_of_the_context_that_must_be_text_is_named(
    answerer: Answerer, member: str, value: object, hook: str
) -> None:
    call = order_call() if hook == ORDER_SELECT else view_call()
    call["context"] = {key: one for key, one in {**call["context"], member: value}.items() if one is not REMOVED}
    status, text = refusal(answerer, call, hook)
    assert (status, text) == (400, f"context.{member} is required and must be a non-empty string.")


@pytest.mark.parametrize("value", [REMOVED, None, 5, True, "", "x", [], ["x"]], ids=repr)
def test_a_context_that_is_no_object_is_refused(answerer: Answerer, value: object) -> None:
    assert refusal(answerer, changed(context=value)) == (400, "context must be a JSON object.")


@pytest.mark.parametrize("member", ["prefetch", "extension"])
@pytest.mark.parametrize("value", [5, True, "", "x", [], ["x"]], ids=repr)
def test_a_member_that_may_be_left_out_must_still_be_an_object(answerer: Answerer, member: str, value: object) -> None:
    assert refusal(answerer, changed(**{member: value})) == (400, f"{member} must be a JSON object.")


@pytest.mark.parametrize(
    "value", [REMOVED, None, 5, "MedicationRequest/x", {}, [5], [None], [["x"]], ["x", 5]], ids=repr
)
def test_selections_must_be_an_array_of_references(answerer: Answerer, value: object) -> None:
    status, text = refusal(answerer, order_call(selections=value))
    assert (status, text) == (400, "context.selections must be an array of references.")


@pytest.mark.parametrize("value", [None, 5, "x", [], [{}]], ids=repr)
def test_draft_orders_must_be_a_bundle(answerer: Answerer, value: object) -> None:
    assert refusal(answerer, order_call(draftOrders=value)) == (400, "context.draftOrders must be a Bundle.")


@pytest.mark.parametrize("value", ["a/b", "Patient/a/b", "https://fhir.example/Patient/1", "x" * 513])
def test_a_patient_id_that_is_no_id_is_refused(answerer: Answerer, value: str) -> None:
    assert refusal(answerer, order_call(patientId=value)) == (400, "context.patientId must be a bare id.")


def test_a_patient_reference_without_an_id_is_refused(answerer: Answerer) -> None:
    call = order_call(patientId="Patient/")
    draft = call["context"]["draftOrders"]["entry"][0]["resource"]
    for resource in [draft, *(one["resource"] for one in call["prefetch"]["laboratory"]["entry"])]:
        resource["subject"] = {"reference": "Group/7"}
    refusal(answerer, call)


def test_a_patient_id_written_as_a_reference_is_read(answerer: Answerer) -> None:
    assert answered(answerer, order_call(patientId="Patient/newborn-1")) == answered(answerer, order_call())


@pytest.mark.parametrize("hook", ["patient-view", "order-sign", "ORDER-SELECT", "order-select "])
def test_a_call_of_another_hook_is_refused(answerer: Answerer, hook: str) -> None:
    status, text = refusal(answerer, changed(hook=hook))
    assert status == 400
    assert "answers the hook order-select" in text
    assert refusal(answerer, order_call(), PATIENT_VIEW)[0] == 400


@pytest.mark.parametrize("service", ["", "order-select", "neonatal-ivig", ORDER_SELECT + "/", "../etc/passwd"])
def test_a_service_that_is_not_offered_is_not_found(answerer: Answerer, service: str) -> None:
    status, text = refusal(answerer, order_call(), service)
    assert status == 404
    assert "see GET /cds-services" in text


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"fhirAuthorization": {"access_token": "t"}}, "fhirAuthorization was sent without fhirServer."),
        ({"fhirAuthorization": {}, "fhirServer": 5}, "fhirAuthorization was sent without fhirServer."),
        ({"fhirAuthorization": None, "fhirServer": "https://x"}, "fhirAuthorization must be a JSON object."),
        ({"fhirAuthorization": "t", "fhirServer": "https://x"}, "fhirAuthorization must be a JSON object."),
        ({"fhirServer": 5}, "fhirServer must be a string."),
        ({"fhirServer": None}, "fhirServer must be a string."),
    ],
    ids=str,
)
def test_fhir_server_and_authorization_must_make_sense(answerer: Answerer, members: dict[str, Any], says: str) -> None:
    assert refusal(answerer, changed(**members)) == (400, says)


@pytest.mark.parametrize(
    "members",
    [
        {"fhirServer": "https://fhir.example/r4"},
        {"fhirServer": "https://fhir.example/r4", "fhirAuthorization": {"access_token": "t", "token_type": "Bearer"}},
        {"extension": None},
        {"unknown": 5},
        {"user": "Practitioner/1"},
    ],
    ids=str,
)
def test_further_members_change_nothing(demo: Knowledge, members: dict[str, Any]) -> None:
    at = order_call()["extension"][AS_OF]
    fixed = Answerer(demo, accept_as_of=False, clock=lambda: datetime.fromisoformat(at))
    assert answered(fixed, changed(**members)) == answered(fixed, order_call())


@pytest.mark.parametrize(
    "value",
    ["", "now", "2026-11-20", "2026-11-20T12:00:00", "2026-11-20T25:00:00Z", "20 November 2026", 5, None, True, [], {}],
    ids=repr,
)
def test_a_malformed_moment_is_refused_where_it_is_accepted_at_all(answerer: Answerer, value: object) -> None:
    status, text = refusal(answerer, changed(extension={AS_OF: value}))
    assert status == 400
    assert "must be an RFC 3339 instant with an offset" in text


@pytest.mark.parametrize("value", ["2026-11-20T12:00:00Z", "now", 5, None], ids=repr)
def test_a_moment_is_ignored_where_it_is_not_accepted(demo: Knowledge, value: object) -> None:
    later = Answerer(demo, accept_as_of=False, clock=lambda: datetime.fromisoformat("2026-11-20T20:00:00Z"))
    call = changed(extension={AS_OF: value})
    assert answered(later, call) == answered(later, changed(extension={}))
    record = cards(later, call)[0]["extension"]["org.neonatal-ivig-cds.decision"]
    assert record["as_of"] == "2026-11-20T20:00:00Z"


def test_everything_is_judged_at_the_stated_moment(answerer: Answerer) -> None:
    hours_later = changed(extension={AS_OF: "2026-11-20T20:01:00-05:00"})
    assert topics(cards(answerer, order_call()))[0] == "hdnaap2022maygivewarning"
    assert topics(cards(answerer, hours_later))[0] == "hdnaap2022needsinformationwarning"


def test_the_decisions_are_explained_only_where_that_is_asked_for(answerer: Answerer) -> None:
    call = order_call()
    assert "extension" not in answered(answerer, call)[1]
    for value, explained in ((True, True), (False, False), ("true", False), (1, False)):
        call["extension"]["org.neonatal-ivig-cds.explain"] = value
        body = answered(answerer, call)[1]
        assert ("extension" in body) is explained
    call["extension"]["org.neonatal-ivig-cds.explain"] = True
    records = answered(answerer, call)[1]["extension"][DECISIONS]
    follows = answerer.knowledge.site.follows
    followed = [(one.indication, name) for one in follows for name in (one.guideline, *one.beside)]
    assert [(one["indication"], one["guideline"]) for one in records] == followed


def test_a_refusal_repeats_nothing_of_what_was_sent(answerer: Answerer) -> None:
    secret = "Secret-Name-4711"
    for call in (
        changed(hook=secret),
        changed(fhirServer=[secret]),
        order_call(patientId=f"{secret}/x"),
        order_call(selections=secret),
        changed(extension={AS_OF: secret}),
        secret.encode(),
    ):
        assert secret not in refusal(answerer, call)[1]


def test_without_the_patient_the_call_cannot_be_answered(answerer: Answerer) -> None:
    without = order_select({**GIVEN, "not_sent": ["patient"]}, "x")
    for call in (without, changed(prefetch={}), changed(prefetch=REMOVED), changed(prefetch=None)):
        status, text = refusal(answerer, call)
        assert status == 412
        assert "prefetch key 'patient' is missing" in text
    assert refusal(answerer, view_call() | {"prefetch": {}}, PATIENT_VIEW)[0] == 412


def test_a_patient_under_another_key_is_enough(answerer: Answerer) -> None:
    call = order_call()
    call["prefetch"]["baby"] = call["prefetch"].pop("patient")
    assert topics(cards(answerer, call)) == topics(cards(answerer, order_call()))


@pytest.mark.parametrize(
    "patient",
    [
        None,
        {"resourceType": "Patient", "id": "newborn-2", "birthDate": "2026-11-18"},
        {"resourceType": "OperationOutcome"},
    ],
    ids=["null", "another id", "error"],
)
def test_a_patient_that_cannot_be_used_gets_a_card_that_says_so(answerer: Answerer, patient: object) -> None:
    call = order_call()
    call["prefetch"]["patient"] = patient
    found = cards(answerer, call)
    assert "date of birth" in found[0]["summary"]
    assert any("patient's own record could not be read" in card["detail"] for card in found)


def test_another_patient_under_another_key_gets_a_card_that_says_so(answerer: Answerer) -> None:
    call = order_call()
    call["prefetch"]["baby"] = call["prefetch"].pop("patient") | {"id": "newborn-2"}
    found = cards(answerer, call)
    assert "date of birth" in found[0]["summary"]
    assert any("1 resource(s) of another or no patient were set aside" in card["detail"] for card in found)
