"""The Inferno kit's checks of any CDS Hooks service, over every example and over drawn newborns."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from cds_service.hooks.service import Answerer
from cds_service.review.babies import order_select, order_sign
from tests.cards.calls import newborns
from tests.conformance.inferno import card_findings, discovery_findings, request_findings
from tests.test_examples import EXAMPLES, SERVICES, client_of, request_of, response_of, site_of

Json = dict[str, Any]
each_example = pytest.mark.parametrize("name", EXAMPLES)


def findings(request: Json, message: Json) -> Iterator[str]:
    if not isinstance(message.get("cards"), list):
        yield "cards is no array"
        return
    for card in message["cards"]:
        yield from card_findings(card, request["context"])


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer a.b.c"}], ids=["open", "with a token"])
def test_discovery_is_json_with_whole_services(headers: dict[str, str]) -> None:
    answer = client_of("demo").get("/cds-services", headers={"Accept": "application/json", **headers})
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert list(discovery_findings(answer.get_json())) == []
    assert answer.get_json()["services"]


@each_example
def test_a_request_is_a_valid_call(name: str) -> None:
    assert list(request_findings(request_of(name))) == []


@each_example
def test_a_call_is_answered_with_json(name: str) -> None:
    request = request_of(name)
    answer = client_of(site_of(name)).post(f"/cds-services/{SERVICES[request['hook']]}", json=request)
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert list(findings(request, answer.get_json())) == []


def test_the_examples_reach_every_kind_of_action() -> None:
    cards = [card for name in EXAMPLES for card in response_of(name)["cards"]]
    actions = [action for card in cards for one in card.get("suggestions", ()) for action in one["actions"]]
    assert {action["type"] for action in actions} == {"create", "update", "delete"}


@settings(max_examples=40)
@given(baby=newborns())
def test_drawn_newborns_get_valid_cards_and_so_does_the_dose_that_they_are_offered(
    answerer: Answerer, baby: Json
) -> None:
    call = order_select(baby, "2a9f3c1e-0000-4000-8000-000000000005")
    assert list(request_findings(call)) == []
    message = answered(answerer, "order-select", call)
    assert list(findings(call, message)) == []
    offered = [one["actions"][0] for card in message["cards"] for one in card.get("suggestions", ())]
    for action in [one for one in offered if one["type"] == "update"][:1]:
        signed = order_sign(call, action["resource"])
        assert list(findings(signed, answered(answerer, "order-sign", signed))) == []


def answered(answerer: Answerer, hook: str, call: Json) -> Json:
    reply = answerer.reply(f"neonatal-ivig-{hook}", orjson.dumps(call))
    assert reply.status == 200
    message: Json = orjson.loads(reply.body)
    return message


# Every check can find something: one breach of an example that is sound.
Change = Callable[[Json], Any]


def action(card: Json) -> Json:
    found: Json = card["suggestions"][0]["actions"][0]
    return found


CARD_BREACHES: dict[str, Change] = {
    "no summary": lambda card: card.pop("summary"),
    "a summary of 140 characters": lambda card: card.update(summary="x" * 140),
    "an unknown indicator": lambda card: card.update(indicator="fatal"),
    "no source": lambda card: card.pop("source"),
    "a topic without a code": lambda card: card["source"]["topic"].pop("code"),
    "a blank uuid": lambda card: card.update(uuid=""),
    "a detail that is a list": lambda card: card.update(detail=["x"]),
    "no suggestion in the list": lambda card: card.update(suggestions=[]),
    "links that are an object": lambda card: card.update(links={"a": 1}),
    "suggestions without selectionBehavior": lambda card: card.pop("selectionBehavior"),
    "an override reason without words": lambda card: card["overrideReasons"][0].pop("display"),
    "a link that leads nowhere": lambda card: card.update(links=[{"label": "a", "url": "b", "type": "smart"}]),
    "a link of no type": lambda card: card.update(links=[{"label": "a", "url": "https://app.example"}]),
    "appContext on an absolute link": lambda card: card.update(
        links=[{"label": "a", "url": "https://app.example", "type": "absolute", "appContext": "x"}]
    ),
    "a suggestion without a label": lambda card: card["suggestions"][0].pop("label"),
    "no action in the list": lambda card: card["suggestions"][0].update(actions=[]),
    "an action without words": lambda card: action(card).pop("description"),
    "an action of no known type": lambda card: action(card).update(type="replace"),
    "an update of an order that was not sent": lambda card: action(card)["resource"].update(id="other"),
    "an action without a resource": lambda card: action(card).pop("resource"),
    "a resource that is no R4": lambda card: action(card)["resource"].update(intent=5),
    "a resource of no known type": lambda card: action(card)["resource"].update(resourceType="Prescription"),
    "a deletion without a target": lambda card: action(card).update(type="delete"),
    "a deletion of an order that was not sent": lambda card: action(card).update(
        type="delete", resourceId="MedicationRequest/other"
    ),
}
REQUEST_BREACHES: dict[str, Change] = {
    "no hook": lambda call: call.pop("hook"),
    "a hookInstance that is no UUID": lambda call: call.update(hookInstance="1"),
    "a blank fhirServer": lambda call: call.update(fhirServer=""),
    "a token without a server": lambda call: (
        call.update(fhirAuthorization={"access_token": "x"}) or call.pop("fhirServer")
    ),
    "a token that is not Bearer": lambda call: call.update(fhirAuthorization=ACCESS | {"token_type": "MAC"}),
    "a lifetime that is text": lambda call: call.update(fhirAuthorization=ACCESS | {"expires_in": "300"}),
    "a patient's scope without the patient": lambda call: call.update(fhirAuthorization=ACCESS),
    "a user without a type": lambda call: call["context"].update(userId="1"),
    "a patient with a type": lambda call: call["context"].update(patientId="Patient/1"),
    "an encounter with a type": lambda call: call["context"].update(encounterId="Encounter/1"),
    "no drafts": lambda call: call["context"].pop("draftOrders"),
    "a draft without an id": lambda call: call["context"]["draftOrders"]["entry"][0]["resource"].pop("id"),
    "no selections": lambda call: call["context"].pop("selections"),
    "a selection that is not drafted": lambda call: call["context"].update(selections=["MedicationRequest/other"]),
}
ACCESS = {"access_token": "x", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read", "subject": "x"}


@pytest.mark.parametrize("breach", CARD_BREACHES)
def test_a_card_that_is_not_valid_is_found(breach: str) -> None:
    card = copy.deepcopy(response_of("hdn/given")["cards"][0])
    context = request_of("hdn/given")["context"]
    assert list(card_findings(card, context)) == []
    CARD_BREACHES[breach](card)
    assert list(card_findings(card, context)) != []


@pytest.mark.parametrize("breach", REQUEST_BREACHES)
def test_a_request_that_is_not_valid_is_found(breach: str) -> None:
    call = request_of("hdn/given") | {"fhirServer": "https://ehr.example/fhir"}
    assert list(request_findings(call)) == []
    REQUEST_BREACHES[breach](call)
    assert list(request_findings(call)) != []


@pytest.mark.parametrize("message", [[], {}, {"services": {}}, {"services": [{"id": "a", "hook": "b"}]}], ids=str)
def test_a_discovery_that_is_not_valid_is_found(message: object) -> None:
    assert list(discovery_findings(message)) != []
