"""Holds every reply that any test gets to openapi.yaml: to the schemas of CDS Hooks 2.0.1 and to our own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, wraps
from typing import Any

import orjson
import pytest

from cds_service.hooks.service import Answerer
from cds_service.hooks.wsgi import PREFIX, Edge
from tests.openapi.documented import DOCUMENT, at_pointer, component, faults, schema_at, step

JSON = "application/json"
FOUND: list[str] = []  # in the test that runs; what is raised inside the service could be taken there for its own fault


def watch(patch: pytest.MonkeyPatch) -> None:
    """From here on, a reply that is not as documented fails the test that asked for it."""
    patch.setattr(Answerer, "reply", _held_reply(Answerer.reply))
    patch.setattr(Edge, "__call__", _held_call(Edge.__call__))


def hold(method: str, path: str, status: int, kind: str, body: bytes) -> None:
    """Raises AssertionError where the document does not allow this reply."""
    written = _template(path)
    replies = DOCUMENT["paths"].get(written, {}).get(method.lower(), {}).get("responses", {})
    assert status >= 400 or str(status) in replies, f"{method} {path}: {status} is not documented"
    if status >= 400:
        assert not replies or str(status) in replies, f"{method} {path}: {status} is not documented"
        said = faults(component("OperationOutcome"), orjson.loads(body))
    else:
        said = _faults(f"#/paths/{step(written)}/{method.lower()}/responses/{status}", kind, body)
    assert not said, f"{method} {path} answered {status}: {said}"


def _hold(*reply: Any) -> None:
    try:
        hold(*reply)
    except AssertionError as fault:
        FOUND.append(str(fault))
        raise


def _faults(pointer: str, kind: str, body: bytes) -> list[str]:
    pointer = at_pointer(pointer).get("$ref", pointer)
    contents = at_pointer(pointer).get("content", {})
    if not contents:
        return ["a body where none is documented"] if body else []
    if kind not in contents:
        return [f"the type {kind} is not documented"]
    value = orjson.loads(body) if kind == JSON else body.decode()
    return faults(schema_at(f"{pointer}/content/{step(kind)}/schema"), value)


@cache
def _template(path: str) -> str:
    for written in DOCUMENT["paths"]:
        if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]*", written), path):
            return str(written)
    return path


def _held_reply(reply: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(reply)
    def held(self: Answerer, service_id: str, *rest: Any, **more: Any) -> Any:
        found = reply(self, service_id, *rest, **more)
        _hold("POST", PREFIX + service_id.replace("/", ""), found.status, JSON, found.body)
        return found

    return held


def _held_call(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def held(self: Edge, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            started[:] = [int(status[:3]), {name.lower(): value for name, value in headers}]
            return start_response(status, headers, *rest)

        body = _whole(call(self, environ, start))
        status, headers = started
        method = environ["REQUEST_METHOD"]
        if method not in ("OPTIONS", "HEAD"):
            kind = headers.get("content-type", "").partition(";")[0]
            _hold(method, environ.get("PATH_INFO", ""), status, kind, body)
        return [body]

    return held


def _whole(chunks: Iterable[bytes]) -> bytes:
    try:
        return b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close:
            close()
