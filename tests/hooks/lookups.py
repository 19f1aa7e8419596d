"""Calls that send nothing, and the FHIR server that has it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from cds_service.fhir.http import Http
from cds_service.fhir.lookup import Lookups
from cds_service.fhir.queries import filled
from cds_service.hooks.caller import Caller
from cds_service.hooks.discovery import templates
from cds_service.hooks.service import Answerer
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import AS_OF, PATIENT
from tests.fhir.servers import Answer, Handler, Json, Server, serving
from tests.hooks.calls import ORDER_SELECT, order_call

DEADLINE_MS = 150
GRACE = 0.1  # seconds
EMPTY: Json = {"resourceType": "Bundle", "type": "searchset", "total": 0}
AUTHORIZATION = {
    "access_token": "very-secret-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.read",
    "subject": "cds-service",
}


@contextmanager
def looking_up(knowledge: Knowledge, deadline_ms: int = DEADLINE_MS) -> Iterator[Answerer]:
    http = Http()
    answerer = Answerer(knowledge, accept_as_of=True, lookups=Lookups(http.get), deadline_ms=deadline_ms)
    yield answerer
    assert answerer.lookups is not None
    answerer.lookups.close()
    http.close()


def renew(answerer: Answerer) -> None:
    assert answerer.lookups is not None
    answerer.lookups.close()
    answerer.lookups = Lookups(answerer.lookups.get)


def on_server(answerer: Answerer, call: Json, **changed: Any) -> dict[str, Json]:
    """What a server has of the call's patient, by the path asked for: what the call sent, and else nothing."""
    has = {**call["prefetch"], **changed}
    return {
        filled(template, PATIENT): has.get(key) or EMPTY
        for key, template in templates(answerer.knowledge, AS_OF.date()).items()
    }


def bare(base: str, call: Json | None = None, **changed: Any) -> Json:
    """The call without what it sent, and with access to the server instead."""
    left = {key: value for key, value in (call or order_call()).items() if key != "prefetch"}
    return left | {"fhirServer": base, "fhirAuthorization": AUTHORIZATION} | changed


def registered(server: Server) -> Caller:
    return Caller("ehr-1", (("ehr-1", server.base),))


def asked(answerer: Answerer, call: Json, caller: Caller, service: str = ORDER_SELECT) -> tuple[int, Json]:
    """Status and body, which come in time. A machine that is busy elsewhere may be late: not three times in a row."""
    for _ in range(3):
        start = time.monotonic()
        reply = answerer.reply(service, orjson.dumps(call), caller)
        if time.monotonic() - start < answerer.seconds + GRACE:
            return reply.status, orjson.loads(reply.body)
        renew(answerer)
    raise AssertionError("late three times in a row")


def details(body: Json) -> str:
    return "\n".join(card["detail"] for card in body["cards"])


@contextmanager
def broken(answerer: Answerer, answer: Answer, key: str = "") -> Iterator[Server]:
    """A server that answers the query of one key in another way; where no key is named, every query."""
    found = on_server(answerer, order_call())
    special = filled(templates(answerer.knowledge, AS_OF.date())[key], PATIENT) if key else ""

    def one(handler: Handler) -> Json | bytes | None:
        path = handler.path.removeprefix("/fhir/")
        return found[path] if key and path != special and path in found else answer(handler)

    with serving(one) as server:
        yield server
