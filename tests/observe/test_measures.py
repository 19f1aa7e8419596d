"""What is read of an answer, of the golden examples, and which figures it makes."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from cds_service.hooks.vocabulary import learn_knowledge
from cds_service.knowledge.shapes import Knowledge
from cds_service.observe.measures import Measures, measured
from cds_service.observe.meter import Meter
from cds_service.observe.metrics import COUNTERS
from cds_service.observe.told import Told
from cds_service.observe.vocabulary import learn
from tests.test_examples import EXAMPLES, response_of

SIGN = "neonatal-ivig-order-sign"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def meter(registry: CollectorRegistry, demo: Knowledge) -> Meter:
    learn_knowledge(demo, "0.0.0")
    learn("client", ["north", "south"])
    learn("lookup", ["ok", "timeout"])
    return Meter(registry)


def test_of_an_order_ten_times_too_large() -> None:
    found = measured(response_of("hdn/sign-tenfold"))
    assert ("tenfold", "block") in found.rules
    assert found.indicators["critical"] >= 1
    assert found.notices == ()


def test_of_a_missing_test() -> None:
    found = measured(response_of("hdn/dat-missing"))
    assert ("hdn", "aap_2022", "needs-information") in found.verdicts
    assert ("dat", "absent") in found.doubts


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_card_of_every_example_is_counted(name: str) -> None:
    cards = response_of(name)["cards"]
    found = measured(response_of(name))
    assert sum(found.indicators.values()) == len(cards) == len(found.uuids)
    assert all(why in ("absent", "not-obtained", "unusable") for _, why in found.doubts)


def test_of_no_answer() -> None:
    assert measured({}) == Measures({}, (), (), (), (), ())


def said(registry: CollectorRegistry, meter: Meter) -> dict[str, float]:
    meter.flush()
    lines = [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_a_call_is_counted_by_all_that_it_tells(registry: CollectorRegistry, meter: Meter) -> None:
    message = response_of("hdn/sign-tenfold")
    told = Told(
        service=SIGN,
        client="north",
        states={"patient": "came", "bilirubin": "missing", "laboratory": "looked-up", "their-own": "came"},
        lookups={"laboratory": "ok", "conditions": "timeout"},
        message=message,
        uncoded=3,
        unlisted=2,
    )
    for _ in range(2):
        meter.called(told, measured(message), 200, 0.004, "")
    found = said(registry, meter)
    assert found[f'ivig_cds_answers_total{{client="north",service="{SIGN}",status="200"}}'] == 2
    assert found['ivig_cds_safety_rules_total{level="block",rule="tenfold"}'] == 2
    assert found['ivig_cds_data_received_total{client="north",key="bilirubin",state="missing"}'] == 2
    assert found['ivig_cds_data_received_total{client="north",key="unknown",state="came"}'] == 2
    assert found['ivig_cds_lookups_total{client="north",outcome="timeout"}'] == 2
    assert found['ivig_cds_unknown_codes_total{client="north",kind="uncoded"}'] == 6
    assert found['ivig_cds_unknown_codes_total{client="north",kind="unlisted"}'] == 4
    assert found[f'ivig_cds_answer_seconds_bucket{{le="0.005",service="{SIGN}"}}'] == 2
    assert found[f'ivig_cds_answer_seconds_bucket{{le="0.002",service="{SIGN}"}}'] == 0


def test_a_silent_answer_is_counted_too(registry: CollectorRegistry, meter: Meter) -> None:
    """A service that has stopped to speak shows as answers without cards."""
    meter.called(Told(service=SIGN, message={"cards": []}), measured({"cards": []}), 200, 0.001, "")
    assert said(registry, meter)[f'ivig_cds_cards_total{{indicator="none",service="{SIGN}"}}'] == 1


def test_a_stripped_call_refusals_feedback_and_the_store(registry: CollectorRegistry, meter: Meter) -> None:
    meter.called(Told(service=SIGN, client="south", stripped=True), measured({}), 412, 0.001, "no-patient")
    meter.called(Told(service=SIGN, outcomes={"accepted": 2, "overridden": 1}), measured({}), 200, 0.001, "")
    meter.not_recorded(4)
    meter.event("keys_unavailable")
    meter.store(up=True)
    meter.breaker("south", is_open=True)
    found = said(registry, meter)
    assert found['ivig_cds_endpoint_not_registered_total{client="south"}'] == 1
    assert found['ivig_cds_refused_total{cause="no-patient",client="south"}'] == 1
    assert found[f'ivig_cds_feedback_total{{outcome="accepted",service="{SIGN}"}}'] == 2
    assert found["ivig_cds_answers_not_recorded_total"] == 4
    assert found['ivig_cds_events_total{event="keys_unavailable"}'] == 1
    assert found["ivig_cds_store_up"] == 1
    assert found['ivig_cds_breaker_open{client="south"}'] == 1


def test_what_a_call_says_makes_no_label(registry: CollectorRegistry, meter: Meter) -> None:
    """A thousand words of a hostile client are one label: `unknown`."""
    for number in range(1000):
        odd = f"odd{number}"
        told = Told(service=odd, client=odd, states={odd: odd}, lookups={odd: odd}, outcomes={odd: 1}, stripped=True)
        odd_measures = Measures({odd: 1}, ((odd, odd, odd),), ((odd, odd),), (odd,), ((odd, odd),), (odd,))
        meter.called(told, odd_measures, 400, 0.001, odd)
        meter.event(odd)
    labelled = [
        line for line in said(registry, meter) if "{" in line and "_created" not in line and "_seconds" not in line
    ]
    assert all("odd" not in line for line in labelled)
    assert len(labelled) == len(COUNTERS) - 2  # every counter once, without those that this does not count
