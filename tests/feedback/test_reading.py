"""How feedback is read: tolerant where clients really differ, refused whole where it makes no sense."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.errors import RequestError, StoreUnavailable
from cds_service.feedback.outcome import Outcome, Reason
from cds_service.hooks.feedback import LONGEST_DISPLAY, LONGEST_TEXT, MOST_ITEMS, feedback_reply, read_feedback

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SERVICE = "neonatal-ivig-order-sign"
SYSTEM = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
CODED = {"code": "patient-refuses", "system": SYSTEM, "display": "Patient refuses"}
READ = Reason("patient-refuses", SYSTEM, "Patient refuses")


def accepted(**changed: Any) -> dict[str, Any]:
    item = {
        "card": "c1",
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": "s1"}],
        "outcomeTimestamp": "2026-11-20T22:20:00Z",
    }
    return {key: value for key, value in {**item, **changed}.items() if value is not ...}


def overridden(**changed: Any) -> dict[str, Any]:
    return accepted(outcome="overridden", acceptedSuggestions=..., **changed)


def read(*items: Any) -> list[Outcome]:
    return read_feedback({"feedback": list(items)}, SERVICE, "ehr-1", "north", NOW)


def test_many_items_of_many_cards_are_read() -> None:
    first, second = read(
        accepted(acceptedSuggestions=[{"id": "s1"}, {"id": "s2"}, {"id": "s1"}]), overridden(card="c2")
    )
    at = datetime(2026, 11, 20, 22, 20, tzinfo=UTC)
    assert first == Outcome("c1", "accepted", at, NOW, "ehr-1", "north", SERVICE, ("s1", "s2"))
    assert second == Outcome("c2", "overridden", at, NOW, "ehr-1", "north", SERVICE)


def test_nothing_is_read_from_an_empty_array() -> None:
    assert read() == []


@pytest.mark.parametrize("stamp", ["2026-11-20T22:20:00Z", "2026-11-20T17:20:00-05:00", "2026-11-20T22:20:00.000000Z"])
def test_any_offset_is_the_same_moment(stamp: str) -> None:
    assert read(accepted(outcomeTimestamp=stamp))[0].at == datetime(2026, 11, 20, 22, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        {"overrideReason": {"reason": CODED}},
        {"overrideReasons": {"reason": CODED}},
        {"overrideReasons": [{"reason": CODED}]},
        {"overrideReason": [{"reason": CODED}, {"reason": CODED}]},
        {"overrideReason": {"reason": {"coding": [CODED]}}},
        {"overrideReason": {"extension": {"com.example.ehr.reason": CODED}}},
        {"overrideReasons": [{"extension": [{"url": "https://ehr.example/reason", "valueCoding": CODED}]}]},
        {"overrideReason": {"extension": {"com.example.ehr.reason": {"coding": [CODED], "text": "x"}}}},
        {"overrideReason": {"reason": {"extension": [{"url": "x", "valueCoding": CODED}]}}},
    ],
)
def test_a_reason_is_read_in_every_shape_that_is_sent(said: dict[str, Any]) -> None:
    assert read(overridden(**said))[0].reasons == (READ,)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ({"code": "own-code"}, Reason("own-code")),  # the CDS Hooks Sandbox leaves out both
        ({"code": "x", "system": None, "display": 5}, Reason("x")),
        ({"code": "x", "display": "d" * 300}, Reason("x", "", "d" * (LONGEST_DISPLAY - 1) + "…")),
    ],
)
def test_codes_never_offered_and_left_out_displays_are_taken(reason: dict[str, Any], expected: Reason) -> None:
    assert read(overridden(overrideReason={"reason": reason}))[0].reasons == (expected,)


def test_several_reasons_and_comments_are_all_kept() -> None:
    said = [{"reason": CODED, "userComment": "one"}, {"reason": {"code": "b"}}, {"userComment": "two"}]
    (found,) = read(overridden(overrideReasons=said))
    assert found.reasons == (READ, Reason("b"))
    assert found.comment == "one\ntwo"


@pytest.mark.parametrize("said", [None, [], {"extension": {}}, {"extension": [{"url": "x", "valueString": "y"}]}])
def test_an_override_without_a_reason_that_can_be_read_is_kept(said: Any) -> None:
    assert read(overridden(overrideReason=said))[0].reasons == ()


def test_a_long_comment_is_cut_visibly_and_nul_is_replaced() -> None:
    (found,) = read(overridden(overrideReason={"userComment": "\0" + "x" * 10_000}))
    assert (len(found.comment), found.comment[0], found.comment[-1]) == (LONGEST_TEXT, "\ufffd", "…")


def test_a_deep_extension_is_not_searched_for_ever() -> None:
    deep: Any = CODED
    for _ in range(900):
        deep = {"inside": deep}
    assert read(overridden(overrideReason={"extension": deep}))[0].reasons == ()


@pytest.mark.parametrize(
    ("item", "named"),
    [
        ("text", "must be a JSON object"),
        (accepted(card=...), "needs card"),
        (accepted(card=" "), "needs card"),
        (accepted(card=7), "needs card"),
        (accepted(card="c" * 513), "more than 512 characters in card"),
        (accepted(outcome=...), "needs outcome"),
        (accepted(outcome="rejected"), "needs outcome"),
        (accepted(outcome=["accepted"]), "needs outcome"),
        (accepted(outcomeTimestamp=...), "needs outcomeTimestamp"),
        (accepted(outcomeTimestamp="2026-11-20"), "needs outcomeTimestamp"),
        (accepted(outcomeTimestamp="2026-11-20T22:20:00"), "needs outcomeTimestamp"),
        (accepted(outcomeTimestamp=1763677200), "needs outcomeTimestamp"),
        (accepted(outcomeTimestamp="0001-01-01T00:00:00+14:00"), "needs outcomeTimestamp"),
        (accepted(acceptedSuggestions=...), "acceptedSuggestions"),
        (accepted(acceptedSuggestions=[]), "acceptedSuggestions"),
        (accepted(acceptedSuggestions=["s1"]), "acceptedSuggestions.id"),
        (accepted(acceptedSuggestions=[{}]), "acceptedSuggestions.id"),
        (accepted(acceptedSuggestions=[{"id": "s"}] * 101), "more than 100 entries"),
        (overridden(overrideReason={}), "needs reason or userComment"),
        (overridden(overrideReason="because"), "JSON object as overrideReason"),
        (overridden(overrideReason={"reason": "because"}), "overrideReason.reason"),
        (overridden(overrideReason={"reason": {}}), "overrideReason.reason.code"),
        (overridden(overrideReason={"reason": {"code": 5}}), "overrideReason.reason.code"),
        (overridden(overrideReason={"userComment": 5}), "userComment"),
    ],
)
def test_a_malformed_item_refuses_the_call_and_is_named(item: Any, named: str) -> None:
    with pytest.raises(RequestError) as refused:
        read(accepted(), item)
    assert refused.value.status == 400
    assert refused.value.text.startswith("feedback[1] ")
    assert named in refused.value.text


@pytest.mark.parametrize("message", [{}, {"feedback": None}, {"feedback": {"card": "c1"}}, {"feedback": [{}] * 5001}])
def test_a_body_without_a_sensible_array_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="feedback"):
        read_feedback(message, SERVICE, "", "", NOW)
    assert MOST_ITEMS == 5000


class Shelf:
    """Takes, or is full: stands for the store, whose own tests take real feedback."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self.taken: list[Outcome] = []

    def take(self, outcomes: list[Outcome]) -> None:
        if self.full:
            raise StoreUnavailable("full")
        self.taken += outcomes


def reply(body: object, shelf: Shelf, service: str = SERVICE) -> tuple[int, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = feedback_reply(service, raw, "ehr-1", "north", shelf, NOW)
    return answer.status, json.loads(answer.body)


def test_what_is_stored_is_answered_with_200() -> None:
    shelf = Shelf()
    assert reply({"feedback": [accepted(), overridden()]}, shelf) == (200, {"status": "stored"})
    assert [one.outcome for one in shelf.taken] == ["accepted", "overridden"]


@pytest.mark.parametrize(
    ("body", "service", "status", "code"),
    [
        (b"{", SERVICE, 400, "invalid"),
        ({"feedback": [accepted(), {}]}, SERVICE, 400, "invalid"),
        ({"feedback": [accepted()]}, "another-service", 404, "not-found"),
    ],
)
def test_what_is_refused_stores_nothing(body: object, service: str, status: int, code: str) -> None:
    shelf = Shelf()
    found, outcome = reply(body, shelf, service)
    assert (found, outcome["issue"][0]["code"], shelf.taken) == (status, code, [])


def test_what_could_not_be_stored_is_never_answered_with_200() -> None:
    status, outcome = reply({"feedback": [accepted()]}, Shelf(full=True))
    assert status == 503
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["code"] == "transient"
