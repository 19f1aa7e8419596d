"""The edge: routes, methods, size and type of the body, and what browsers of other origins may do."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.hooks.calls import ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW, order_call, view_call

PATH = f"/cds-services/{ORDER_SELECT}"
BODY = orjson.dumps(order_call())
JSON = "application/json"
EHR, OTHER = "https://ehr.example", "https://evil.example"
LARGEST = 5 * 1024 * 1024


def client_of(*origins: str) -> FlaskClient:
    settings = Settings(auth="off", accept_as_of=True, allowed_origins=origins, _env_file=None)
    return create_app(settings).test_client()


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    with client_of(EHR) as made:
        yield made


def refused(response: Any, status: int) -> None:
    assert response.status_code == status
    body = response.get_json()
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"][0]["diagnostics"] == f"HTTP {status}"
    assert "Traceback" not in response.text


def safe(response: Any) -> None:
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_both_services_answer(client: FlaskClient) -> None:
    for service, call in ((ORDER_SELECT, order_call()), (PATIENT_VIEW, view_call())):
        response = client.post(f"/cds-services/{service}", data=orjson.dumps(call), content_type=JSON)
        assert response.status_code == 200
        assert response.mimetype == JSON
        assert response.get_json()["cards"]
        assert int(response.headers["Content-Length"]) == len(response.data)
        safe(response)


def test_the_services_are_listed_with_what_they_ask_for(client: FlaskClient) -> None:
    response = client.get("/cds-services")
    services = {one["id"]: one for one in response.get_json()["services"]}
    assert set(services) == {ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW}
    for one in services.values():
        assert one["prefetch"]["patient"] == "Patient/{{context.patientId}}"
        assert all("{{context.patientId}}" in template for template in one["prefetch"].values())
    safe(response)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_told(client: FlaskClient, path: str) -> None:
    assert client.get(path).get_json()["status"] == "ok"


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_may_come_with_its_charset(client: FlaskClient, kind: str) -> None:
    assert client.post(PATH, data=BODY, content_type=kind).status_code == 200


@pytest.mark.parametrize("kind", ["", "text/plain", "application/fhir+json", "application/x-www-form-urlencoded"])
def test_another_content_type_is_refused(client: FlaskClient, kind: str) -> None:
    refused(client.post(PATH, data=BODY, content_type=kind), 415)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_compressed_body_is_refused(client: FlaskClient, encoding: str) -> None:
    refused(client.post(PATH, data=BODY, content_type=JSON, headers={"Content-Encoding": encoding}), 415)


def test_a_body_over_five_megabytes_is_refused(client: FlaskClient) -> None:
    refused(client.post(PATH, data=b" " * (LARGEST + 1), content_type=JSON), 413)


def test_a_body_of_five_megabytes_is_read(client: FlaskClient) -> None:
    padded = BODY + b" " * (LARGEST - len(BODY))
    assert client.post(PATH, data=padded, content_type=JSON).status_code == 200


def test_no_more_is_read_than_is_allowed_where_the_length_is_not_told(client: FlaskClient) -> None:
    stream = io.BytesIO(b" " * (LARGEST * 2))
    environ = {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    refused(client.post(PATH, content_type=JSON, environ_overrides=environ), 413)
    assert stream.tell() <= LARGEST + 1


def test_a_malformed_call_is_refused(client: FlaskClient) -> None:
    refused(client.post(PATH, data=b"{", content_type=JSON), 400)


@pytest.mark.parametrize("path", ["/cds-services/unknown", "/cds-services/"])
def test_a_service_that_is_not_offered_is_not_found(client: FlaskClient, path: str) -> None:
    refused(client.post(path, data=BODY, content_type=JSON), 404)


@pytest.mark.parametrize("path", ["/", "/x", f"{PATH}/feedback/x/y", "/../etc/passwd"])
def test_an_unknown_address_is_not_found(client: FlaskClient, path: str) -> None:
    refused(client.get(path), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_method_that_is_not_offered_is_refused_and_says_which_are(client: FlaskClient, method: str) -> None:
    response = client.open("/cds-services", method=method)
    refused(response, 405)
    assert "GET" in response.headers["Allow"]


def test_a_service_called_with_get_is_told_to_post(client: FlaskClient) -> None:
    refused(client.get(PATH), 405)


def preflight(client: FlaskClient, origin: str) -> Any:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    return client.options(PATH, headers=asked)


def test_an_allowed_origin_may_call(client: FlaskClient) -> None:
    response = preflight(client, EHR)
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == EHR
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]
    answers = (client.post(PATH, data=BODY, content_type=JSON, headers={"Origin": EHR}),)
    answers += (client.get("/cds-services", headers={"Origin": EHR}), client.get("/x", headers={"Origin": EHR}))
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == EHR
        assert "Origin" in answer.headers["Vary"]


def test_another_origin_may_not(client: FlaskClient) -> None:
    for response in (preflight(client, OTHER), client.get("/cds-services", headers={"Origin": OTHER})):
        assert "Access-Control-Allow-Origin" not in response.headers
        assert "Origin" in response.headers["Vary"]


def test_a_call_without_an_origin_is_not_a_browsers(client: FlaskClient) -> None:
    assert "Access-Control-Allow-Origin" not in client.get("/cds-services").headers


@pytest.mark.parametrize(("origins", "allowed"), [((), None), (("*",), "*")])
def test_no_origin_or_any_may_be_allowed(origins: tuple[str, ...], allowed: str | None) -> None:
    with client_of(*origins) as client:
        response = preflight(client, OTHER)
        assert response.headers.get("Access-Control-Allow-Origin") == allowed
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    ("path", "method", "kind"),
    [(PATH, "POST", "text/plain"), (f"{PATH}x", "POST", JSON), (PATH, "PUT", JSON), (f"{PATH}/feedback", "GET", JSON)],
)
def test_of_a_call_that_is_refused_no_body_is_waited_for(
    client: FlaskClient, path: str, method: str, kind: str
) -> None:
    """A body that never comes would hold one of the few threads."""
    stream = io.BytesIO(BODY)
    client.open(path, method=method, content_type=kind, environ_overrides={"wsgi.input": stream, "CONTENT_LENGTH": "9"})
    assert stream.tell() == 0


@pytest.mark.parametrize("path", ["//cds-services", "/health//live", "/cds-services/"])
def test_a_path_is_taken_as_it_is(client: FlaskClient, path: str) -> None:
    refused(client.get(path, headers={"Host": "evil.example"}), 404)
