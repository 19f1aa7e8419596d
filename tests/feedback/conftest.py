"""A store on each database, empty at the start of each test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cds_service.feedback.store import Store
from tests.feedback.postgresql import Server, binaries

KEY = "an invented key of more than thirty-two characters"
OpenStore = Callable[..., Store]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """Skipped where there is none, unless the run says that there must be one."""
    folder = binaries()
    if folder is None:
        assert os.environ.get("CI_POSTGRESQL") != "required", "PostgreSQL is not installed"
        pytest.skip("PostgreSQL is not installed")
    server = Server(folder)
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    server: Server = request.getfixturevalue("postgresql")
    return server.fresh()


@pytest.fixture
def open_store() -> Iterator[OpenStore]:
    """Opens stores, and closes them at the end."""
    opened: list[Store] = []

    def opener(url: str, **options: object) -> Store:
        ever = {"keep_days": 36_500, **options}  # the samples have a fixed date
        opened.append(Store(url, KEY, **ever))  # type: ignore[arg-type]
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(url: str, open_store: OpenStore) -> Store:
    return open_store(url)
