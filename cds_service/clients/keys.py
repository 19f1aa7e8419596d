"""Where the keys of clients come from: files that may change, and addresses that may be slow, gone or flooded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from joserfc.jwk import Key

from cds_service.clients.cause import Cause
from cds_service.clients.keyset import KeySet, key_set, read_keys
from cds_service.clients.table import Client, Clients
from cds_service.errors import Refused

# Our own choices, in seconds.
REST = 10.0  # between two readings of one address, however many unknown keys are named
FRESH = 3600.0  # after this a set is read again: how long a withdrawn key may still be taken
KEPT = 86_400.0  # for so long the last good set is used while the address cannot be read
PATIENCE = 0.2  # how long a call waits for a set; half of the default time for one answer
WAITING = 8  # calls that wait for one address at a time: the others are refused at once

Fetch = Callable[[str], bytes]
Report = Callable[[str, bool], None]  # the client, and whether its keys can be read; called on each change
KeysByName = Mapping[str, tuple[Key, ...]]


class KeyStore:
    """The key sets of all clients, one for each file or address. Safe to use from many threads."""

    def __init__(
        self,
        clients: Clients,
        fetch: Fetch,
        *,
        report: Report = lambda client, well: None,
        patience: float = PATIENCE,
        rest: float = REST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources: dict[str, _File | _Address] = {}
        for client in clients.listed:
            if client.keys_at in self._sources:
                continue
            held = _Held(client.name, report, clock, demo=clients.demo)
            if client.jwks_url is not None:
                self._sources[client.keys_at] = _Address(client.jwks_url, fetch, held, patience, rest)
            else:
                self._sources[client.keys_at] = _File(Path(client.keys_at), held)

    def find(self, client: Client, kid: str) -> tuple[Key, ...]:
        """The keys of this name, at least one. Raises Refused."""
        return self._sources[client.keys_at].find(kid)

    def warm(self) -> None:
        """Starts to read what lies at addresses, so that the first call need not wait for it."""
        for source in self._sources.values():
            if isinstance(source, _Address):
                source.start()


class _Held:
    """The last good set, when it was last known to be good, and whether the last reading failed."""

    def __init__(self, client: str, report: Report, clock: Callable[[], float], *, demo: bool) -> None:
        self.clock, self.demo = clock, demo
        self._client, self._report = client, report
        self._keys: KeysByName | None = None
        self._good_at = 0.0
        self.well = True

    def take(self, found: KeySet | None) -> None:
        """What a reading brought; None where it failed."""
        if found is not None:
            self._keys, self._good_at = found.keys, self.clock()
        changed, self.well = self.well is (found is None), found is not None
        if changed:
            self._report(self._client, self.well)

    def confirm(self) -> None:
        """What is held is still what is there."""
        self._good_at = self.clock()

    @property
    def fresh(self) -> bool:
        return self._keys is not None and self.clock() - self._good_at <= FRESH

    def get(self, kid: str) -> tuple[Key, ...]:
        """Empty where there is no such key, or none at all."""
        return (self._current or {}).get(kid, ())

    def need(self, kid: str) -> tuple[Key, ...]:
        """Raises Refused where there is no such key."""
        found = self.get(kid)
        if not found:
            raise Refused(Cause.NO_KEYS if self._current is None else Cause.KEY)
        return found

    @property
    def _current(self) -> KeysByName | None:
        return self._keys if self.clock() - self._good_at <= KEPT else None


class _File:
    """A set in a file, read again whenever the file is another one than before."""

    def __init__(self, path: Path, held: _Held) -> None:
        self._path, self._held = path, held
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._refresh()

    def find(self, kid: str) -> tuple[Key, ...]:
        with self._lock:
            self._refresh()
        return self._held.need(kid)

    def _refresh(self) -> None:
        """A file that is gone or half written does not take away the keys that it held."""
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen != self._seen:
                self._seen = seen
                self._held.take(read_keys(self._path, demo=self._held.demo))
            elif self._held.well:
                self._held.confirm()
        except (OSError, ValueError):
            self._held.take(None)


class _Address:
    """A set at an address, read by one thread at a time while calls go on with the set that is there."""

    def __init__(self, url: str, fetch: Fetch, held: _Held, patience: float, rest: float) -> None:
        self._url, self._fetch, self._held = url, fetch, held
        self._patience, self._rest = patience, rest
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(WAITING)
        self._reading: threading.Event | None = None
        self._tried_at = float("-inf")

    def find(self, kid: str) -> tuple[Key, ...]:
        """An unknown name is a reason to read again, and to wait a little for it; an old set is one to read again."""
        found = self._held.get(kid)
        if found and self._held.fresh:
            return found
        reading = self.start()
        if found:
            return found
        if reading is not None and self._places.acquire(blocking=False):
            try:
                reading.wait(self._patience)
            finally:
                self._places.release()
        return self._held.need(kid)

    def start(self) -> threading.Event | None:
        """The reading that is under way, or that begins now; None where the last one was too short ago."""
        with self._lock:
            now = self._held.clock()
            if self._reading is None and now - self._tried_at >= self._rest:
                self._tried_at, self._reading = now, threading.Event()
                threading.Thread(target=self._read, args=(self._reading,), daemon=True).start()
            return self._reading

    def _read(self, done: threading.Event) -> None:
        try:
            found: KeySet | None = key_set(self._fetch(self._url), demo=self._held.demo)
        except Exception:  # noqa: BLE001 (whatever the server did: the keys that are there stay)
            found = None
        self._held.take(found)
        with self._lock:
            self._reading = None
        done.set()
