"""What every test may use: the knowledge of the demo sites, loaded once, and readers built on it."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from cds_service.facts.fact import Baby
from cds_service.facts.gather import FactReader
from cds_service.fhir.prefetch import collect
from cds_service.fhir.read import Json
from cds_service.hooks.service import Answerer
from cds_service.knowledge.load import load_knowledge
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import AS_OF, PATIENT
from tests.conformance import replies

settings.register_profile(
    "steady",
    deadline=None,
    database=None,
    derandomize=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")

ReadRecord = Callable[..., Baby]


def pytest_configure() -> None:
    """The store is a file of the tests, also for modules that make the service when they are collected, and for what
    tests start as processes: never that of whoever runs them."""
    folder = tempfile.TemporaryDirectory(prefix="ivig-cds-tests-", ignore_cleanup_errors=True)
    os.environ["CDS_DATABASE_URL"] = f"sqlite:///{Path(folder.name) / 'store.sqlite'}"
    atexit.register(folder.cleanup)


@pytest.fixture(scope="session", autouse=True)
def every_reply_is_as_documented() -> Iterator[None]:
    """In every test, whatever else it asks: a reply that openapi.yaml does not allow fails it."""
    with pytest.MonkeyPatch.context() as patch:
        replies.watch(patch)
        yield


@pytest.fixture(autouse=True)
def no_reply_was_otherwise() -> Iterator[None]:
    """Also where the service caught what was raised inside it."""
    yield
    found, replies.FOUND[:] = list(replies.FOUND), []
    assert not found


@pytest.fixture(scope="session")
def demo() -> Knowledge:
    return load_knowledge("demo")


@pytest.fixture(scope="session")
def demo_uk() -> Knowledge:
    return load_knowledge("demo_uk")


@pytest.fixture(scope="session")
def answerer(demo: Knowledge) -> Answerer:
    return Answerer(demo, accept_as_of=True)


@pytest.fixture(scope="session")
def read(demo: Knowledge) -> ReadRecord:
    """Reads a prefetch into the facts of one baby at one moment, as the service does."""
    reader = FactReader(demo)

    def read_prefetch(prefetch: Json, as_of: datetime = AS_OF) -> Baby:
        return reader.read(collect(prefetch, ("patient", *demo.queries), PATIENT), as_of, {})

    return read_prefetch
