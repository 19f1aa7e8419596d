"""Whatever the FHIR server does: an answer in time, and never as if there were nothing."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from cds_service.hooks.caller import Caller
from cds_service.hooks.service import Answerer
from cds_service.hooks.sources import WORDS
from cds_service.knowledge.shapes import Knowledge
from tests.fhir.faults import FAULTS, WRONG
from tests.fhir.servers import Handler, Json, serving
from tests.hooks.calls import ORDER_SIGN, PATIENT_VIEW, answered, order_call, view_call
from tests.hooks.lookups import asked, bare, broken, details, looking_up, on_server, registered, renew

ALL = {**FAULTS, **WRONG}


@pytest.fixture(scope="module")
def built(demo: Knowledge) -> Iterator[Answerer]:
    with looking_up(demo) as found:
        yield found


@pytest.fixture
def service(built: Answerer) -> Answerer:
    """With new look-ups each time: a breaker remembers."""
    renew(built)
    return built


def sign(call: Json) -> Json:
    return call | {"hook": "order-sign", "context": {k: v for k, v in call["context"].items() if k != "selections"}}


@pytest.mark.parametrize("fault", ALL)
def test_a_server_that_fails_altogether_is_said_on_the_card(service: Answerer, fault: str) -> None:
    answer, _ = ALL[fault]
    with serving(answer) as server:
        call = sign(bare(server.base))
        status, body = asked(service, call, registered(server), ORDER_SIGN)
    assert status == 200
    said = details(body)
    named = re.findall(r"and so not checked: (.*)\.", said)
    assert sorted(", ".join(named).split(", ")) == sorted(service.keys)
    assert "**The patient's own record could not be read**" in said
    assert "not reached" not in said


@pytest.mark.parametrize("fault", ALL)
def test_one_query_that_fails_is_named_and_the_rest_is_used(service: Answerer, fault: str) -> None:
    answer, cause = ALL[fault]
    with broken(service, answer, "laboratory") as server:
        status, body = asked(service, bare(server.base), registered(server))
    assert status == 200
    assert "and so not checked: laboratory" in details(body)
    words = WORDS.get(cause)
    assert words is None or words in details(body) or "Not answered within" in details(body)


def test_the_time_that_was_waited_is_said(service: Answerer) -> None:
    with broken(service, FAULTS["silent"][0], "laboratory") as server:
        _, body = asked(service, bare(server.base), registered(server))
    assert "Not answered within 0.15 s, and so not checked: laboratory." in details(body)


@pytest.mark.parametrize("fault", ["silent", "401", "404", "outcome", "half"])
def test_a_chart_whose_patient_cannot_be_read_is_no_empty_answer(service: Answerer, fault: str) -> None:
    with serving(ALL[fault][0]) as server:
        status, body = asked(service, bare(server.base, view_call()), registered(server), PATIENT_VIEW)
    assert status == 412
    assert body["resourceType"] == "OperationOutcome"


def test_a_dead_server_is_said_on_the_card(service: Answerer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        base = f"http://127.0.0.1:{free.getsockname()[1]}/fhir"
    status, body = asked(service, bare(base), Caller("ehr", (("ehr", base),)))
    assert status == 200
    assert "The FHIR server could not be reached, and so not checked: patient" in details(body)


def test_another_patients_data_is_set_aside(service: Answerer) -> None:
    found = on_server(service, order_call())
    stranger = {"resourceType": "Observation", "subject": {"reference": "Patient/other"}, "id": "strange"}
    key = next(path for path in found if "1975-2" in path)
    found[key] = {"resourceType": "Bundle", "entry": [{"resource": stranger}]}
    with serving(lambda handler: found[handler.path.removeprefix("/fhir/")]) as server:
        status, body = asked(service, bare(server.base), registered(server))
    assert status == 200
    assert "1 resource(s) of another or no patient were set aside." in details(body)
    assert "strange" not in str(body)


def test_another_patient_in_place_of_the_one_asked_for_is_not_taken(service: Answerer) -> None:
    stranger = {"resourceType": "Patient", "id": "other", "birthDate": "2020-01-01"}
    with broken(service, lambda _: stranger, "patient") as server:
        status, body = asked(service, bare(server.base), registered(server))
    assert status == 200
    assert "**The patient's own record could not be read**" in details(body)


def test_the_second_page_of_what_was_sent_is_read(service: Answerer) -> None:
    call = order_call()
    sent = call["prefetch"]["bilirubin"]
    first, rest = sent["entry"][:1], sent["entry"][1:]

    def second(_: Handler) -> Json:
        return {"resourceType": "Bundle", "entry": rest}

    with serving(second) as server:
        link = [{"relation": "next", "url": f"{server.base}?_getpages=2"}]
        prefetch = {key: call["prefetch"].get(key) for key in service.keys}
        prefetch["bilirubin"] = {**sent, "entry": first, "link": link}
        status, body = asked(service, bare(server.base, call, prefetch=prefetch), registered(server))
        assert server.paths == ["/fhir?_getpages=2"]
    assert status == 200
    assert body["cards"] == answered(service, call)[1]["cards"]


@pytest.mark.parametrize("allowed", [True, False])
def test_a_second_page_that_cannot_be_had_leaves_the_first_and_is_said(service: Answerer, allowed: bool) -> None:
    call = order_call()
    with serving(FAULTS["500"][0]) as server:
        link = [{"relation": "next", "url": f"{server.base}?_getpages=2"}]
        prefetch = {key: call["prefetch"].get(key) for key in service.keys}
        prefetch["bilirubin"] = {**call["prefetch"]["bilirubin"], "link": link}
        caller = registered(server) if allowed else Caller("ehr-1")
        status, body = asked(service, bare(server.base, call, prefetch=prefetch), caller)
        assert len(server.asked) == int(allowed)
    assert status == 200
    if allowed:
        assert "The FHIR server answered with an error, and so not checked: bilirubin." in details(body)
    else:
        assert "Could not be read in full, and so not relied on: bilirubin." in details(body)
        assert "Not looked up: the FHIR server named in the call is not registered" in details(body)
