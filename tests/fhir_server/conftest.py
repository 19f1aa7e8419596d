"""One FHIR server for all, one service for each site, one example at a time on record: `make test-fhir`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.fhir_server.examples import MISSPELLED, NAMES, Example, known_bases
from tests.fhir_server.server import FhirServer
from tests.fhir_server.service import Service, ServiceOf, register


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Plain `pytest` goes past, since it may run where there is no Java: these are run by their own name."""
    return None if any("fhir_server" in str(given) for given in config.args) else True


@pytest.fixture(scope="session")
def fhir() -> Iterator[FhirServer]:
    with FhirServer(sorted(set(known_bases()))) as server:
        yield server


@pytest.fixture(scope="session")
def service_of(fhir: FhirServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceOf]:
    clients = register(tmp_path_factory.mktemp("clients"), {"whole": fhir.whole, "paged": fhir.paged})
    with ExitStack() as running:
        yield cache(lambda site: running.enter_context(Service(site, clients)))


@pytest.fixture(scope="session", params=[name for name in NAMES if name not in MISSPELLED])
def example(request: pytest.FixtureRequest, fhir: FhirServer) -> Iterator[Example]:
    """On record, and nothing of any other."""
    one = Example(request.param)
    fhir.load(one.resources())
    yield one
    fhir.unload(one.resources())
