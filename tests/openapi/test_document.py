"""The document itself: it names what there is, and its parts hold together."""

import re

import pytest
import yaml
from jsonschema import Draft202012Validator

from cds_service import __version__
from cds_service.app import openapi_file
from tests.openapi.documented import (
    CALL,
    DOCUMENT,
    FEEDBACK,
    METHODS,
    at_pointer,
    component,
    everything,
    faults,
    schema_at,
    step,
)

# What no route of ours speaks: a client may hold its own messages against it.
FOR_OTHERS = ("CdsHooksRequest", "CdsHooksFeedback")


def test_the_document_names_every_route_and_no_other(app):
    routes = {
        (re.sub("<[^>]*>", "{id}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    written = {(path, method) for path, item in DOCUMENT["paths"].items() for method in item if method in METHODS}
    assert written == routes | {(CALL, "post"), (CALL, "options"), (FEEDBACK, "post")}


def test_the_document_names_the_services_that_discovery_offers(client):
    offered = [service["id"] for service in client.get("/cds-services").get_json()["services"]]
    parameter = DOCUMENT["components"]["parameters"]["ServiceId"]
    assert parameter["schema"]["enum"] == offered
    assert DOCUMENT["components"]["schemas"]["Service"]["properties"]["id"]["enum"] == offered


def test_the_document_carries_the_version_of_the_software():
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["info"]["version"] == __version__


def test_every_reference_resolves():
    references = [value for path, value in everything(DOCUMENT) if path.endswith("/$ref")]
    references += [value for path, value in everything(DOCUMENT) if "/discriminator/mapping/" in path]
    assert references
    for reference in references:
        assert isinstance(at_pointer(reference), dict)


def test_every_component_is_used():
    references = {value for path, value in everything(DOCUMENT) if path.endswith("/$ref")}
    written = {f"#/components/{kind}/{name}" for kind, group in DOCUMENT["components"].items() for name in group}
    required = [one["security"] for item in DOCUMENT["paths"].values() for one in item.values() if "security" in one]
    schemes = {name for either in required for one in either for name in one}
    references |= {f"#/components/securitySchemes/{name}" for name in schemes}
    assert written - references == {f"#/components/schemas/{name}" for name in FOR_OTHERS}
    assert references <= written


def test_operation_ids_differ():
    ids = [value for path, value in everything(DOCUMENT["paths"]) if path.endswith("/operationId")]
    assert len(ids) == len(set(ids)) == sum(len(item) for item in DOCUMENT["paths"].values())


def test_no_key_is_written_twice():
    def refuse(loader, node):
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), node.start_mark
        return loader.construct_mapping(node, deep=True)

    strict = type("Strict", (yaml.SafeLoader,), {})
    strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, refuse)
    assert yaml.load(openapi_file().read_text("utf-8"), strict) == DOCUMENT


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_schema_is_a_schema(name):
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_object_says_whether_it_is_open(name):
    for path, value in everything(DOCUMENT["components"]["schemas"][name]):
        if isinstance(value, dict) and "object" in str(value.get("type", "")) and "/examples" not in path:
            assert "additionalProperties" in value, path


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_example_fits_its_schema(name):
    def check(pointer):
        for example in at_pointer(pointer).get("examples", ()):
            assert faults(schema_at(pointer), example) == []
        for inner in at_pointer(pointer).get("properties", {}):
            check(f"{pointer}/properties/{step(inner)}")

    check(f"#/components/schemas/{name}")


def test_the_example_of_an_error_fits_its_schema():
    example = DOCUMENT["components"]["responses"]["BadRequest"]["content"]["application/json"]["example"]
    assert faults(component("OperationOutcome"), example) == []
