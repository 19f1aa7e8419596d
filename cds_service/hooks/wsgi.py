"""The edge: one hot route for hook calls in front of Flask, size and type checks, and CORS for browser clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from cds_service.hooks.outcome import operation_outcome
from cds_service.hooks.service import Answerer, Reply

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]

PREFIX = "/cds-services/"
LARGEST_BODY = 5 * 1024 * 1024
REASONS = {
    200: "200 OK",
    400: "400 Bad Request",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    412: "412 Precondition Failed",
    413: "413 Content Too Large",
    415: "415 Unsupported Media Type",
}
SAFE_HEADERS = [
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
]
ALLOWED = [
    ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type"),
    ("Access-Control-Max-Age", "600"),
]


def _refusal(status: int, text: str) -> Reply:
    return Reply(status, orjson.dumps(operation_outcome(status, text)))


NOT_A_POST = _refusal(405, "Hook calls are POSTed.")


class Edge:
    """Answers `POST /cds-services/{id}` itself; everything else goes to Flask. Both get the CORS headers."""

    def __init__(self, flask: Wsgi, answerer: Answerer, origins: tuple[str, ...]) -> None:
        self.flask = flask
        self.answerer = answerer
        self.origins = frozenset(origins)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        cors = self._cors(environ.get("HTTP_ORIGIN"))
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            start_response("204 No Content", [*cors, *(ALLOWED if cors else [])])
            return [b""]
        if path.startswith(PREFIX) and "/" not in path[len(PREFIX) :]:
            reply = self._call(path[len(PREFIX) :], environ) if method == "POST" else NOT_A_POST
            size = ("Content-Length", str(len(reply.body)))
            allow = [("Allow", "POST")] if reply is NOT_A_POST else []
            start_response(REASONS[reply.status], [*SAFE_HEADERS, size, *allow, *cors])
            return [reply.body]

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, *cors], *rest)

        return self.flask(environ, started)

    def _call(self, service_id: str, environ: Environ) -> Reply:
        kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if kind != "application/json" or environ.get("HTTP_CONTENT_ENCODING"):
            return _refusal(415, "Send the call as application/json, not compressed.")
        body = read_body(environ)
        if body is None:
            return _refusal(413, f"The body is larger than {LARGEST_BODY} bytes.")
        return self.answerer.reply(service_id, body)

    def _cors(self, origin: str | None) -> list[tuple[str, str]]:
        """Never `*` together with credentials: clients send a token in a header, not a cookie."""
        if origin is None or not self.origins:
            return []
        if "*" in self.origins:
            return [("Access-Control-Allow-Origin", "*")]
        if origin in self.origins:
            return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
        return [("Vary", "Origin")]


def read_body(environ: Environ) -> bytes | None:
    """The body, or None where it is larger than allowed: never more than that is read."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdecimal():
        if int(length) > LARGEST_BODY:
            return None
        found: bytes = environ["wsgi.input"].read(int(length))
        return found
    body: bytes = environ["wsgi.input"].read(LARGEST_BODY + 1)
    return body if len(body) <= LARGEST_BODY else None
