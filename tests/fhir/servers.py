"""FHIR servers on loopback that answer, misbehave or say nothing, and remember what they were asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

Json = dict[str, Any]
FHIR = "application/fhir+json"


@dataclass
class Asked:
    path: str
    headers: dict[str, str]


@dataclass
class Server:
    """`answer` is called with each request; what it returns is sent as JSON with status 200."""

    base: str
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    @property
    def tokens(self) -> set[str | None]:
        return {one.headers.get("Authorization") for one in self.asked}


Answer = Callable[["Handler"], "Json | bytes | None"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any

    def do_GET(self) -> None:
        self.server.known.asked.append(Asked(self.path, dict(self.headers.items())))
        try:
            found = self.server.answer(self)
            if found is not None:
                self.give(found if isinstance(found, bytes) else orjson.dumps(found))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def give(self, body: bytes = b"", status: int = 200, kind: str = FHIR, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def wait(self, seconds: float = 2.0) -> bool:
        """Until the test is over, or so long. True where it is over."""
        return bool(self.server.known.over.wait(seconds))

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that gives up is what is tested here."""


@contextmanager
def serving(answer: Answer, path: str = "/fhir") -> Iterator[Server]:
    listener = _Listener(("127.0.0.1", 0), Handler)
    known = Server(f"http://127.0.0.1:{listener.server_address[1]}{path}")
    listener.known, listener.answer = known, answer  # type: ignore[attr-defined]
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        known.over.set()
        listener.shutdown()
        listener.server_close()
        thread.join()


def holding(found: Mapping[str, Json | None]) -> Answer:
    """A server that knows the answers of these paths, below /fhir/, and else that it knows nothing."""

    def answer(handler: Handler) -> Json | None:
        known = found.get(handler.path.removeprefix("/fhir/"))
        if known is None:
            handler.give(b'{"resourceType": "OperationOutcome"}', 404)
        return known

    return answer
