"""The schema: one for both databases, upgraded once however many workers start, and never guessed at."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from cds_service.errors import SettingsError, StoreUnavailable
from cds_service.feedback import writer
from cds_service.feedback.schema import MIGRATIONS, upgrade, version
from cds_service.feedback.store import Store
from cds_service.feedback.tables import HEAD, feedback, metadata
from tests.feedback.conftest import KEY, OpenStore
from tests.feedback.samples import ACCEPTED, python, rows, wait_for


def test_the_newest_migration_is_the_one_that_the_code_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_migrations_make_the_tables_that_the_code_uses(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_an_upgrade_of_what_is_current_changes_nothing(store: Store) -> None:
    store.take([ACCEPTED])
    upgrade(store.engine)
    assert version(store.engine) == HEAD
    assert len(rows(store, feedback)) == 1


OPEN = """
import sys, time
from cds_service.feedback.store import Store
print("ready", flush=True)
sys.stdin.readline()
store = Store(sys.argv[1], sys.argv[2])
until = time.monotonic() + 10
while not store.ready() and time.monotonic() < until:
    time.sleep(0.05)
print(store.ready(), "alembic" in sys.modules, flush=True)
store.close()
"""


def test_workers_that_start_together_make_one_schema(url: str, open_store: OpenStore) -> None:
    workers = [python(OPEN, url, KEY, stdin=-1) for _ in range(3)]
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    said = [worker.communicate(timeout=60) for worker in workers]
    assert [(out.split()[0], err) for out, err in said] == [("True", "")] * 3
    open_store(url).take([ACCEPTED])


def test_alembic_is_not_imported_where_the_schema_is_current(url: str, store: Store) -> None:
    worker = python(OPEN, url, KEY, stdin=-1)
    assert worker.communicate("go\n", timeout=60) == ("ready\nTrue False\n", "")


def _says_it_is(store: Store, number: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": number})


def test_a_store_of_a_newer_version_is_refused_at_the_start(url: str, store: Store) -> None:
    _says_it_is(store, "9999")
    with pytest.raises(SettingsError, match="9999, newer than this version"):
        Store(url, KEY)


def test_a_store_that_was_upgraded_while_it_was_gone_is_left_alone(
    url: str, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writer, "LONGEST_PAUSE", 0.3)
    store = open_store(url)
    _says_it_is(store, "9999")
    assert not store.ready()
    wait_for(lambda: "SettingsError" in caplog.text)
    with pytest.raises(StoreUnavailable):
        store.take([ACCEPTED])
    _says_it_is(store, HEAD)
    wait_for(store.ready)
    store.take([ACCEPTED])
