"""What was not sent is read from the FHIR server that is registered for the client, and from no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from cds_service.hooks.caller import Caller
from cds_service.hooks.messages import read_call
from cds_service.hooks.service import Answerer
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import PATIENT, draft_order
from tests.fhir.servers import Handler, Json, Server, holding, serving
from tests.hooks.calls import (
    ORDER_SIGN,
    PATIENT_VIEW,
    answered,
    drafts,
    order_call,
    other_order,
    topics,
    view_call,
)
from tests.hooks.lookups import AUTHORIZATION, asked, bare, details, looking_up, on_server, registered

READ = "org.neonatal-ivig-cds.read"
UNREGISTERED = "Not looked up: the FHIR server named in the call is not registered for this client."


@pytest.fixture(scope="module")
def service(demo: Knowledge) -> Iterator[Answerer]:
    with looking_up(demo, 2000) as found:
        yield found


@pytest.fixture
def server(service: Answerer) -> Iterator[Server]:
    with serving(holding(on_server(service, order_call()))) as found:
        yield found


def sign(call: Json) -> Json:
    return call | {"hook": "order-sign", "context": {k: v for k, v in call["context"].items() if k != "selections"}}


@pytest.mark.parametrize("hook", ["neonatal-ivig-order-select", ORDER_SIGN, PATIENT_VIEW])
def test_the_answer_is_that_of_a_call_that_sent_everything(service: Answerer, server: Server, hook: str) -> None:
    whole = {ORDER_SIGN: sign(order_call()), PATIENT_VIEW: view_call()}.get(hook, order_call())
    status, body = asked(service, bare(server.base, whole), registered(server), hook)
    assert status == 200
    assert body.pop("extension") == {READ: list(service.keys)}
    assert body == answered(service, whole, hook)[1]


def test_each_query_is_asked_once_with_the_token_and_for_fhir(service: Answerer, server: Server) -> None:
    asked(service, bare(server.base), registered(server))
    assert len(server.paths) == len(set(server.paths)) == len(service.keys)
    assert server.tokens == {"Bearer very-secret-token"}
    assert {one.headers["Accept"] for one in server.asked} == {"application/fhir+json"}


def test_only_what_was_not_sent_is_read(service: Answerer, server: Server) -> None:
    sent = order_call()["prefetch"]
    outcome = {"resourceType": "OperationOutcome", "issue": []}
    partial = {key: sent.get(key) for key in service.keys if key != "bilirubin"}
    partial |= {"allergies": None, "conditions": {"resourceType": "Bundle"}, "procedures": outcome}
    status, body = asked(service, bare(server.base, prefetch=partial), registered(server))
    assert status == 200
    (path,) = server.paths
    assert "1975-2" in path
    assert body["extension"] == {READ: ["bilirubin"]}
    assert "Could not be read in full, and so not relied on: procedures." in details(body)


def test_a_call_that_came_with_everything_reads_nothing(service: Answerer, server: Server) -> None:
    call = order_call() | {"fhirServer": server.base, "fhirAuthorization": AUTHORIZATION}
    call["prefetch"] = {key: call["prefetch"].get(key) for key in service.keys}
    assert asked(service, call, registered(server))[1] == answered(service, call)[1]
    assert not server.asked


def test_without_an_order_for_ivig_nothing_is_read(service: Answerer, server: Server) -> None:
    call = order_call(draftOrders=drafts(other_order()), selections=["MedicationRequest/other"])
    assert asked(service, bare(server.base, call), registered(server))[1] == {"cards": []}
    assert not server.asked


@pytest.mark.parametrize(
    "said",
    [
        "{base}/",
        "{base}?x=1",
        "{base}#x",
        "{base}/more",
        "{base}x",
        "{base}/../fhir",
        "{base}/%2e%2e/fhir",
        "x",
        "{base}\\@evil.example",
        "http://localhost:{port}/fhir",
        "https://127.0.0.1:{port}/fhir",
        "http://127.0.0.1/fhir",
        "http://user@127.0.0.1:{port}/fhir",
        "http://127.0.0.1:{port}@evil.example/fhir",
        "http://evil.example/fhir",
        "http://evil.example/{base}",
        "file:///etc/passwd",
        "http://[::1]:{port}/fhir",
        "http://[::1/fhir",
        "http://127.0.0.1:port/fhir",
        "//127.0.0.1:{port}/fhir",
    ],
)
def test_only_the_registered_base_is_ever_called(service: Answerer, server: Server, said: str) -> None:
    port = server.base.split(":")[2].split("/")[0]
    called = said.format(base=server.base, port=port)
    sent = order_call()["prefetch"]
    call = bare(called, prefetch={"patient": sent["patient"]})
    status, body = asked(service, call, registered(server))
    assert status == 200
    if said == "{base}/":  # the same place
        assert server.asked
        assert all(path.startswith("/fhir/") for path in server.paths)
    else:
        assert not server.asked
        assert UNREGISTERED in details(body)
        assert "Not sent, and so not checked: bilirubin" in details(body)


def test_a_caller_without_a_server_of_their_own_reads_none(service: Answerer, server: Server) -> None:
    call = bare(server.base, prefetch={"patient": order_call()["prefetch"]["patient"]})
    for caller in (Caller("ehr-2"), Caller("ehr-2", (("ehr-2", "https://ehr-2.example/fhir"),))):
        assert UNREGISTERED in details(asked(service, call, caller)[1])
    assert not server.asked


def test_where_nobody_is_asked_who_they_are_any_registered_base_may_be_read(service: Answerer, server: Server) -> None:
    caller = Caller("", (("ehr-2", "https://ehr-2.example/fhir"), ("ehr-1", server.base)))
    assert asked(service, bare(server.base), caller)[0] == 200
    assert server.asked


def test_a_patient_who_was_neither_sent_nor_can_be_read_is_a_412_that_says_why(service: Answerer) -> None:
    status, body = asked(service, bare("https://other.example/fhir"), Caller("ehr-1"))
    assert status == 412
    assert UNREGISTERED in body["issue"][0]["details"]["text"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"patient": "someone-else"}, "the access token sent is for another patient"),
        ({"expires_in": 0}, "the access token sent had expired"),
        ({"expires_in": -1}, "the access token sent had expired"),
        ({"token_type": "MAC"}, "of a form that this service does not use"),
        ({"access_token": "one\r\nX-Injected: two"}, "of a form that this service does not use"),
        ({"access_token": "with space"}, "of a form that this service does not use"),
        ({"access_token": 7}, "of a form that this service does not use"),
        ({"access_token": "x" * 9000}, "of a form that this service does not use"),
    ],
)
def test_a_token_that_may_not_be_used_is_not(
    service: Answerer, server: Server, changed: dict[str, Any], said: str
) -> None:
    call = bare(server.base, fhirAuthorization={**AUTHORIZATION, **changed})
    call["prefetch"] = {"patient": order_call()["prefetch"]["patient"]}
    status, body = asked(service, call, registered(server))
    assert status == 200
    assert said in details(body)
    assert not server.asked


@pytest.mark.parametrize(
    "authorization",
    [{"access_token": ""}, {}, {"access_token": None}, {**AUTHORIZATION, "access_token": "", "expires_in": "x"}],
)
def test_an_empty_token_is_no_token(service: Answerer, server: Server, authorization: Json) -> None:
    assert asked(service, bare(server.base, fhirAuthorization=authorization), registered(server))[0] == 200
    assert server.tokens == {None}


@pytest.mark.parametrize("patient", ["", PATIENT, f"Patient/{PATIENT}", None])
def test_a_token_for_this_patient_is_used(service: Answerer, server: Server, patient: str | None) -> None:
    call = bare(server.base, fhirAuthorization={**AUTHORIZATION, "patient": patient, "token_type": "bearer"})
    assert asked(service, call, registered(server))[0] == 200
    assert server.tokens == {"Bearer very-secret-token"}


def by_reference(reference: str, display: str | None = None) -> Json:
    medication = {"reference": reference} | ({"display": display} if display else {})
    order = {key: value for key, value in draft_order().items() if key != "medicationCodeableConcept"}
    return order_call(draftOrders=drafts(order | {"medicationReference": medication}))


def medication(text: str) -> Json:
    return {"resourceType": "Medication", "id": "m1", "code": {"text": text}}


@pytest.fixture
def pharmacy(service: Answerer) -> Iterator[Server]:
    known = on_server(service, order_call()) | {"Medication/m1": medication("IVIG 10%")}
    with serving(holding(known)) as found:
        yield found


@pytest.mark.parametrize("reference", ["Medication/m1", "{base}/Medication/m1", "{base}/Medication/m1/_history/3"])
def test_a_medication_that_was_not_sent_is_read_to_know_whether_it_is_ivig(
    service: Answerer, pharmacy: Server, reference: str
) -> None:
    call = by_reference(reference.format(base=pharmacy.base)) | bare(pharmacy.base, prefetch=order_call()["prefetch"])
    call["context"] = by_reference(reference.format(base=pharmacy.base))["context"]
    status, body = asked(service, call, registered(pharmacy))
    assert status == 200
    assert "hdn" in str(topics(body["cards"])[0])
    assert "could not be read" not in details(body)
    assert pharmacy.paths[0] == "/fhir/Medication/m1"


def test_a_medication_that_is_another_one_needs_nothing_else(service: Answerer) -> None:
    with serving(holding({"Medication/m1": medication("Ampicillin")})) as server:
        call = bare(server.base, by_reference("Medication/m1"))
        assert asked(service, call, registered(server))[1] == {"cards": []}
        assert server.paths == ["/fhir/Medication/m1"]


def test_a_medication_whose_name_is_told_is_not_read_where_that_is_another_one(
    service: Answerer, pharmacy: Server
) -> None:
    call = bare(pharmacy.base, by_reference("Medication/m1", "Ampicillin"))
    assert asked(service, call, registered(pharmacy))[1] == {"cards": []}
    assert not pharmacy.asked


def test_a_medication_told_to_be_ivig_is_read_with_the_rest(service: Answerer, pharmacy: Server) -> None:
    asked(service, bare(pharmacy.base, by_reference("Medication/m1", "IVIG")), registered(pharmacy))
    assert len(pharmacy.paths) == len(service.keys) + 1


@pytest.mark.parametrize("reference", ["Medication/gone", "https://evil.example/fhir/Medication/m1", "Medication/.."])
def test_an_order_whose_medication_cannot_be_read_may_be_ivig_and_that_is_said(
    service: Answerer, pharmacy: Server, reference: str
) -> None:
    status, body = asked(service, bare(pharmacy.base, by_reference(reference)), registered(pharmacy))
    assert status == 200
    (card,) = body["cards"]
    assert card["source"]["topic"]["code"] == "notcheckedunreadable"
    assert all(path == "/fhir/Medication/gone" for path in pharmacy.paths)


@pytest.mark.parametrize("identity", ["%2e%2e", "a\\b", "..;", "a;b"])
def test_an_id_that_some_servers_read_in_another_way_is_not_asked_for(service: Answerer, identity: str) -> None:
    with serving(lambda handler: {"resourceType": "Bundle"}) as server:
        call = view_call()
        call["context"]["patientId"] = identity
        asked(service, bare(server.base, call), registered(server), PATIENT_VIEW)
        assert not [path for path in server.paths if "?" not in path]


@pytest.mark.parametrize(
    "identity",
    ["..", "a?code=x", "a&patient=b", "a#b", "a b", "ä", "😀", "x" * 512, "a|b,c"],
)
def test_no_id_can_change_what_is_asked(service: Answerer, identity: str) -> None:
    def nothing(handler: Handler) -> Json:
        return {"resourceType": "Bundle"}

    with serving(nothing) as server:
        call = view_call()
        call["context"]["patientId"] = identity
        asked(service, bare(server.base, call), registered(server), PATIENT_VIEW)
        assert server.asked
        for path in server.paths:
            where, _, query = path.removeprefix("/fhir/").partition("?")
            if query:
                assert f"patient={quote(identity, safe='')}&" in query + "&"
                assert where.isalpha()
            else:
                assert where == f"Patient/{quote(identity, safe='')}"
        assert any("?" not in path for path in server.paths) is (identity != "..")


def test_the_token_is_in_no_text_that_could_be_logged(service: Answerer, server: Server) -> None:
    call = read_call(bare(server.base), "order-select", service.clock(), accept_as_of=True)
    sources = service._sources(call, registered(server), 0.0)
    assert sources.allowed is not None
    assert "very-secret-token" not in repr(call)
    assert "very-secret-token" not in repr(sources)
