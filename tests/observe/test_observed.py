"""One report for each request, by an id that is ours; no exception and no fault of the telling reaches a client."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from werkzeug.test import Client

from cds_service.observe.health import readiness
from cds_service.observe.observer import Observer
from cds_service.observe.told import Told
from cds_service.observe.wsgi import TOLD, Observed
from tests.observe.watched import FAULT, Watched, events, hashed, site_watched
from tests.test_examples import request_of

SIGN = "/cds-services/neonatal-ivig-order-sign"


def quiet(capfd: pytest.CaptureFixture[str]) -> Watched:
    """The service, with what it said at its start put away."""
    service = site_watched("demo")
    capfd.readouterr()
    return service


def test_a_call_is_told_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    call = request_of("hdn/sign-tenfold")
    answer = quiet(capfd).post(SIGN, call, headers={"X-Request-ID": "70330118"})
    (told,) = events(capfd.readouterr().err)
    cards = orjson.loads(answer.data)["cards"]
    assert told["request_id"] == answer.headers["X-Request-ID"]
    assert (
        told
        | {
            "event": "call",
            "level": "info",
            "service": "neonatal-ivig-order-sign",
            "hook": "order-sign",
            "user": hashed("user", "demo", "", "", call["context"]["userId"]),
            "hook_instance": hashed("hook_instance", "demo", "", "", call["hookInstance"]),
            "status": 200,
            "site": "demo",
            "cards": len(cards),
            "card_uuids": [card["uuid"] for card in cards],
        }
        == told
    )
    assert "tenfold:block" in told["rules"]
    assert told["prefetch"]["patient"] == "came"
    assert 0 < told["duration_ms"] < 60_000
    assert "dropped_fields" not in told


def test_discovery_and_health_are_not_logged(capfd: pytest.CaptureFixture[str]) -> None:
    client = quiet(capfd).client
    for path in ("/cds-services", "/health/live", "/health/ready"):
        assert client.get(path).status_code == 200
    assert capfd.readouterr().err == ""


def test_an_endpoint_that_is_not_registered_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    call = request_of("hdn/sign-tenfold")
    empty = {"hook": "order-sign", "hookInstance": call["hookInstance"], "context": {"userId": "x", "patientId": "1"}}
    quiet(capfd).post(SIGN, empty)
    told = events(capfd.readouterr().err)
    assert [one["event"] for one in told] == ["call", "endpoint_not_registered"]
    assert told[1]["level"] == "warning"
    assert told[0]["request_id"] == told[1]["request_id"]


def served(app: Any, observer: Observer) -> Client:
    return Client(Observed(app, observer, FAULT))


@pytest.fixture
def observer() -> Observer:
    return Observer(hashed=hashed)


def test_an_exception_is_a_500_without_words(observer: Observer, capfd: pytest.CaptureFixture[str]) -> None:
    def broken(environ: object, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        raise ValueError("Zoë 70330118")

    answer = served(broken, observer).post("/", headers={"X-Request-ID": "70330118"})
    assert (answer.status_code, answer.data) == (500, FAULT)
    err = capfd.readouterr().err
    assert "70330118" not in err
    assert [(one["event"], one["request_id"]) for one in events(err)] == [
        ("fault", answer.headers["X-Request-ID"]),
        ("refused", answer.headers["X-Request-ID"]),
    ]


def test_a_fault_of_the_telling_keeps_no_card_back(observer: Observer, capfd: pytest.CaptureFixture[str]) -> None:
    def answers(environ: dict[str, object], start_response: Any) -> list[bytes]:
        environ[TOLD] = Told(service="neonatal-ivig-order-sign", message={"cards": [{"uuid": "no indicator"}]})
        start_response("200 OK", [])
        return [b"cards"]

    answer = served(answers, observer).post("/")
    assert (answer.status_code, answer.data) == (200, b"cards")
    assert [one["event"] for one in events(capfd.readouterr().err)] == ["fault"]


def test_the_store_is_told_where_it_changes(observer: Observer, capfd: pytest.CaptureFixture[str]) -> None:
    for up in (True, True, False, False, True):
        observer.store(up=up)
    assert [one["event"] for one in events(capfd.readouterr().err)] == ["store_unavailable", "store_available"]


@pytest.mark.parametrize(("store", "status"), [(True, "ok"), (False, "degraded")])
def test_readiness_says_the_store_and_stays_ready(store: bool, status: str) -> None:
    found = readiness(site="demo", knowledge_version="1", software_version="2", store=store)
    assert (found["status"], found["store"]) == (status, "ok" if store else "unavailable")
