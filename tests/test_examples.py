"""The golden examples in `fhir_examples/`: what a real system may send, and exactly what the service answers."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.settings import Settings

ROOT = Path(__file__).parent.parent / "fhir_examples"
EXAMPLES = sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in ROOT.glob("*/*/request.json"))
SITES = json.loads((ROOT / "sites.json").read_text("utf-8"))
HOOKS = ("order-select", "order-sign", "patient-view")
SERVICES = {hook: f"neonatal-ivig-{hook}" for hook in HOOKS}
DECISION = "org.neonatal-ivig-cds.decision"
DECISIONS = "org.neonatal-ivig-cds.decisions"
AS_OF = "org.neonatal-ivig-cds.as-of"

each_example = pytest.mark.parametrize("name", EXAMPLES)


@cache
def client_of(site: str) -> FlaskClient:
    return create_app(Settings(auth="off", accept_as_of=True, site=site)).test_client()


@cache
def version_of(site: str) -> str:
    return client_of(site).get("/health/ready").get_json()["knowledge_version"]


def site_of(name: str) -> str:
    return SITES.get(name, "demo")


def request_of(name: str) -> dict:
    return json.loads((ROOT / name / "request.json").read_bytes())


def response_of(name: str) -> dict:
    return json.loads((ROOT / name / "response.json").read_bytes())


def records(message: dict) -> list[dict]:
    """Decision records of all cards, the leading card's first."""
    found = []
    for card in message["cards"]:
        extension = card.get("extension", {})
        found += [extension[DECISION]] if DECISION in extension else []
        found += extension.get(DECISIONS, [])
    return found


def bundled(bundle: dict) -> list[dict]:
    return [entry["resource"] for entry in bundle.get("entry", ())]


def sent(request: dict) -> Iterator[dict]:
    """Every resource of a call, Bundles whole."""
    yield from request["prefetch"].values()
    if "draftOrders" in request["context"]:
        yield request["context"]["draftOrders"]


def suggested(message: dict) -> list[dict]:
    suggestions = [one for card in message["cards"] for one in card.get("suggestions", ())]
    return [action["resource"] for one in suggestions for action in one["actions"] if "resource" in action]


def assert_valid(resource: dict) -> None:
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_there_are_enough_examples():
    assert len(EXAMPLES) >= 14


def test_sites_name_examples():
    assert set(SITES) <= set(EXAMPLES)


@each_example
def test_an_example_is_three_files(name):
    assert sorted(path.name for path in (ROOT / name).iterdir()) == ["request.json", "response.json", "why.md"]


@each_example
def test_the_service_answers_as_written(name):
    request = (ROOT / name / "request.json").read_bytes()
    url = f"/cds-services/{SERVICES[request_of(name)['hook']]}"
    reply = client_of(site_of(name)).post(url, data=request, content_type="application/json")
    assert reply.status_code == 200
    said = reply.get_data(as_text=True).replace(version_of(site_of(name)), "KNOWLEDGE")
    assert json.loads(said) == response_of(name)


@each_example
@pytest.mark.parametrize("file", ["request.json", "response.json"])
def test_files_are_pretty(name, file):
    text = (ROOT / name / file).read_text("utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


@each_example
def test_every_resource_sent_is_r4(name):
    for resource in sent(request_of(name)):
        assert_valid(resource)


@each_example
def test_every_resource_suggested_is_r4(name):
    for resource in suggested(response_of(name)):
        assert_valid(resource)


@each_example
def test_a_call_sends_all_that_the_service_asks_for(name):
    request = request_of(name)
    services = client_of(site_of(name)).get("/cds-services").get_json()["services"]
    prefetch = next(one["prefetch"] for one in services if one["hook"] == request["hook"])
    assert set(request["prefetch"]) == set(prefetch)
    assert AS_OF in request["extension"]


@each_example
def test_bundles_are_whole(name):
    for key, bundle in request_of(name)["prefetch"].items():
        if key == "patient":
            continue
        matches = [resource for resource in bundled(bundle) if resource["resourceType"] != "OperationOutcome"]
        assert bundle["type"] == "searchset"
        assert bundle["total"] == len(matches)
        assert [link["relation"] for link in bundle["link"]] == ["self"]
        assert all("fullUrl" in entry for entry in bundle.get("entry", ()))


@each_example
def test_all_is_of_one_nameless_patient(name):
    request = request_of(name)
    patient = request["prefetch"]["patient"]
    assert patient["id"] == request["context"]["patientId"]
    assert not {"name", "contact", "telecom", "address"} & set(patient)
    for resource in [one for bundle in sent(request) for one in bundled(bundle)]:
        if resource["resourceType"] not in ("Medication", "OperationOutcome"):
            reference = resource["subject"]["reference"]
            assert reference.endswith(f"Patient/{patient['id']}")


def test_no_two_calls_are_the_same():
    instances = [UUID(request_of(name)["hookInstance"]) for name in EXAMPLES]
    assert len(set(instances)) == len(EXAMPLES)


@each_example
def test_why_names_the_verdict(name):
    """The verdict on the example's own indication, and that of the card that leads."""
    why = (ROOT / name / "why.md").read_text("utf-8")
    found = records(response_of(name))
    own = [record for record in found if record["indication"] == name.partition("/")[0]]
    assert own
    for record in (own[0], found[0]):
        assert f"**{record['verdict']}**" in why


@each_example
def test_why_is_short(name):
    lines = (ROOT / name / "why.md").read_text("utf-8").splitlines()
    assert 6 <= len(lines) <= 15


def test_the_twins_get_the_same_answer():
    one, other = (records(response_of(f"hdn/{twin}"))[0] for twin in ("twin-mg-dl", "twin-umol-l"))
    for member in ("verdict", "answer", "dose", "lines"):
        assert one[member] == other[member]
    units = [
        next(fact["reported"]["unit"] for fact in record["facts"] if fact["name"] == "tsb") for record in (one, other)
    ]
    assert units == ["mg/dL", "µmol/L"]
