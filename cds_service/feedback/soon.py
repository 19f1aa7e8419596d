"""Calls that are given up after a fixed time: connecting, or a name look-up, may hang for longer than that."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from typing import TypeVar

from cds_service.errors import StoreUnavailable

T = TypeVar("T")
ANSWER_WITHIN = 0.14  # seconds, of the 400 ms that a whole answer may take; our own choice
AT_ONCE = 8  # as many as there are connections


class Soon:
    """First come, first served. What hangs keeps one of a few threads until it ends; where all hang, nobody else waits
    long either."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "ivig-cds-tokens")

    def __call__(self, work: Callable[[], T], within: float | None = None) -> T:
        """Waits as long as a hook call may, or so many seconds. Raises StoreUnavailable where it takes longer."""
        future = self._threads.submit(work)
        try:
            return future.result(within or ANSWER_WITHIN)
        except TookTooLong:
            future.cancel()
            raise StoreUnavailable("the store did not answer in time") from None

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
