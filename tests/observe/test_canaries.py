"""No text, id or token of any call reaches a log line, a metric, a header or the body of an error."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from cds_service.hooks.service import Answerer
from tests.observe.canaries import FORMS, leaked, planted, replaced
from tests.observe.watched import Watched, events, site_watched, watched
from tests.test_examples import EXAMPLES, client_of, request_of, response_of, site_of

SELECT = "/cds-services/neonatal-ivig-order-select"


@pytest.fixture(autouse=True)
def _everything_that_libraries_log() -> Iterator[None]:
    """As if somebody had turned on every library's debug lines."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    yield
    root.setLevel(before)


def kept(answer: TestResponse) -> None:
    """Nothing in the headers, and nothing in the body of an error. A card may say what the record says."""
    assert not leaked(str(answer.headers))
    if answer.status_code != 200:
        assert not leaked(answer.get_data(as_text=True)), answer.status


def told_nothing(capfd: pytest.CaptureFixture[str], service: Watched, calls: int) -> None:
    """In what was printed and counted since; and that calls were told of at all."""
    out, err = capfd.readouterr()
    assert not leaked(out)
    assert not leaked(err)
    assert out == ""
    told = [one for one in events(err) if one["event"] in ("call", "refused", "feedback")]
    assert len(told) == calls
    assert all("dropped_fields" not in one and "dropped_unlisted" not in one for one in told)
    assert not leaked(service.metrics())


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_real_call_leaves_none(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    service, call = site_watched(site_of(name)), request_of(name)
    cards = 0
    for canary in FORMS:
        answer = service.post(f"/cds-services/neonatal-ivig-{call['hook']}", planted(call, canary))
        assert answer.status_code == 200
        cards += len(orjson.loads(answer.data)["cards"])
        kept(answer)
    expected = len(response_of(name)["cards"])
    assert cards == expected * len(FORMS), "a planted call is judged like the plain one"
    told_nothing(capfd, service, len(FORMS))


@pytest.mark.parametrize("name", EXAMPLES[::4])
def test_a_call_of_nothing_but_canaries_leaves_none(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    service, call = site_watched(site_of(name)), request_of(name)
    for canary in FORMS:
        kept(service.post(f"/cds-services/neonatal-ivig-{call['hook']}", replaced(call, canary)))
        kept(service.post(f"/cds-services/neonatal-ivig-{call['hook']}", replaced(call, canary, keep="")))
    told_nothing(capfd, service, 2 * len(FORMS))


def jwt(canary: str) -> str:
    parts = ({"alg": canary, "kid": canary, "jku": f"https://{canary}.example"}, {"iss": canary, "jti": canary})
    return ".".join(base64.urlsafe_b64encode(orjson.dumps(one)).decode().rstrip("=") for one in parts) + f".{canary}"


@pytest.mark.parametrize("canary", FORMS)
def test_headers_and_addresses_leave_none(canary: str, capfd: pytest.CaptureFixture[str]) -> None:
    service, call = site_watched("demo"), request_of("hdn/given")
    headers = {
        "Authorization": f"Bearer {jwt(canary)}",
        "X-Request-ID": canary,
        "User-Agent": canary,
        "Origin": f"https://{canary}.example",
        "Referer": f"https://{canary}.example/{canary}",
        "Cookie": f"session={canary}",
        "X-Forwarded-For": canary,
        "X-Client-Cert": canary,
        "Traceparent": canary,
        f"X-{canary}": canary,
    }
    answers = [
        service.post(f"{SELECT}?patient={canary}", call, headers=headers),
        service.post(f"/cds-services/{canary}", call, headers=headers),
        service.post(f"{SELECT}/{canary}", call, headers=headers),
        service.post(SELECT, call, headers=headers, content_type=f"text/{canary}"),
        service.post(SELECT, call, headers=headers | {"Content-Encoding": canary}),
        service.client.get(f"/{canary}?{canary}", headers=headers),
        service.client.get(f"{SELECT}?{canary}", headers=headers),
        service.client.open(SELECT, method=canary, headers=headers),
    ]
    for answer in answers:
        kept(answer)
        assert len(answer.headers["X-Request-ID"]) == 32
    told_nothing(capfd, service, len(answers))


@pytest.mark.parametrize("canary", FORMS)
def test_malformed_bodies_leave_none(canary: str, capfd: pytest.CaptureFixture[str]) -> None:
    service, whole = site_watched("demo"), planted(request_of("hdn/given"), canary)
    text = orjson.dumps(whole)
    bodies: list[object] = [
        text[: len(text) // 2],
        text + canary.encode(),
        canary.encode(),
        orjson.dumps(canary),
        [canary],
        {canary: canary},
        b'{"hook": "' + canary.encode() + b'\xff"}',
        b'{"' + canary.encode() + b'": NaN}',
        b'{"a": ' * 3000 + orjson.dumps(canary) + b"}" * 3000,
        whole | {"hook": canary},
        whole | {"hookInstance": [canary]},
        whole | {"context": canary},
        whole | {"context": {canary: canary}},
        whole | {"context": whole["context"] | {"patientId": f"{canary}/{canary}"}},
        whole | {"context": whole["context"] | {"patientId": {canary: canary}}},
        whole | {"context": whole["context"] | {"selections": canary}},
        whole | {"context": whole["context"] | {"draftOrders": canary}},
        whole | {"prefetch": canary},
        whole | {"prefetch": {"patient": None, canary: canary}},
        whole | {"fhirServer": {canary: canary}},
        whole | {"fhirAuthorization": canary},
        whole | {"extension": {"org.neonatal-ivig-cds.as-of": canary}},
    ]
    for body in bodies:
        kept(service.post(SELECT, body))
    told_nothing(capfd, service, len(bodies))


@pytest.mark.parametrize("canary", FORMS)
def test_feedback_leaves_none(canary: str, capfd: pytest.CaptureFixture[str]) -> None:
    service = site_watched("demo")
    reason = {"reason": {"code": canary, "system": canary, "display": canary}, "userComment": canary}
    item = {"card": canary, "outcome": "overridden", "overrideReason": reason, "outcomeTimestamp": canary}
    bodies: list[object] = [{"feedback": [item]}, {"feedback": [item | {"outcome": canary}]}, canary.encode()]
    for body in bodies:
        kept(service.post(f"{SELECT}/feedback", body))
    told_nothing(capfd, service, len(bodies))


class Mined(dict[Any, Any]):
    """Guidance that raises as soon as it has words to raise with."""

    words = ""

    def __getitem__(self, name: object) -> object:
        if self.words:
            raise ValueError(self.words)
        return super().__getitem__(name)


@pytest.mark.parametrize("canary", FORMS)
def test_a_fault_of_ours_leaves_none(canary: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever raises, and whatever its text says: below the judgment, and beside it."""
    knowledge = client_of("demo").application.extensions["ivig_cds"].knowledge
    mined = Mined(knowledge.guidance)
    answerer = Answerer(replace(knowledge, guidance=mined), accept_as_of=True)
    mined.words = canary
    call = orjson.dumps(planted(request_of("hdn/given"), canary))
    reply = answerer.reply(SELECT.rpartition("/")[2], call)
    assert b"Nothing was checked" in reply.body

    def broken(environ: object, start_response: object) -> list[bytes]:
        logging.getLogger("werkzeug").error("POST %s", canary)
        raise KeyError(canary)

    service = watched(broken)
    answer = service.post(SELECT, call)
    assert answer.status_code == 500
    kept(answer)
    out, err = capfd.readouterr()
    assert not leaked(out + err + service.metrics())
    assert {"library", "fault", "refused"} <= {one["event"] for one in events(err)}
