"""The edge: one hot route for calls and feedback in front of Flask, size and type checks, and CORS for browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import orjson

from cds_service.errors import RequestError
from cds_service.hooks.desk import Desk, Sent
from cds_service.hooks.outcome import operation_outcome
from cds_service.hooks.service import Reply
from cds_service.observe.wsgi import TOLD

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]

PREFIX = "/cds-services/"
FEEDBACK = "/feedback"
LARGEST_BODY = 5 * 1024 * 1024
LONGEST_LENGTH = 20  # digits; Python reads no number of thousands
REASONS = {
    200: "200 OK",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    412: "412 Precondition Failed",
    413: "413 Content Too Large",
    415: "415 Unsupported Media Type",
    503: "503 Service Unavailable",
}
SAFE_HEADERS = [
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
]
BESIDE = {401: [("WWW-Authenticate", "Bearer")], 405: [("Allow", "POST")]}
ALLOWED = [
    ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type"),
    ("Access-Control-Max-Age", "600"),
]
NOT_A_POST = Reply(405, orjson.dumps(operation_outcome(405, "Calls and feedback are POSTed.")))


class Edge:
    """Answers `POST /cds-services/{id}` and its `/feedback`; Flask the rest. All answers get the CORS headers."""

    def __init__(self, flask: Wsgi, desk: Desk, origins: tuple[str, ...], certificate_header: str = "") -> None:
        self.flask = flask
        self.desk = desk
        self.origins = frozenset(origins)
        self.certificate = f"HTTP_{certificate_header.upper().replace('-', '_')}" if certificate_header else ""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        cors = self._cors(environ.get("HTTP_ORIGIN"))
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            start_response("204 No Content", [*SAFE_HEADERS[1:], *cors, *(ALLOWED if cors else [])])
            return [b""]
        service_id, feedback = _route(path)
        if service_id is None:
            return self._flask(environ, start_response, cors)
        reply = self._answer(service_id, feedback, environ) if method == "POST" else NOT_A_POST
        environ[TOLD] = reply.told
        size = ("Content-Length", str(len(reply.body)))
        start_response(REASONS[reply.status], [*SAFE_HEADERS, size, *BESIDE.get(reply.status, []), *cors])
        return [reply.body]

    def _answer(self, service_id: str, feedback: bool, environ: Environ) -> Reply:
        sent = Sent(
            service_id,
            environ.get("PATH_INFO", ""),
            environ.get("HTTP_AUTHORIZATION"),
            environ.get(self.certificate) if self.certificate else None,
            partial(read_json, environ),
        )
        return self.desk.feedback(sent) if feedback else self.desk.call(sent)

    def _flask(self, environ: Environ, start_response: StartResponse, cors: list[tuple[str, str]]) -> Iterable[bytes]:
        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, *cors], *rest)

        return self.flask(environ, started)

    def _cors(self, origin: str | None) -> list[tuple[str, str]]:
        """Never `*` together with credentials: clients send a token in a header, not a cookie."""
        if origin is None or not self.origins:
            return []
        if "*" in self.origins:
            return [("Access-Control-Allow-Origin", "*")]
        if origin in self.origins:
            return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
        return [("Vary", "Origin")]


def _route(path: str) -> tuple[str | None, bool]:
    """The service's id where the path is one of a call or of feedback, and whether it is feedback."""
    if not path.startswith(PREFIX):
        return None, False
    rest = path[len(PREFIX) :]
    feedback = rest.endswith(FEEDBACK)
    service_id = rest.removesuffix(FEEDBACK) if feedback else rest
    return (None, False) if not service_id or "/" in service_id else (service_id, feedback)


def read_json(environ: Environ) -> bytes:
    """The body of a call. Raises RequestError where it is no JSON (415) or too large (413)."""
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind != "application/json" or environ.get("HTTP_CONTENT_ENCODING"):
        raise RequestError("Send the call as application/json, not compressed.", status=415, code="not-supported")
    body = read_body(environ)
    if body is None:
        raise RequestError(f"The body is larger than {LARGEST_BODY} bytes.", status=413, code="too-long")
    return body


def read_body(environ: Environ) -> bytes | None:
    """The body, or None where it is larger than allowed: never more than that is read."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdecimal():
        if len(length) > LONGEST_LENGTH or int(length) > LARGEST_BODY:
            return None
        found: bytes = environ["wsgi.input"].read(int(length))
        return found
    body: bytes = environ["wsgi.input"].read(LARGEST_BODY + 1)
    return body if len(body) <= LARGEST_BODY else None
