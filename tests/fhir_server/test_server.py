"""The server is as strict as the other tests need it to be: what it accepts says something."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.fhir_server.examples import Example
from tests.fhir_server.server import FhirServer


@pytest.fixture(scope="module")
def baby(fhir: FhirServer) -> Iterator[Example]:
    one = Example("hdn/given")
    fhir.load(one.resources())
    yield one
    fhir.unload(one.resources())


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer another"}, {"Authorization": "Basic YTpi"}])
def test_a_token_is_demanded(headers: dict[str, str], baby: Example, fhir: FhirServer) -> None:
    reply = requests.get(f"{fhir.whole}/Patient/{baby.patient}", headers=headers, timeout=20)
    assert reply.status_code == 401
    assert reply.json()["resourceType"] == "OperationOutcome"


def test_an_unknown_parameter_is_refused(baby: Example, fhir: FhirServer) -> None:
    reply = fhir.search(fhir.whole, f"Observation?patient={baby.patient}&invented=1")
    assert reply.status_code == 400


@pytest.mark.parametrize("change", [{"status": "invented"}, {"invented": "1"}, {"code": None}])
def test_what_is_not_r4_is_refused(change: dict, baby: Example, fhir: FhirServer) -> None:
    changed = baby.sent("bilirubin")[0] | {"id": "changed"} | change
    with pytest.raises(AssertionError):
        fhir.load([{key: value for key, value in changed.items() if value is not None}])


def test_pages_of_two(baby: Example, fhir: FhirServer) -> None:
    query = f"Observation?patient={baby.patient}&_count=100"
    whole, paged = (fhir.search(base, query).json() for base in (fhir.whole, fhir.paged))
    assert [link["relation"] for link in whole["link"]] == ["self"]
    assert "next" in [link["relation"] for link in paged["link"]]
    assert len(whole["entry"]) > len(paged["entry"]) == 2
