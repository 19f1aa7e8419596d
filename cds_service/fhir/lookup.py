"""Reads what a client did not send from its FHIR server: all at once, within the deadline, and nobody waits for another
client's server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from cds_service.fhir.bases import under
from cds_service.fhir.breaker import Breaker
from cds_service.fhir.cause import Cause, NotObtained
from cds_service.fhir.paging import whole
from cds_service.fhir.read import Json

READS = 18  # at a time from one client's server: two calls that sent nothing at all; our own choice
TRIAL = 0.25  # of the time, for one read of a server that answered nothing several times; our own choice
SILENT = frozenset({Cause.TIMEOUT, Cause.UNREACHABLE, Cause.TLS})


class Get(Protocol):
    """Http.get: the body of an address, or NotObtained at the deadline at the latest."""

    def __call__(self, url: str, deadline: float, token: str = "") -> bytes: ...


@dataclass(frozen=True, slots=True)
class Found:
    """What was read, and why not all of it was. With both, it is a part."""

    value: Json | None
    cause: Cause | None = None


class Lookups:
    """One for a process. Each client has threads of its own, and a breaker."""

    def __init__(
        self, get: Get, *, callers: int = 16, breaker: Callable[[str, bool], None] = lambda client, is_open: None
    ) -> None:
        """`callers`: how many calls of one client may wait for its server at a time. `breaker` is told of each client
        whose server begins to be left alone, and of each that answers again."""
        self.get, self._callers, self._breaker = get, callers, breaker
        self._lock = threading.Lock()
        self._servers: dict[str, _Server] = {}

    def fetch(self, name: str, base: str, token: str, queries: Mapping[str, str], deadline: float) -> dict[str, Found]:
        """What each query gives, by its key. `name` is the client's, `queries` are relative to the base, or links to a
        next page on it. Returns at the deadline (of time.monotonic()) at the latest, and raises nothing."""
        if not queries:
            return {}
        server = self._server(name)
        if not server.places.acquire(blocking=False):
            return dict.fromkeys(queries, Found(None, Cause.CROWDED))
        try:
            return self._tried(server, base, token, queries, deadline)
        finally:
            server.places.release()

    def close(self) -> None:
        with self._lock:
            for server in self._servers.values():
                server.threads.shutdown(wait=False, cancel_futures=True)

    def _tried(
        self, server: _Server, base: str, token: str, queries: Mapping[str, str], deadline: float
    ) -> dict[str, Found]:
        """A doubted server is asked one thing first, for a part of the time. Every call tries, so that none goes
        without once the server is back; and none waits long, or asks for more, while it is not."""
        if server.breaker.doubted:
            now = time.monotonic()
            if self._trial(server, base, token, next(iter(queries.values())), now + (deadline - now) * TRIAL):
                return dict.fromkeys(queries, Found(None, Cause.RESTED))
        found = self._together(server, base, token, queries, deadline)
        if all(one.value is None and one.cause in SILENT for one in found.values()):
            server.breaker.silent()
        else:
            server.breaker.answered()
        return found

    def _trial(self, server: _Server, base: str, token: str, query: str, until: float) -> bool:
        """Whether the server is silent still. Calls at the same time share one read: only that it came counts."""
        with self._lock:
            if server.trial is None or server.trial.done():
                server.trial = server.threads.submit(self._read, base, token, query, until)
            trial = server.trial
        wait((trial,), timeout=max(0.0, until - time.monotonic()))
        return not trial.done() or trial.result().cause in SILENT

    def _server(self, name: str) -> _Server:
        with self._lock:
            if name not in self._servers:
                self._servers[name] = _Server(name, self._callers, partial(self._breaker, name))
            return self._servers[name]

    def _together(
        self, server: _Server, base: str, token: str, queries: Mapping[str, str], deadline: float
    ) -> dict[str, Found]:
        started = {
            key: server.threads.submit(self._read, base, token, query, deadline) for key, query in queries.items()
        }
        wait(started.values(), timeout=max(0.0, deadline - time.monotonic()))
        return {key: _found(future) for key, future in started.items()}

    def _read(self, base: str, token: str, query: str, deadline: float) -> Found:
        url = under(base, query)
        if url is None:
            return Found(None, Cause.INCOMPLETE if "://" in query else Cause.UNSAFE)
        try:
            value, cause = whole(url, base, _expected(query), lambda page: self.get(page, deadline, token))
        except NotObtained as error:
            return Found(None, error.cause)
        return Found(value, cause)


class _Server:
    """What one client's FHIR server may take up: threads, waiting calls."""

    def __init__(self, name: str, callers: int, breaker: Callable[[bool], None]) -> None:
        self.threads = ThreadPoolExecutor(READS, thread_name_prefix=f"fhir-{name}")
        self.places = threading.BoundedSemaphore(callers)
        self.breaker = Breaker(report=breaker)
        self.trial: Future[Found] | None = None


def _found(future: Future[Found]) -> Found:
    """Reads that have not begun are given up here; those under way end at the deadline by themselves."""
    if future.cancel() or not future.done():
        return Found(None, Cause.TIMEOUT)
    return future.result()


def _expected(query: str) -> str:
    """`Patient/1` gives a Patient, a search a Bundle, and so does a link to a next page."""
    kind, _, identity = query.partition("/")
    return kind if identity and "?" not in kind and ":" not in kind else "Bundle"
