"""Brings the store's schema to what this version knows, once, however many workers start together."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from cds_service.errors import SettingsError
from cds_service.feedback.tables import HEAD

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x69766967  # PostgreSQL: the advisory lock that those who upgrade take in turn; "ivig" in ASCII


def version(engine: Engine) -> str:
    """The migration that the store is at; empty where it holds none."""
    with engine.connect().execution_options(reads=True) as connection:
        return _version(connection)


def upgrade(engine: Engine) -> None:
    """Alembic is imported only where the version differs. Raises SettingsError for a store newer than this software,
    and SQLAlchemyError where it cannot be reached or written."""
    found = version(engine)
    if found == HEAD:
        return
    if found > HEAD:
        raise SettingsError(
            f"the store's schema is {found}, newer than this version of the software knows ({HEAD}): "
            "install the version that wrote it, or name another store in CDS_DATABASE_URL"
        )
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        if _version(connection) != HEAD:
            _migrate(connection)


def _version(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
