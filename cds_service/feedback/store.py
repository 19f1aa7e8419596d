"""The store: what was shown, what was done with it, which tokens were used. Safe for any number of threads."""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import Engine

from cds_service.errors import SettingsError, StoreUnavailable
from cds_service.feedback.address import store_url
from cds_service.feedback.database import FAULTS, Database, add
from cds_service.feedback.ids import check_key
from cds_service.feedback.outcome import Outcome
from cds_service.feedback.shown import Answer
from cds_service.feedback.tables import feedback
from cds_service.feedback.tokens import used_tokens
from cds_service.feedback.writer import Say, Writer

FLUSH = 5.0  # seconds that closing may take; our own choice
log = logging.getLogger("cds_service")


def _log(event: str, fields: Mapping[str, object]) -> None:
    log.warning("%s %s", event, " ".join(f"{name}={value}" for name, value in fields.items()))


class Store:
    """Built in each worker. `say` is told when the store goes, comes back, or answers are lost; never with an id.

    Raises SettingsError for a URL, a key or a schema that it cannot work with. A store that cannot be reached is no
    error: it is tried again in the background.
    """

    def __init__(
        self, url: str = "", id_key: str = "", *, keep_days: int = 730, keep_comments: bool = False, say: Say = _log
    ) -> None:
        self._keep, self._keep_comments, self._say = timedelta(days=keep_days), keep_comments, say
        self._id_key = id_key
        self._database = Database(store_url(url))
        check_key(id_key, self._database.file)
        self._parents: object = None
        self._begin()
        me = weakref.ref(self)
        if hasattr(os, "register_at_fork"):  # not on Windows, which never forks
            os.register_at_fork(after_in_child=lambda: _forked(me()))
        try:
            self._writer.open()
        except SettingsError:
            self._database.close()
            raise

    def _begin(self) -> None:
        self._writer = Writer(self._database, self._id_key, self._keep, self._say)
        self._tokens = used_tokens(self._database)

    @property
    def dropped(self) -> int:
        """Answers that were given but could not be remembered."""
        return self._writer.dropped

    @property
    def engine(self) -> Engine:
        """For reports and purges."""
        return self._database.durable

    def record(self, answers: Sequence[Answer]) -> None:
        """Remembers answers given, soon. Never waits, never raises; what is lost is counted and said."""
        self._writer.put(answers)

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Remembers feedback: it is on the disk when this returns. Raises StoreUnavailable; a repeat adds nothing."""
        self._check()
        # In one order, or two could block each other.
        rows = sorted((self._row(one, place) for place, one in enumerate(outcomes)), key=itemgetter("id"))
        try:
            with self._database.durable.begin() as connection:
                add(connection, feedback, rows)
        except FAULTS as error:
            raise self._gone(error) from None

    def seen(self, issuer: str, jti: str, until: datetime) -> bool:
        """Was this token used before? If not, it is now, until that moment. Raises StoreUnavailable."""
        self._check()
        try:
            return self._tokens.seen(issuer, jti, until)
        except (*FAULTS, StoreUnavailable) as error:
            raise self._gone(error) from None

    def hashed(self, kind: str, site: str, client: str, tenant: str, value: str) -> str:
        """An id as the rows have it; empty until the site's key is at hand."""
        return self._writer.hashed(kind, site, client, tenant, value)

    def ready(self) -> bool:
        """Can the store be reached and written, with the schema that this version knows?"""
        if self._writer.barred:
            return False
        try:
            ready = self._tokens.ready() and self._database.takes_writes()
        except (*FAULTS, StoreUnavailable):
            ready = False
        if not ready:
            self._writer.doubt()
        return ready

    def close(self) -> None:
        """Writes what still waits, for some seconds at most."""
        self._writer.close(FLUSH)
        self._tokens.close()
        self._database.close()

    def _check(self) -> None:
        self._writer.start()
        if self._writer.barred:
            raise StoreUnavailable("the store is newer than this version of the software")

    def _gone(self, error: Exception) -> StoreUnavailable:
        """Without the error's own text, which may hold values."""
        self._writer.doubt()
        if isinstance(error, StoreUnavailable):
            return error
        return StoreUnavailable(f"the store could not be reached or written ({type(error).__name__})")

    def _row(self, one: Outcome, place: int) -> dict[str, Any]:
        return {
            "id": one.digest,
            "received": one.received,
            "client": one.client,
            "tenant": one.tenant,
            "service": one.service,
            "card": one.card,
            "outcome": one.outcome,
            "outcome_at": one.at,
            "place": place,
            "suggestions": list(one.suggestions),
            "reasons": [asdict(reason) for reason in one.reasons],
            "commented": bool(one.comment),
            "comment": one.comment if self._keep_comments else "",
        }


def _forked(store: Store | None) -> None:
    """Threads and connections stay with the parent; kept, so that nothing closes them here."""
    if store is not None:
        store._parents = (store._writer, store._tokens)
        store._database.forget()
        store._begin()
