"""Every answer, right or wrong, is typed, not to be sniffed or kept, and tells of no internals."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.hooks.calls import ORDER_SELECT, order_call

PATH = f"/cds-services/{ORDER_SELECT}"
BODY = orjson.dumps(order_call())
JSON = {"Content-Type": "application/json"}
CALLS: dict[str, tuple[str, str, bytes, dict[str, str], int]] = {
    "a call": ("POST", PATH, BODY, JSON, 200),
    "no body": ("POST", PATH, b"", JSON, 400),
    "half a body": ("POST", PATH, BODY[:100], JSON, 400),
    "a name twice": ("POST", PATH, b'{"hook": 1, "hook": 2}', JSON, 400),
    "no patient": ("POST", PATH, orjson.dumps(order_call() | {"prefetch": {}}), JSON, 412),
    "an unknown service": ("POST", "/cds-services/x", BODY, JSON, 404),
    "too large": ("POST", PATH, b" " * (5 * 1024 * 1024 + 1), JSON, 413),
    "another type": ("POST", PATH, BODY, {"Content-Type": "text/html"}, 415),
    "no type": ("POST", PATH, BODY, {}, 415),
    "compressed": ("POST", PATH, BODY, JSON | {"Content-Encoding": "gzip"}, 415),
    "a call by GET": ("GET", PATH, b"", {}, 405),
    "a call by PUT": ("PUT", PATH, BODY, JSON, 405),
    "discovery": ("GET", "/cds-services", b"", {}, 200),
    "discovery by POST": ("POST", "/cds-services", BODY, JSON, 405),
    "the document": ("GET", "/openapi.yaml", b"", {}, 200),
    "life": ("GET", "/health/live", b"", {}, 200),
    "readiness": ("GET", "/health/ready", b"", {}, 200),
    "nothing there": ("GET", "/x", b"", {}, 404),
    "a console": ("GET", "/console", b"", {}, 404),
    "a debugger": ("GET", "/?__debugger__=yes&cmd=resource&f=debugger.js", b"", {}, 404),
    "a way up": ("GET", "/../../etc/passwd", b"", {}, 404),
    "an encoded way up": ("GET", "/cds-services/%2e%2e%2f%2e%2e", b"", {}, 404),
    "options": ("OPTIONS", "/cds-services", b"", {}, 200),
}


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    app = create_app(Settings(auth="off", accept_as_of=True, _env_file=None))
    assert app.debug is False
    assert app.testing is False
    with app.test_client() as made:
        yield made


@pytest.mark.parametrize("name", CALLS)
def test_every_answer_has_safe_headers(client: FlaskClient, name: str) -> None:
    method, path, body, headers, status = CALLS[name]
    answer = client.open(path, method=method, data=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers
    if name != "options":
        assert answer.mimetype == ("application/yaml" if path == "/openapi.yaml" else "application/json")
    if status >= 400:
        assert answer.get_json()["resourceType"] == "OperationOutcome"
        for word in ("Traceback", "werkzeug", "flask", ".py", "python", "Error:"):
            assert word.lower() not in answer.text.lower()


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "0x10", "9" * 5000, "٣", " 5", "+5"])
def test_a_length_that_is_none_is_no_fault(client: FlaskClient, length: str) -> None:
    environ: dict[str, Any] = {"wsgi.input": io.BytesIO(BODY), "CONTENT_LENGTH": length}
    answer = client.post(PATH, headers=JSON, environ_overrides=environ)
    assert answer.status_code in (200, 400, 413)


def test_a_length_that_promises_more_than_comes_is_refused(client: FlaskClient) -> None:
    environ: dict[str, Any] = {"wsgi.input": io.BytesIO(BODY[:500]), "CONTENT_LENGTH": str(len(BODY))}
    assert client.post(PATH, headers=JSON, environ_overrides=environ).status_code == 400


def test_of_a_body_longer_than_its_length_only_that_length_is_read(client: FlaskClient) -> None:
    environ: dict[str, Any] = {"wsgi.input": io.BytesIO(BODY + b"garbage"), "CONTENT_LENGTH": str(len(BODY))}
    assert client.post(PATH, headers=JSON, environ_overrides=environ).status_code == 200


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json; charset=utf-8", BODY, 200),
        ("application/json; charset=UTF-16", BODY, 200),  # RFC 8259 has no charset: the bytes say what they are
        ("application/json; charset=utf-16", BODY.decode().encode("utf-16"), 400),
        ("application/json;charset=iso-8859-1", '{"a": "é"}'.encode("latin-1"), 400),
        ("application/json; profile=x; a=b", BODY, 200),
        ("application/jsonp", BODY, 415),
        ("application/json, text/html", BODY, 415),
        ("multipart/form-data; boundary=x", BODY, 415),
    ],
)
def test_of_the_content_type_only_the_type_counts(client: FlaskClient, kind: str, body: bytes, status: int) -> None:
    assert client.post(PATH, data=body, headers={"Content-Type": kind}).status_code == status
