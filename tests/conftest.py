"""What every test may use: the knowledge of the demo sites, loaded once, and readers built on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

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
