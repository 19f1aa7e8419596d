"""Reads feedback on cards, in the shapes that clients really send, and says whether it was stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

import orjson

from cds_service.errors import RequestError, StoreUnavailable
from cds_service.facts.moments import instant
from cds_service.feedback.outcome import Outcome, Reason
from cds_service.fhir.body import read_object
from cds_service.hooks.discovery import SERVICES
from cds_service.hooks.messages import LONGEST_ID
from cds_service.hooks.outcome import operation_outcome
from cds_service.hooks.service import Reply
from cds_service.observe.told import Told

# Our own choices.
MOST_ITEMS = 5_000  # in one call
MOST_IN_ITEM = 100  # suggestions, or reasons, in one item
LONGEST_TEXT = 4_000  # characters of a comment
LONGEST_DISPLAY = 256
MOST_VISITED = 200  # values looked at in an extension
OUTCOMES = ("accepted", "overridden")
REASONS = ("overrideReason", "overrideReasons")  # the second is a common misspelling, and Epic's name for it
STORED = Reply(200, b'{"status":"stored"}')
Json = Mapping[str, Any]


class Takes(Protocol):
    """A store: what it takes is on the disk when it returns."""

    def take(self, outcomes: list[Outcome]) -> None: ...


def feedback_reply(service_id: str, body: bytes, client: str, tenant: str, store: Takes, now: datetime) -> Reply:
    """The answer to `POST /cds-services/{service_id}/feedback`: 200 only where everything in it is stored."""
    try:
        if service_id not in SERVICES:
            raise RequestError("There is no service of this id; see GET /cds-services.", status=404, code="not-found")
        items = read_feedback(read_object(body), service_id, client, tenant, now)
        store.take(items)
    except RequestError as error:
        return Reply(error.status, orjson.dumps(operation_outcome(error.status, error.text, error.code)))
    except StoreUnavailable:
        text = "The feedback could not be stored. Send it again later."
        return Reply(503, orjson.dumps(operation_outcome(503, text, "transient")))
    return replace(STORED, told=Told(outcomes=Counter(one.outcome for one in items)))


def read_feedback(message: Json, service: str, client: str, tenant: str, now: datetime) -> list[Outcome]:
    """Every item, or RequestError (400) that names the first one at fault: nothing of the call is stored then."""
    items = message.get("feedback")
    if not isinstance(items, list):
        raise RequestError("feedback is required and must be an array.")
    if len(items) > MOST_ITEMS:
        raise RequestError(f"feedback holds more than {MOST_ITEMS} items: send them in several calls.")
    return [
        _outcome(_Item(f"feedback[{place}]", item), service, client, tenant, now) for place, item in enumerate(items)
    ]


class _Item:
    """One item, and where it stands in the call."""

    def __init__(self, place: str, item: object) -> None:
        self.place = place
        if not isinstance(item, dict):
            raise self.fault("must be a JSON object")
        self.item: Json = item

    def fault(self, problem: str) -> RequestError:
        return RequestError(f"{self.place} {problem}.")

    def key(self, value: object, name: str) -> str:
        """An id or code: kept whole, or refused."""
        if not isinstance(value, str) or not value.strip():
            raise self.fault(f"needs {name}, a non-empty string")
        if len(value) > LONGEST_ID:
            raise self.fault(f"has more than {LONGEST_ID} characters in {name}")
        return _clean(value)

    def listed(self, value: object, name: str) -> list[Any]:
        """Some clients send one thing where an array is meant, or an array for one thing."""
        found = value if isinstance(value, list) else [] if value is None else [value]
        if len(found) > MOST_IN_ITEM:
            raise self.fault(f"has more than {MOST_IN_ITEM} entries in {name}")
        return found


def _outcome(one: _Item, service: str, client: str, tenant: str, now: datetime) -> Outcome:
    card = one.key(one.item.get("card"), "card")
    outcome = one.item.get("outcome")
    if outcome not in OUTCOMES:
        raise one.fault("needs outcome, accepted or overridden")
    at = instant(one.item.get("outcomeTimestamp"))
    if at is None:
        raise one.fault("needs outcomeTimestamp, an RFC 3339 instant such as 2026-11-20T22:20:00Z")
    if outcome == "accepted":
        return Outcome(card, outcome, at, now, client, tenant, service, _suggestions(one))
    reasons, comment = _reasons(one)
    return Outcome(card, outcome, at, now, client, tenant, service, (), reasons, comment)


def _suggestions(one: _Item) -> tuple[str, ...]:
    name = "acceptedSuggestions"
    found = one.listed(one.item.get(name), name)
    if not found:
        raise one.fault("is accepted and needs acceptedSuggestions, an array that is not empty")
    ids = [suggestion.get("id") if isinstance(suggestion, dict) else None for suggestion in found]
    return tuple(dict.fromkeys(one.key(each, "acceptedSuggestions.id") for each in ids))


def _reasons(one: _Item) -> tuple[tuple[Reason, ...], str]:
    """All reasons, and the comments in one text. An object without either, or something else, is refused."""
    reasons: list[Reason] = []
    comments: list[str] = []
    for said in (each for name in REASONS for each in one.listed(one.item.get(name), name)):
        if not isinstance(said, dict):
            raise one.fault("must have a JSON object as overrideReason")
        if all(said.get(key) is None for key in ("reason", "userComment", "extension")):
            raise one.fault("needs reason or userComment in overrideReason")
        reasons += _coded(one, said)
        comments += _comment(one, said.get("userComment"))
    return tuple(dict.fromkeys(reasons)), _cut("\n".join(comments), LONGEST_TEXT)


def _comment(one: _Item, said: object) -> list[str]:
    if not isinstance(said, str | None):
        raise one.fault("must have a string as userComment")
    return [_clean(said)] if said and said.strip() else []


def _coded(one: _Item, said: Json) -> Iterator[Reason]:
    """The reason; where there is none, the first coding in an extension beside or inside it."""
    reason = said.get("reason")
    if isinstance(reason, dict) and "code" not in reason:
        reason = _first_coding([reason.get("coding"), reason.get("extension")]) or reason
    if reason is None:
        reason = _first_coding(said.get("extension"))
    if reason is None:
        return
    if not isinstance(reason, dict):
        raise one.fault("must have a JSON object as overrideReason.reason")
    code = one.key(reason.get("code"), "overrideReason.reason.code")
    yield Reason(code, _text(reason.get("system")), _text(reason.get("display")))


def _first_coding(extension: object) -> Json | None:
    """Whatever its shape: no form of it is published. Breadth first, and not for ever."""
    waiting: list[object] = [extension]
    for place in range(MOST_VISITED):
        if place >= len(waiting):
            return None
        found = waiting[place]
        if isinstance(found, dict):
            if isinstance(found.get("code"), str) and found["code"].strip():
                return found
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found
    return None


def _text(value: object) -> str:
    return _cut(_clean(value), LONGEST_DISPLAY) if isinstance(value, str) else ""


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _clean(text: str) -> str:
    """PostgreSQL stores no NUL."""
    return text.replace("\0", "\ufffd")
