"""What holds for all answers together: reasons that never change, actions that do not hang on each other, cards that
name their order and their data."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from cds_service.hooks.service import Answerer
from tests.hooks.calls import ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW, answered, order_call, view_call
from tests.test_examples import EXAMPLES, request_of, response_of

Json = dict[str, Any]
REASONS = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
DECISION = "org.neonatal-ivig-cds.decision"
CALLS = {ORDER_SELECT: order_call, ORDER_SIGN: order_call, PATIENT_VIEW: view_call}


def cards_of_examples() -> list[Json]:
    return [card for name in EXAMPLES for card in response_of(name)["cards"]]


def test_a_reason_to_set_a_card_aside_has_the_same_words_on_every_card() -> None:
    words: dict[tuple[str, str], set[str]] = {}
    for card in cards_of_examples():
        for reason in card.get("overrideReasons", ()):
            words.setdefault((reason["system"], reason["code"]), set()).add(reason["display"])
    assert REASONS in {system for system, _ in words}
    assert all(len(displays) == 1 for displays in words.values())


def test_a_suggestion_can_be_carried_out_in_any_order() -> None:
    """No two actions of one suggestion touch the same resource, and none refers to what another one makes."""
    suggestions = [one for card in cards_of_examples() for one in card.get("suggestions", ())]
    assert suggestions
    for suggestion in suggestions:
        touched = [
            action.get("resourceId") or f"{action['resource']['resourceType']}/{action['resource'].get('id')}"
            for action in suggestion["actions"]
        ]
        assert len(set(touched)) == len(touched)
        assert all("id" not in one["resource"] for one in suggestion["actions"] if one["type"] == "create")


def test_no_answer_needs_a_link() -> None:
    assert all("links" not in card and "icon" not in card["source"] for card in cards_of_examples())


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_decision_names_its_moment_its_knowledge_and_the_source_of_each_value(name: str) -> None:
    moment = request_of(name)["extension"]["org.neonatal-ivig-cds.as-of"]
    for card in response_of(name)["cards"]:
        record = card.get("extension", {}).get(DECISION)
        if record is None:
            continue
        assert datetime.fromisoformat(record["as_of"]) == datetime.fromisoformat(moment)
        assert record["knowledge_version"]
        for fact in record.get("facts", ()):
            if "reported" in fact:
                assert fact["source"]
                assert fact["at"]


@pytest.mark.parametrize("service", CALLS)
def test_a_call_with_nothing_but_its_context_gets_an_outcome(answerer: Answerer, service: str) -> None:
    call = CALLS[service]() | {"hook": service.removeprefix("neonatal-ivig-")}
    for member in ("prefetch", "fhirServer", "fhirAuthorization"):
        call.pop(member, None)
    status, body = answered(answerer, call, service)
    assert status == 412
    assert body["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    "instance", ["2a9f3c1e-0000-4000-8000-000000000006", "no uuid", "d1577c69dfbe44adba6d3e05e953b2ea"]
)
def test_a_hook_instance_need_not_be_a_uuid(answerer: Answerer, instance: str) -> None:
    status, body = answered(answerer, order_call() | {"hookInstance": instance})
    assert status == 200
    assert body["cards"]
