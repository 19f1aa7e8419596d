"""Connections to a SQLite store: bounded waits for its lock, and never to a file that is no longer there."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DisconnectionError

Identity = tuple[int, int]
CONNECTIONS = 8  # our own choice; SQLite writes one at a time, so more would only wait


def sqlite_engine(path: Path, wait: float, *, durable: bool) -> Engine:
    """`wait` is how many seconds to wait for the lock. `durable`: what was committed survives a power cut."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: open_file(path, wait, durable=durable),
        poolclass=QueuePool,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=wait,
        hide_parameters=True,  # no value in the text of an error
    )

    @event.listens_for(engine, "connect")
    def remember(connection: sqlite3.Connection, record: Any) -> None:
        record.info["file"] = identity(path)

    @event.listens_for(engine, "checkout")
    def still_there(connection: sqlite3.Connection, record: Any, proxy: Any) -> None:
        """A file that was removed or replaced would take what is written to it along."""
        if record.info["file"] != identity(path):
            raise DisconnectionError

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        """Takes the lock now: one that read first could not write any more where another wrote meanwhile."""
        reads = connection.get_execution_options().get("reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def open_file(path: Path, wait: float, *, durable: bool) -> sqlite3.Connection:
    """Never makes the file: an empty one would look like a store that holds nothing."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw", uri=True, timeout=wait, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.execute("PRAGMA secure_delete=ON")  # what was removed is not left lying in the file
        if not durable:
            connection.execute("PRAGMA wal_autocheckpoint=0")  # left to those who can wait for the disk
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def keep_a_log(path: Path, patience: float) -> None:
    """Write-ahead logging, so that readers and the writer do not wait for each other; the file remembers it.

    Here SQLite does not wait for others by itself, and several workers may start together.
    """
    until = time.monotonic() + patience
    with closing(open_file(path, patience, durable=True)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return


def identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
