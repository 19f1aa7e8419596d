"""A real HTTP server on loopback that serves one key set, counts who asks, and can be slow, broken or gone."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class KeyServer:
    """`body` is what it serves, with `status`; while `held` it answers nobody."""

    def __init__(self, body: bytes) -> None:
        self.body, self.status, self.asked = body, 200, 0
        self.free = threading.Event()
        self.free.set()
        self.url = ""

    def fetch(self, url: str) -> bytes:
        with urllib.request.urlopen(url, timeout=5) as answer:
            found: bytes = answer.read()
            return found


@contextmanager
def key_server(body: bytes) -> Iterator[KeyServer]:
    state = KeyServer(body)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked += 1
            state.free.wait(5)
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(state.body)))
            self.end_headers()
            self.wfile.write(state.body)

        def log_message(self, *given: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}/jwks.json"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        state.free.set()
        server.shutdown()
        server.server_close()
        thread.join()
