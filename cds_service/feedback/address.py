"""Where the store is: which URLs are accepted, and the folder and file that SQLite needs."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from cds_service.errors import SettingsError

FILE = "store.sqlite"
ACCEPTED = (
    "CDS_DATABASE_URL must be sqlite:///path or postgresql://user@host/name (or empty: a SQLite file of this user)"
)
NO_DRIVER = (
    "CDS_DATABASE_URL names PostgreSQL, whose driver is not installed: pip install 'neonatal-ivig-cds[postgresql]'"
)


def store_url(text: str) -> URL:
    """The URL that SQLAlchemy takes. Raises SettingsError, which never repeats the URL: it may hold a password."""
    if not text:
        return URL.create("sqlite", database=str(_default()))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise SettingsError(ACCEPTED) from None
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise SettingsError("CDS_DATABASE_URL must name a SQLite file: every worker opens it for itself")
        return URL.create("sqlite", database=str(Path(url.database).absolute()))
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise SettingsError(ACCEPTED)
    if find_spec("psycopg") is None:
        raise SettingsError(NO_DRIVER)
    return url.set(drivername="postgresql+psycopg")


def file_of(url: URL) -> Path | None:
    """The file of a SQLite store; None for PostgreSQL."""
    return Path(url.database) if url.drivername == "sqlite" and url.database else None


def make_file(path: Path) -> None:
    """The folder (0700) and an empty file (0600) where there is none; what exists is left as it is. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _default() -> Path:
    from platformdirs import user_data_path

    return user_data_path("ivig-cds", appauthor=False) / FILE
