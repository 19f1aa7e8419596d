"""The account of CDS Hooks is whole: every requirement is there, the tests it names exist, the page is current."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.hooks.service import Answerer, Reply
from cds_service.hooks.wsgi import Edge
from tests.conformance import page, replies
from tests.conformance.replies import hold
from tests.conformance.requirements import faults, load

REQUIREMENTS = load()
WHOLE = [replace(one, tests=(), reason=one.reason or "A reason.") for one in REQUIREMENTS]


def test_every_requirement_has_tests_that_exist_or_a_reason() -> None:
    assert list(faults(REQUIREMENTS)) == []


def test_the_page_is_current() -> None:
    assert page.FILE.read_text("utf-8") == page.page(REQUIREMENTS), "make conformance writes it"


def test_no_must_goes_without_a_test() -> None:
    assert [one.id for one in REQUIREMENTS if one.level.startswith("MUST") and not one.tests] == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tests": (), "reason": ""}, "neither a test nor a reason"),
        ({"tests": ("tests/conformance/test_requirements.py::test_no_such_test",)}, "there is no"),
        ({"tests": ("tests/conformance/no_such_file.py",)}, "there is no"),
        ({"tests": ("tests/test_examples.py", "tests/test_examples.py")}, "twice"),
        ({"level": "COULD"}, "level"),
        ({"says": "no sentence"}, "no sentence"),
        ({"id": "R138"}, "each once and in order"),
    ],
    ids=str,
)
def test_a_gap_in_the_account_is_found(change: dict[str, object], says: str) -> None:
    assert list(faults(WHOLE)) == []
    broken = [replace(WHOLE[0], **change), *WHOLE[1:]]
    assert [fault for fault in faults(broken) if says in fault]


CALL = "/cds-services/neonatal-ivig-order-select"
JSON = "application/json"


@pytest.mark.parametrize(
    ("method", "path", "status", "kind", "body"),
    [
        ("POST", CALL, 200, JSON, b'{"cards": [{"summary": "x"}]}'),
        ("POST", CALL, 200, JSON, b'{"cards": [], "systemActions": []}'),
        ("POST", CALL, 200, JSON, b"{}"),
        ("POST", CALL, 200, "text/html", b"<p>"),
        ("POST", CALL, 201, JSON, b'{"cards": []}'),
        ("POST", CALL, 400, JSON, b'{"error": "no"}'),
        ("POST", CALL, 418, JSON, b'{"resourceType": "OperationOutcome"}'),
        ("GET", "/cds-services", 200, JSON, b'{"services": []}'),
        ("GET", "/nowhere", 200, JSON, b"{}"),
        ("GET", "/nowhere", 404, "text/html", b"{}"),
    ],
)
def test_a_reply_that_is_not_as_documented_fails_the_test_that_got_it(
    method: str, path: str, status: int, kind: str, body: bytes
) -> None:
    with pytest.raises(AssertionError):
        hold(method, path, status, kind, body)


def test_every_reply_is_held(answerer: Answerer) -> None:
    assert hasattr(Answerer.reply, "__wrapped__")
    assert hasattr(Edge.__call__, "__wrapped__")


def test_what_is_found_fails_a_test_also_where_the_service_catches_it() -> None:
    wrapped = replies._held_reply(lambda *_: Reply(200, b"{}"))
    with pytest.raises(AssertionError):
        wrapped(object(), "neonatal-ivig-order-select")
    assert replies.FOUND.pop().startswith("POST /cds-services/neonatal-ivig-order-select answered 200")
