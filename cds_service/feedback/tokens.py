"""Was this token used before? One answer for all workers and hosts that share the store."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Protocol

from cds_service.errors import StoreUnavailable
from cds_service.feedback.database import PATIENT, QUICK, Database, is_new
from cds_service.feedback.soon import Soon
from cds_service.feedback.sqlite import Identity, identity, open_file
from cds_service.feedback.tables import tokens

ADD = "INSERT INTO tokens (digest, until) VALUES (?, ?) ON CONFLICT DO NOTHING"
AS_STORED = "%Y-%m-%d %H:%M:%S.%f"  # how SQLAlchemy writes a moment to SQLite


class Tokens(Protocol):
    """Each token is written once; who finds it there already has seen it."""

    def seen(self, issuer: str, jti: str, until: datetime) -> bool:
        """Raises StoreUnavailable, or what the database raises."""
        ...

    def ready(self) -> bool: ...

    def close(self) -> None: ...


def used_tokens(database: Database) -> Tokens:
    return FileTokens(database, database.file) if database.file else ServerTokens(database)


class ServerTokens:
    """On PostgreSQL. The server may hang, and its name or a connection may take long: no call waits for that."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._soon = Soon()

    def seen(self, issuer: str, jti: str, until: datetime) -> bool:
        return self._soon(lambda: self._add(_digest(issuer, jti), until))

    def ready(self) -> bool:
        return self._soon(self._database.is_current, PATIENT)

    def close(self) -> None:
        self._soon.close()

    def _add(self, digest: str, until: datetime) -> bool:
        with self._database.quick.begin() as connection:
            return not is_new(connection, tokens, {"digest": digest, "until": until})


class FileTokens:
    """On SQLite: one statement on one connection, past SQLAlchemy, which would take five times as long."""

    def __init__(self, database: Database, path: Path) -> None:
        self._database = database
        self._path = path
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._identity: Identity | None = None

    def seen(self, issuer: str, jti: str, until: datetime) -> bool:
        row = (_digest(issuer, jti), until.astimezone(UTC).strftime(AS_STORED))
        if not self._lock.acquire(timeout=QUICK):
            raise StoreUnavailable("the store is busy")
        try:
            return self._opened().execute(ADD, row).rowcount == 0
        except sqlite3.Error:
            self._shut()
            raise
        finally:
            self._lock.release()

    def ready(self) -> bool:
        return self._database.is_current()

    def close(self) -> None:
        with self._lock:
            self._shut()

    def _opened(self) -> sqlite3.Connection:
        """Opened anew where the file was removed or replaced."""
        found = identity(self._path)
        if self._connection is None or found != self._identity:
            self._shut()
            self._connection = open_file(self._path, QUICK, durable=False)
            self._identity = found
        return self._connection

    def _shut(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _digest(issuer: str, jti: str) -> str:
    return sha256(f"{issuer}\0{jti}".encode("utf-8", "surrogatepass")).hexdigest()
