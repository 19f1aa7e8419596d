"""What is kept of an answer: over every worked example, what decided, and nothing of what the record said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from cds_service.feedback.shown import ShownCard, cards_shown

EXAMPLES = Path(__file__).parents[2] / "fhir_examples"
RESPONSES = sorted(EXAMPLES.glob("*/*/response.json"))


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("path", RESPONSES, ids=lambda path: path.parent.name)
def test_every_card_is_kept_by_its_uuid_and_what_decided_it(path: Path) -> None:
    message = load(path)
    kept = cards_shown(message["cards"])
    assert [one.card for one in kept] == [card["uuid"] for card in message["cards"]]
    for one, card in zip(kept, message["cards"], strict=True):
        extension = card.get("extension", {})
        decision = extension.get("org.neonatal-ivig-cds.decision", {})
        assert (one.indication, one.guideline, one.verdict) == tuple(
            decision.get(name, "") for name in ("indication", "guideline", "verdict")
        )
        assert one.rule == extension.get("org.neonatal-ivig-cds.safety", {}).get("rule", "")
        assert set(one.suggestions) == {suggestion["uuid"] for suggestion in card.get("suggestions", [])}


@pytest.mark.parametrize("path", RESPONSES, ids=lambda path: path.parent.name)
def test_nothing_of_the_request_is_kept(path: Path) -> None:
    kept = {text for card in cards_shown(load(path)["cards"]) for text in map(str, astuple(card))}
    request = load(path.with_name("request.json"))
    ids = {text for text in texts(request) if any(mark.isdigit() for mark in text) and len(text) > 3}
    assert ids
    assert not {text for text in kept for value in ids if value in text}


def test_what_suggestions_do_is_kept_without_what_they_say() -> None:
    card = {
        "uuid": "c", "indicator": "info", "source": {"topic": {"code": "t"}},
        "suggestions": [
            {"uuid": "a", "label": "Give 1.4 g", "actions": [
                {"type": "delete", "resourceId": "MedicationRequest/secret-id"},
                {"type": "create", "resource": {"resourceType": "ServiceRequest", "id": "x"}},
            ]},
            {"uuid": "b", "label": "Nothing"},
        ],
    }  # fmt: skip
    assert cards_shown([card]) == (
        ShownCard("c", "t", "info", suggestions={"a": "delete MedicationRequest, create ServiceRequest", "b": ""}),
    )
