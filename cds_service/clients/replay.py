"""Lets each token in once: by the shared store, and by this process's own memory where the store is gone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from cds_service.errors import StoreUnavailable

REMEMBERED = 20_000  # tokens; our own choice: an hour of 5 calls a second, some megabytes

Seen = Callable[[str, str, datetime], bool]  # issuer, jti, until: True where seen before


class Replays:
    """Safe to use from many threads. `degraded` while the store cannot be asked."""

    def __init__(self, seen: Seen, report: Callable[[bool], None], most: int = REMEMBERED) -> None:
        self._seen, self._report, self._most = seen, report, most
        self._memory: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._lock = threading.Lock()
        self.degraded = False

    def seen(self, issuer: str, jti: str, until: datetime, now: datetime) -> bool:
        """True at the second sight. A store that is gone does not keep a call from being answered."""
        if self._remembered(issuer, jti, until, now):
            return True
        try:
            found = self._seen(issuer, jti, until)
        except StoreUnavailable:
            self._turn(degraded=True)
            return False
        self._turn(degraded=False)
        return found

    def _remembered(self, issuer: str, jti: str, until: datetime, now: datetime) -> bool:
        with self._lock:
            known = self._memory.get((issuer, jti))
            if known is not None and known > now:
                return True
            self._memory[issuer, jti] = until
            while len(self._memory) > self._most or next(iter(self._memory.values())) <= now:
                self._memory.popitem(last=False)
            return False

    def _turn(self, *, degraded: bool) -> None:
        changed, self.degraded = self.degraded is not degraded, degraded
        if changed:
            self._report(not degraded)
