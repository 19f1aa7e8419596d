"""Lets one call be judged at a time in a process: more at once share one interpreter, and all of them wait longer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Lane:
    """Held while a call is judged, left while it waits for a server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            yield

    @contextmanager
    def left(self) -> Iterator[None]:
        """By the call that holds it."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
