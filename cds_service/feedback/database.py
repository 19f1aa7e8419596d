"""The ways into the store's database: one for what must last, one for what must be quick."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from typing import Any

from sqlalchemy import URL, Connection, Engine, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from cds_service.feedback.address import file_of, make_file
from cds_service.feedback.schema import upgrade, version
from cds_service.feedback.sqlite import keep_a_log, sqlite_engine
from cds_service.feedback.tables import HEAD

FAULTS = (SQLAlchemyError, sqlite3.Error, OSError)  # what a store raises that is gone, full, locked or broken
PATIENT = 2.0  # seconds for a write that must last; our own choice
UPGRADE = 60.0  # seconds for a change of the schema, or to wait for another worker that makes it; our own choice
LEAST_SPACE = 1024 * 1024  # bytes of the disk: a little more than one call of feedback may take; our own choice
QUICK = 0.07  # seconds for a connection, and again for the lock: a hook call waits for it


class Database:
    """`durable` survives a power cut; `quick` may forget its last moments then, and waits for nothing long."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self.file = file_of(url)
        self.open()

    def open(self) -> None:
        """Nothing is connected yet."""
        self.durable = self._engine(PATIENT, durable=True)
        self.quick = self._engine(PATIENT if self.file is None else QUICK, durable=False)  # on a server, see `Soon`

    def _engine(self, wait: float, *, durable: bool) -> Engine:
        if self.file is not None:
            return sqlite_engine(self.file, wait, durable=durable)
        from cds_service.feedback.postgresql import postgresql_engine

        return postgresql_engine(self._url, wait, durable=durable)

    def prepare(self) -> None:
        """Makes what is not there yet and brings the schema up to date.

        Raises SettingsError where the store is newer than the software; FAULTS where it cannot be reached or
        written.
        """
        if self.file is not None:
            make_file(self.file)
            keep_a_log(self.file, PATIENT)
        if version(self.durable) != HEAD:
            patient = self._engine(UPGRADE, durable=True)
            try:
                upgrade(patient)
            finally:
                patient.dispose()

    def is_current(self) -> bool:
        return version(self.quick) == HEAD

    def takes_writes(self) -> bool:
        """A full disk and a file that another holds can be read, and take nothing. Raises FAULTS."""
        if self.file is None:
            return True
        space = os.statvfs(self.file.parent)
        if space.f_bavail * space.f_frsize < LEAST_SPACE:
            return False
        with self.quick.begin():  # takes the lock, and gives it back
            return True

    def settle(self, *, empty: bool = False) -> None:
        """SQLite: moves what its log holds into the file, so that the log does not grow; `empty` cuts it to nothing, so
        that what was removed is not left in it."""
        if self.file is not None:
            with closing(self.durable.raw_connection()) as connection:
                connection.cursor().execute(f"PRAGMA wal_checkpoint({'TRUNCATE' if empty else 'PASSIVE'})")

    def forget(self) -> None:
        """In a forked child: the parent's connections are not ours to use or to close."""
        for engine in (self.durable, self.quick):
            engine.dispose(close=False)
        self.open()

    def close(self) -> None:
        for engine in (self.durable, self.quick):
            engine.dispose()


def reading(engine: Engine) -> Connection:
    """A connection that only reads, and so keeps nobody from writing."""
    return engine.connect().execution_options(reads=True)


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts those that are not there yet."""
    if rows:
        connection.execute(_insert(connection.dialect.name, table), rows)


def is_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Inserts the row; False where it is there already."""
    return connection.execute(_insert(connection.dialect.name, table), row).rowcount == 1


@cache
def _insert(dialect: str, table: Table) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
