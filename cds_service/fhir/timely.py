"""Connections that end at a deadline, however a server drips: the limit of a socket alone holds for each read anew."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from cds_service.fhir.cause import Cause, NotObtained

HEADERS = 64 * 1024  # bytes of a status line and headers; our own choice: servers commonly stop at 8 to 64 KiB
LIMITS: ContextVar[tuple[float, int]] = ContextVar("limits")


@contextmanager
def within(deadline: float, size: int) -> Iterator[None]:
    """What is read in this thread meanwhile ends at the deadline (of time.monotonic()) and after so many bytes."""
    token = LIMITS.set((deadline, size))
    try:
        yield
    finally:
        LIMITS.reset(token)


class _Bounded(RawIOBase):
    """The bytes of one answer as they come over the wire: no wait past the deadline, no byte more than allowed."""

    def __init__(self, raw: RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline
        self.allowed = HEADERS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise NotObtained(Cause.TIMEOUT)
        if self.allowed <= 0:
            raise NotObtained(Cause.TOO_LARGE)
        self._sock.settimeout(left)
        count = self._raw.readinto(memoryview(buffer)[: self.allowed])
        self.allowed -= count or 0
        return int(count or 0)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    """An answer that is read through _Bounded: first the headers, then the body."""

    def __init__(self, sock: socket.socket, *given: Any, **named: Any) -> None:
        super().__init__(sock, *given, **named)
        deadline, self._size = LIMITS.get()
        self._bounded = _Bounded(self.fp.detach(), sock, deadline)
        self.fp = BufferedReader(self._bounded)

    def begin(self) -> None:
        super().begin()
        self._bounded.allowed += self._size


class _Plain(HTTPConnection):
    response_class = _Answer


class _Tls(HTTPSConnection):
    response_class = _Answer


class PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls
