"""Remembers that a server has stopped answering, so that the next calls do not wait for it in full."""

from __future__ import annotations

import threading
from collections.abc import Callable

CALLS = 3  # calls in a row without any answer until a server is doubted; our own choice


class Breaker:
    """Of one server. One answer, be it a refusal, and it is trusted again. `report` is told of each change."""

    def __init__(self, *, calls: int = CALLS, report: Callable[[bool], None] = lambda doubted: None) -> None:
        self._calls, self._report = calls, report
        self._lock = threading.Lock()
        self._silent = 0

    @property
    def doubted(self) -> bool:
        return self._silent >= self._calls

    def answered(self) -> None:
        with self._lock:
            was_doubted, self._silent = self.doubted, 0
        if was_doubted:
            self._report(False)

    def silent(self) -> None:
        """It said nothing at all to a call."""
        with self._lock:
            self._silent += 1
            begins = self._silent == self._calls
        if begins:
            self._report(True)
