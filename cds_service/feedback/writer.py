"""Writes answers to the store from one thread in the background, so that who asks never waits for it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy.exc import DataError, IntegrityError

from cds_service.errors import SettingsError
from cds_service.feedback.database import FAULTS, Database, add
from cds_service.feedback.ids import Ids, key_beside
from cds_service.feedback.retention import purge, purge_tokens
from cds_service.feedback.shown import Answer
from cds_service.feedback.tables import answers, cards

Say = Callable[[str, Mapping[str, object]], None]
Row = dict[str, Any]
# Our own choices: the times in seconds.
TICK = 0.2  # an answer is written so soon; what a killed process loses
MOST_WAITING = 10_000  # answers that wait for a store that is gone; some 10 MB
BATCH = 500  # answers in one transaction
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0  # between attempts to reach a store that is gone
TELL_EVERY = 60.0  # that answers are lost is said no oftener
TOKENS_EVERY, PURGE_EVERY = 60.0, 86_400.0


class Writer:
    """Ends by itself, after a last attempt to write what waits, when it is closed or the main thread has ended."""

    def __init__(self, database: Database, id_key: str, keep: timedelta, say: Say) -> None:
        self._database = database
        self._id_key = id_key
        self._keep = keep
        self._say = say
        self._waiting: deque[Answer] = deque()
        self._ids = Ids(id_key) if id_key else None
        self._unsure = True
        self._rows: tuple[list[Row], list[Row]] = ([], [])
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._pause = self._next = self._tell_at = 0.0
        self._told = 0
        self._tokens_at = self._purge_at = time.monotonic()
        self.dropped = 0
        self.barred = False

    def put(self, given: Sequence[Answer]) -> None:
        if len(self._waiting) >= MOST_WAITING or self._closing.is_set():
            with self._lock:
                self.dropped += len(given)
            return
        self._waiting.extend(given)
        self.start()

    def start(self) -> None:
        """Not a daemon, which would be cut off at the end of the process; threads of some servers make such ones."""
        if self._thread is not None:
            return
        with self._lock, suppress(RuntimeError):  # a machine that has no thread left may have one at the next call
            if self._thread is None and not self._closing.is_set():
                thread = threading.Thread(target=self._run, name="ivig-cds-store", daemon=False)
                thread.start()
                self._thread = thread

    def open(self) -> None:
        """Raises SettingsError. A store that cannot be reached is tried again in the background."""
        try:
            self._prepare()
        except FAULTS as error:
            self._failed(error)
            self.start()

    def _prepare(self) -> None:
        try:
            self._database.prepare()
        except SettingsError:
            self.barred = True
            raise
        file = self._database.file
        self._ids = Ids(self._id_key or (key_beside(file) if file else ""))
        self._unsure = self.barred = False

    def hashed(self, kind: str, site: str, client: str, tenant: str, value: str) -> str:
        """Empty until the site's key is at hand."""
        return self._ids.hashed(kind, site, client, tenant, value) if self._ids else ""

    def doubt(self) -> None:
        """The store failed somebody: look at it again, its file or schema may be gone."""
        self._unsure = True
        self.start()

    def close(self, patience: float) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join(patience)

    def _run(self) -> None:
        main = threading.main_thread()
        while main.is_alive() and not self._closing.wait(TICK):
            if time.monotonic() >= self._next:
                self._turn()
        self._closing.set()
        self._turn()
        self.dropped += len(self._waiting) + len(self._rows[0])
        if self.dropped > self._told:
            self._tell()

    def _turn(self) -> None:
        """One attempt; the pause before the next doubles while the store is gone."""
        try:
            if self._unsure:
                self._prepare()
            self._write()
            self._tidy()
        except Exception as error:  # noqa: BLE001 (whatever it is, this thread goes on: nobody would start another)
            self._failed(error)
        else:
            if self._pause:
                self._say("store_back", {})
            self._pause = self._next = 0.0
        if self.dropped > self._told and time.monotonic() >= self._tell_at:
            self._tell()

    def _failed(self, error: Exception) -> None:
        if not self._pause:
            self._say("store_unavailable", {"cause": type(error).__name__, "waiting": len(self._waiting)})
        self._unsure = True
        self._pause = min(self._pause * 2 or FIRST_PAUSE, LONGEST_PAUSE)
        self._next = time.monotonic() + self._pause

    def _tell(self) -> None:
        self._say("answers_lost", {"count": self.dropped - self._told})
        self._told, self._tell_at = self.dropped, time.monotonic() + TELL_EVERY

    def _write(self) -> None:
        while self._waiting or self._rows[0]:
            if not self._rows[0]:
                self._rows = self._drawn()
            given, shown = self._rows
            try:
                with self._database.durable.begin() as connection:
                    add(connection, answers, given)
                    add(connection, cards, shown)
            except (DataError, IntegrityError):  # these would fail for ever
                self.dropped += len(given)
            self._rows = ([], [])

    def _drawn(self) -> tuple[list[Row], list[Row]]:
        """Rows are made once, with their ids, so that a transaction whose end was not heard can be repeated."""
        given: list[Row] = []
        shown: list[Row] = []
        while self._waiting and len(given) < BATCH:
            answer = self._waiting.popleft()
            key = uuid4().hex
            given.append(self._row(key, answer))
            for place, card in enumerate(answer.cards):
                shown.append({"answer": key, "place": place, **asdict(card)})
        return given, shown

    def _row(self, key: str, answer: Answer) -> Row:
        row = {name: getattr(answer, name) for name in Answer.__slots__ if name != "cards"}
        for kind in ("user", "patient", "hook_instance"):
            row[kind] = self.hashed(kind, answer.site, answer.client, answer.tenant, row[kind])
        return {"id": key, **row}

    def _tidy(self) -> None:
        now = time.monotonic()
        if now >= self._tokens_at:
            purge_tokens(self._database.durable, datetime.now(UTC))
            self._database.settle()
            self._tokens_at = now + TOKENS_EVERY
        if now >= self._purge_at:
            purge(self._database.durable, datetime.now(UTC) - self._keep)
            self._database.settle(empty=True)
            self._purge_at = now + PURGE_EVERY
