"""What is read from a FHIR server is judged as if it had been sent. The answers are compared as they are: the list of
what was read is taken out and checked, and nothing else is made alike."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from cds_service.hooks.discovery import templates
from cds_service.knowledge.load import load_knowledge
from cds_service.knowledge.shapes import Knowledge
from tests.fhir_server.examples import MISSPELLED, Example
from tests.fhir_server.server import TOKEN, FhirServer
from tests.fhir_server.service import Service, ServiceOf

READ = "org.neonatal-ivig-cds.read"
DECISION = "org.neonatal-ivig-cds.decision"


def answer(service: Service, example: Example, call: dict) -> dict:
    reply = service.ask(example.service, call)
    assert reply.status_code == 200, reply.text
    return reply.json()


def read(message: dict) -> set[str]:
    """Takes the keys that were read out of an answer."""
    extension = message.get("extension", {})
    found = set(extension.pop(READ, ()))
    if not extension:
        message.pop("extension", None)
    return found


@pytest.fixture
def service(example: Example, service_of: ServiceOf) -> Service:
    return service_of(example.site)


@pytest.fixture
def expected(example: Example, service: Service) -> dict:
    """The answer to the call with all that it is about."""
    return answer(service, example, example.request)


@cache
def knowledge_of(site: str) -> Knowledge:
    return load_knowledge(site)


def test_each_template_works_alone(example: Example, fhir: FhirServer) -> None:
    """The server takes it without a word, and finds all of what it asks for among what is on record, and only that."""
    for key, template in templates(knowledge_of(example.site), example.as_of.date()).items():
        reply = fhir.search(fhir.whole, template.replace("{{context.patientId}}", example.patient))
        assert reply.status_code == 200, (key, reply.text)
        found = reply.json()
        entries = [found] if key == "patient" else [entry["resource"] for entry in found.get("entry", ())]
        asked = [one for one in example.sent(key) if asks_for(template, one)]
        assert sorted((one["resourceType"], one["id"]) for one in entries) == sorted(
            (one["resourceType"], one["id"]) for one in asked
        ), key


def asks_for(template: str, resource: dict) -> bool:
    """Whether a template means it, read as FHIR defines its parameters."""
    parameters = dict(part.split("=", 1) for part in template.partition("?")[2].split("&") if part)
    if "code" not in parameters:
        return parameters.get("status") in (None, resource.get("status"))
    # A period without an end goes on.
    latest = resource.get("effectiveDateTime") or resource["effectivePeriod"].get("end", "9999")
    if latest < parameters.get("date", "ge").removeprefix("ge"):
        return False
    codes = [f"{one.get('system')}%7C{one.get('code')}" for one in resource["code"].get("coding", ())]
    return not set(codes).isdisjoint(parameters["code"].split(","))


def test_nothing_sent(example: Example, service: Service, expected: dict, fhir: FhirServer) -> None:
    given = answer(service, example, example.call(fhir.whole, TOKEN))
    assert read(given) == set(service.templates())
    assert given == expected


@pytest.mark.parametrize("first", [0, 1])
def test_every_other_key_sent(first: int, example: Example, service: Service, expected: dict, fhir: FhirServer) -> None:
    keys = sorted(service.templates())
    given = answer(service, example, example.call(fhir.whole, TOKEN, sent=keys[first::2]))
    assert read(given) == set(keys[1 - first :: 2])
    assert given == expected


def test_in_pages_of_two(example: Example, service: Service, expected: dict, fhir: FhirServer) -> None:
    given = answer(service, example, example.call(fhir.paged, TOKEN))
    assert read(given) == set(service.templates())
    assert given == expected


@pytest.fixture(scope="module")
def misspelled(fhir: FhirServer) -> Iterator[Example]:
    one = Example(MISSPELLED[0])
    fhir.load(one.resources())
    yield one
    fhir.unload(one.resources())


def test_codes_of_a_misspelled_system_are_missed_and_said_to_be(
    misspelled: Example, service_of: ServiceOf, fhir: FhirServer
) -> None:
    """An EHR that writes LOINC as https://loinc.org is understood, but a search for http://loinc.org cannot find it."""
    service = service_of(misspelled.site)
    sent, looked_up = (
        answer(service, misspelled, call)["cards"][0]
        for call in (misspelled.request, misspelled.call(fhir.whole, TOKEN))
    )
    assert sent["extension"][DECISION]["verdict"] == "not-indicated"
    assert looked_up["extension"][DECISION]["verdict"] == "needs-information"
    assert "missing: platelet count" in looked_up["summary"]


def test_a_medication_that_an_order_refers_to_is_read(
    ordered: Example, service_of: ServiceOf, fhir: FhirServer
) -> None:
    service, call = service_of(ordered.site), ordered.call(fhir.whole, TOKEN)
    order = call["context"]["draftOrders"]["entry"][0]["resource"]
    medication = {"resourceType": "Medication", "id": "ivig-10", "code": order.pop("medicationCodeableConcept")}
    order["medicationReference"] = {"reference": "Medication/ivig-10"}
    fhir.load([medication])
    given = answer(service, ordered, call)
    fhir.unload([medication])
    with_it = call | {"prefetch": ordered.request["prefetch"] | {"medication": medication}}
    assert read(given) == {"medication", *service.templates()}
    assert given == answer(service, ordered, with_it)


@pytest.fixture(scope="module")
def ordered(fhir: FhirServer) -> Iterator[Example]:
    one = Example("hdn/given")
    fhir.load(one.resources())
    yield one
    fhir.unload(one.resources())


@pytest.mark.parametrize("token", ["", "another"])
def test_without_the_token_a_card_says_what_was_not_checked(
    token: str, ordered: Example, service_of: ServiceOf, fhir: FhirServer
) -> None:
    service = service_of(ordered.site)
    given = answer(service, ordered, ordered.call(fhir.whole, token))
    text = " ".join(card["detail"] for card in given["cards"])
    assert "The FHIR server refused access, and so not checked: " in text
    assert all(key in text for key in service.templates())
    assert not read(given)


def test_without_the_token_an_opened_chart_is_no_all_clear(
    ordered: Example, service_of: ServiceOf, fhir: FhirServer
) -> None:
    call = ordered.call(fhir.whole, "another") | {"hook": "patient-view"}
    reply = service_of(ordered.site).ask("neonatal-ivig-patient-view", call)
    assert reply.status_code == 412
    assert "another" not in reply.text
