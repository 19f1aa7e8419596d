"""Feedback, and calls of clients who are not known, are answered as the document says."""

import json

import pytest
from joserfc.jwk import ECKey

from cds_service.app import create_app
from cds_service.hooks.wsgi import LARGEST_BODY
from cds_service.settings import Settings
from tests.openapi.documented import (
    CALL,
    FEEDBACK,
    ISOIMMUNE,
    ORDER_SELECT,
    assert_as_documented,
    component,
    faults,
    order_select_call,
)

ADDRESS = f"{ORDER_SELECT}/feedback"
AT = "2026-11-20T12:05:00Z"
ACCEPTED = {"card": "card-1", "outcome": "accepted", "acceptedSuggestions": [{"id": "s-1"}], "outcomeTimestamp": AT}
OVERRIDDEN = {"card": "card-2", "outcome": "overridden", "outcomeTimestamp": AT}
REASON = {"reason": {"code": "patient-ineligible"}, "userComment": "words"}

# By the specification, and as clients really write it.
TAKEN = {
    "accepted": [ACCEPTED],
    "overridden without a reason": [OVERRIDDEN],
    "overridden with a reason": [OVERRIDDEN | {"overrideReason": REASON}],
    "several cards": [ACCEPTED, OVERRIDDEN],
    "the same twice": [ACCEPTED, ACCEPTED],
    "nothing": [],
    "a misspelt list of reasons": [OVERRIDDEN | {"overrideReasons": [REASON]}],
    "a reason in an extension": [
        OVERRIDDEN | {"overrideReason": {"extension": [{"valueCoding": {"code": "a", "system": "urn:example"}}]}}
    ],
    "no reason, said as null": [OVERRIDDEN | {"overrideReason": None}],
    "one suggestion in place of a list": [ACCEPTED | {"acceptedSuggestions": {"id": "s-1"}}],
    "a local time": [OVERRIDDEN | {"outcomeTimestamp": "2026-11-20T13:05:00.5+01:00"}],
    "unknown members": [OVERRIDDEN | {"more": {"a": None}}],
}
REFUSED = {
    "no list": {},
    "one item in place of a list": {"feedback": ACCEPTED},
    "an item that is text": {"feedback": ["card-1"]},
    "no card": {"feedback": [OVERRIDDEN | {"card": " "}]},
    "another outcome": {"feedback": [OVERRIDDEN | {"outcome": "ignored"}]},
    "accepted without a suggestion": {"feedback": [OVERRIDDEN | {"outcome": "accepted"}]},
    "no time": {"feedback": [OVERRIDDEN | {"outcomeTimestamp": "yesterday"}]},
    "an empty reason": {"feedback": [OVERRIDDEN | {"overrideReason": {}}]},
    "a comment that is a number": {"feedback": [OVERRIDDEN | {"overrideReason": {"userComment": 5}}]},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("clients-and-feedback")


@pytest.fixture(scope="module")
def client(folder):
    return create_app(Settings(auth="off", database_url=f"sqlite:///{folder}/store.db", _env_file=None)).test_client()


@pytest.fixture(scope="module")
def guarded(folder):
    key = ECKey.generate_key("P-384").as_dict(private=False) | {"kid": "key-1", "alg": "ES384", "use": "sig"}
    (folder / "keys.json").write_text(json.dumps({"keys": [key]}))
    clients = folder / "clients.toml"
    clients.write_text('[[client]]\nname = "ehr-1"\nissuer = "https://ehr.example/fhir"\njwks_file = "keys.json"\n')
    settings = Settings(
        clients=clients,
        database_url=f"sqlite:///{folder}/guarded.db",
        allowed_origins=("https://ehr.example",),
        _env_file=None,
    )
    return create_app(settings).test_client()


@pytest.mark.parametrize("name", TAKEN)
def test_feedback_is_taken_as_documented(client, name):
    message = {"feedback": TAKEN[name]}
    assert faults(component("FeedbackRequest"), message) == []
    answer = client.post(ADDRESS, json=message)
    assert answer.status_code == 200
    assert_as_documented(answer, FEEDBACK, "post")


@pytest.mark.parametrize("name", REFUSED)
def test_feedback_that_its_schema_refuses_is_answered_with_400(client, name):
    assert faults(component("FeedbackRequest"), REFUSED[name]) != []
    answer = client.post(ADDRESS, json=REFUSED[name])
    assert answer.status_code == 400
    assert_as_documented(answer, FEEDBACK, "post")


@pytest.mark.parametrize(
    ("address", "method", "body", "kind", "status"),
    [
        (ADDRESS, "POST", b"{", "application/json", 400),
        (ADDRESS, "GET", None, None, 405),
        (ADDRESS, "POST", b" " * (LARGEST_BODY + 1), "application/json", 413),
        (ADDRESS, "POST", b"{}", "text/plain", 415),
        ("/cds-services/no-such-service/feedback", "POST", b'{"feedback": []}', "application/json", 404),
    ],
)
def test_errors_of_feedback_are_as_documented(client, address, method, body, kind, status):
    answer = client.open(address, method=method, data=body, content_type=kind)
    assert answer.status_code == status
    assert_as_documented(answer, FEEDBACK, "post")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer a.b.c"}, {"Authorization": "Basic YTpi"}], ids=str)
@pytest.mark.parametrize(("path", "address"), [(CALL, ORDER_SELECT), (FEEDBACK, ADDRESS)])
def test_who_is_not_known_gets_one_and_the_same_401(guarded, path, address, headers):
    call = order_select_call(ISOIMMUNE) if path == CALL else {"feedback": [OVERRIDDEN]}
    answer = guarded.post(address, json=call, headers=headers | {"Origin": "https://ehr.example"})
    assert answer.status_code == 401
    assert_as_documented(answer, path, "post")
    assert answer.data == guarded.post(ORDER_SELECT, json=order_select_call(ISOIMMUNE)).data
    assert answer.headers["Access-Control-Allow-Origin"] == "https://ehr.example"


@pytest.mark.parametrize("path", ["/cds-services", "/openapi.yaml", "/health/live", "/health/ready"])
def test_what_is_open_needs_no_token(guarded, path):
    answer = guarded.get(path)
    assert answer.status_code == 200
    assert_as_documented(answer, path, "get")


@pytest.mark.parametrize(("path", "address"), [(CALL, ORDER_SELECT), (FEEDBACK, ADDRESS)])
def test_a_preflight_needs_no_token(guarded, path, address):
    asked = {"Origin": "https://ehr.example", "Access-Control-Request-Method": "POST"}
    answer = guarded.options(address, headers=asked)
    assert answer.status_code == 204
    assert answer.headers["X-Request-ID"]
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
