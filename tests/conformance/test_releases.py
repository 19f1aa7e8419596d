"""Answers are valid for clients of CDS Hooks 1.0, 2.0.1 and 3.0, and hold nothing that a release took out."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from cds_service.hooks.caller import Caller
from cds_service.hooks.releases import in_1_0
from cds_service.hooks.service import Answerer
from cds_service.review.babies import order_select
from tests.cards.calls import newborns
from tests.conformance.releases import answers_of
from tests.facts.records import GIVEN
from tests.openapi.documented import everything
from tests.test_examples import EXAMPLES, response_of

Json = dict[str, Any]
RELEASES = ("2.0.1", "3.0")
DEPRECATED = {"hard-stop", "success", "CREATE", "UPDATE", "DELETE"}
OF_3_0 = {"actionSelectionBehavior"}
each_example = pytest.mark.parametrize("name", EXAMPLES)


def faults(release: str, message: Json) -> list[str]:
    return ["/".join(str(step) for step in fault.instance_path) for fault in answers_of(release).iter_errors(message)]


def monitoring(message: Json) -> list[str]:
    """Where a card lets any of its suggestions be chosen: a word that 2.0 added."""
    cards = enumerate(message["cards"])
    return [f"cards/{at}/selectionBehavior" for at, card in cards if card.get("selectionBehavior") == "any"]


@each_example
@pytest.mark.parametrize("release", RELEASES)
def test_an_answer_is_valid_for_clients_of_today_and_of_tomorrow(name: str, release: str) -> None:
    assert faults(release, response_of(name)) == []


@each_example
def test_to_a_client_of_whom_nothing_is_known_only_the_choice_of_monitoring_is_newer_than_1_0(name: str) -> None:
    message = response_of(name)
    assert faults("1.0", message) == monitoring(message)


@each_example
def test_an_answer_is_valid_for_a_client_that_is_registered_with_1_0(name: str) -> None:
    message = response_of(name)
    cards = in_1_0(message["cards"])
    assert faults("1.0", {**message, "cards": cards}) == []
    assert actions({"cards": cards}) == actions(message)


def test_a_client_that_is_registered_with_1_0_is_answered_in_its_words(answerer: Answerer) -> None:
    call = orjson.dumps(order_select(GIVEN, "releases"))
    old = orjson.loads(answerer.reply("neonatal-ivig-order-select", call, Caller("old", release="1.0")).body)
    new = orjson.loads(answerer.reply("neonatal-ivig-order-select", call, Caller("new")).body)
    assert faults("1.0", old) == []
    assert [card["detail"] for card in old["cards"]] == [card["detail"] for card in new["cards"]]
    assert monitoring(new)


@settings(max_examples=60)
@given(baby=newborns())
def test_drawn_newborns_get_answers_for_every_release(answerer: Answerer, baby: Json) -> None:
    reply = answerer.reply("neonatal-ivig-order-select", orjson.dumps(order_select(baby, "releases")))
    message = orjson.loads(reply.body)
    assert [faults(release, message) for release in RELEASES] == [[], []]
    assert faults("1.0", message) == monitoring(message)


@each_example
def test_nothing_is_sent_that_was_taken_out_or_is_on_trial(name: str) -> None:
    message = response_of(name)
    assert "systemActions" not in message
    for path, value in everything(message):
        assert path.rpartition("/")[2] not in OF_3_0
        assert not isinstance(value, str) or value not in DEPRECATED
    for action in actions(message):
        assert (action["type"] == "delete") == ("resourceId" in action) == ("resource" not in action)
        assert action["description"].strip()


def actions(message: Json) -> list[Json]:
    suggestions = [one for card in message["cards"] for one in card.get("suggestions", ())]
    return [action for one in suggestions for action in one["actions"]]


Change = Callable[[Json], Any]
BREACHES: list[tuple[str, bool, Change]] = [
    ("1.0", False, lambda card: card.pop("source")),
    ("1.0", False, lambda card: card.update(summary="x" * 140)),
    ("1.0", False, lambda card: card.update(selectionBehavior="any")),
    ("1.0", False, lambda card: card["suggestions"][0]["actions"][0].pop("resource")),
    ("1.0", True, lambda card: card.update(later=1)),
    ("1.0", True, lambda card: card["suggestions"][0].update(actionSelectionBehavior="any")),
    ("2.0.1", False, lambda card: card["suggestions"][0].update(actionSelectionBehavior="any")),
    ("3.0", True, lambda card: card["suggestions"][0].update(actionSelectionBehavior="any")),
    ("3.0", False, lambda card: card["suggestions"][0].update(actionSelectionBehavior="some")),
    ("3.0", False, lambda card: card.update(indicator="hard-stop")),
]


@pytest.mark.parametrize(("release", "valid", "change"), BREACHES)
def test_the_releases_differ_as_they_should(release: str, valid: bool, change: Change) -> None:
    message = copy.deepcopy(response_of("hdn/given"))
    message["cards"] = message["cards"][:1]
    assert faults(release, message) == []
    change(message["cards"][0])
    assert (faults(release, message) == []) is valid
