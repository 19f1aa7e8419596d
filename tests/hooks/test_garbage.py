"""Whatever a client sends in place of what was asked for, the answer is 200 with a card, or a clear refusal."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.hooks.service import Answerer
from tests.facts.records import GIVEN, Json
from tests.hooks.calls import ORDER_SELECT, PATIENT_VIEW, answered, order_call, topics, view_call

EVERYTHING = {
    **GIVEN,
    "birth_weight": "3.5 kg",
    "earlier_tsb": "15 mg/dL",
    "earlier_drawn": "6 h",
    "tcb": "17 mg/dL",
    "platelets": "25 10*9/L",
    "conditions": ["P55.1"],
    "suspected": ["FNAIT"],
    "ivig_given": "30 h",
}
CALL = order_call(EVERYTHING)
NAMES = st.sampled_from(
    [
        "resourceType",
        "id",
        "status",
        "code",
        "coding",
        "system",
        "text",
        "entry",
        "resource",
        "subject",
        "reference",
        "valueQuantity",
        "value",
        "unit",
        "comparator",
        "effectiveDateTime",
        "extension",
        "url",
        "issue",
        "link",
        "x",
    ]
)
WORDS = st.sampled_from(
    [
        "final",
        "Bundle",
        "OperationOutcome",
        "Observation",
        "Patient",
        "Patient/newborn-1",
        "http://loinc.org",
        "1975-2",
        "mg/dL",
        "<",
        "39+6",
        "positive",
        "2026-11-20",
        "2026-11-20T12:00:00Z",
        "9999-12-31",
        "0000",
        "://",
        "\x00",
        "",
        " ",
    ]
)
NUMBERS = st.sampled_from([0, -1, 1, 18.1, 1e308, -1e-300, 2**63 - 1, -(2**63)])
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
ANYTHING = st.recursive(
    LEAVES, lambda one: st.lists(one, max_size=3) | st.dictionaries(NAMES, one, max_size=4), max_leaves=8
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value inside lies, but the whole."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from paths(item, (*path, key))


def replaced(call: Json, path: tuple[Any, ...], value: Any) -> Json:
    made = copy.deepcopy(call)
    at: Any = made["prefetch"]
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return made


PLACES = list(paths(CALL["prefetch"]))
OBSERVED = [path for path in PLACES if path[0] in ("bilirubin", "laboratory", "measurements") and len(path) > 4]


def never_silent(answerer: Answerer, call: Json) -> None:
    status, body = answered(answerer, call)
    assert status in (200, 400, 412)
    if status == 200:
        assert body["cards"], "silence on an IVIG order"
        assert all(1 <= len(card["summary"]) < 140 for card in body["cards"])
        assert all("://" not in card["detail"] for card in body["cards"])
    else:
        assert body["resourceType"] == "OperationOutcome"


@given(key=st.sampled_from(sorted(CALL["prefetch"])), value=ANYTHING)
def test_anything_in_place_of_a_prefetch_value_is_answered(answerer: Answerer, key: str, value: Any) -> None:
    never_silent(answerer, replaced(CALL, (key,), value))


@settings(max_examples=300)
@given(place=st.sampled_from(OBSERVED), value=ANYTHING)
def test_anything_in_place_of_a_member_of_an_observation_is_answered(
    answerer: Answerer, place: tuple[Any, ...], value: Any
) -> None:
    never_silent(answerer, replaced(CALL, place, value))


@settings(max_examples=200)
@given(place=st.sampled_from(PLACES), value=ANYTHING)
def test_anything_anywhere_in_the_prefetch_is_answered(answerer: Answerer, place: tuple[Any, ...], value: Any) -> None:
    never_silent(answerer, replaced(CALL, place, value))


@given(prefetch=st.dictionaries(st.sampled_from(sorted(CALL["prefetch"])) | NAMES, ANYTHING))
def test_any_prefetch_at_all_is_answered(answerer: Answerer, prefetch: Any) -> None:
    never_silent(answerer, CALL | {"prefetch": prefetch})


@settings(max_examples=200)
@given(
    value=ANYTHING,
    service=st.sampled_from([ORDER_SELECT, PATIENT_VIEW]),
    member=st.sampled_from([*CALL, "context.", ""]),
)
def test_anything_in_place_of_any_member_of_the_call_is_answered(
    answerer: Answerer, value: Any, service: str, member: str
) -> None:
    call = copy.deepcopy(CALL if service == ORDER_SELECT else view_call(EVERYTHING))
    if member == "context.":
        call["context"] |= dict.fromkeys(("userId", "patientId", "selections", "draftOrders"), value)
    sent = value if member == "" else call if member == "context." else call | {member: value}
    status, body = answered(answerer, orjson.dumps(sent), service)
    assert status in (200, 400, 412)
    assert ("cards" in body) is (status == 200)


ODD_MEMBERS = {
    "status of a DAT": ("laboratory", "entry", 0, "resource", "status"),
    "status of phototherapy": ("procedures", "entry", 0, "resource", "status"),
}


def judged(answerer: Answerer, call: Json) -> bool:
    return "notcheckedfault" not in topics(answered(answerer, call)[1]["cards"])


@pytest.mark.parametrize("name", ODD_MEMBERS)
@pytest.mark.parametrize("value", [["final"], {"code": "final"}], ids=str)
def test_an_odd_status_of_one_resource_does_not_stop_the_judgment(answerer: Answerer, name: str, value: Any) -> None:
    assert judged(answerer, replaced(CALL, ODD_MEMBERS[name], value))


def test_an_odd_status_of_the_only_bilirubin_does_not_stop_the_judgment(answerer: Answerer) -> None:
    assert judged(answerer, replaced(order_call(), ("bilirubin", "entry", 0, "resource", "status"), ["final"]))


def test_a_time_at_the_start_of_the_calendar_does_not_stop_the_judgment(answerer: Answerer) -> None:
    place = ("laboratory", "entry", 0, "resource", "effectiveDateTime")
    assert judged(answerer, replaced(order_call(), place, "0001-01-01T00:00:00Z"))


def test_an_odd_draft_beside_the_ivig_order_does_not_stop_the_judgment(answerer: Answerer) -> None:
    call = order_call(selections=[])
    call["context"]["draftOrders"]["entry"].append({"resource": {"resourceType": ["MedicationRequest"], "id": "odd"}})
    assert judged(answerer, call)


@pytest.mark.parametrize("levels", [20, 45])
def test_a_draft_nested_deeply_is_judged_like_any_other(answerer: Answerer, levels: int) -> None:
    call = order_call()
    call["context"]["draftOrders"]["entry"][0]["resource"]["extension"] = ["nested"]
    nested = '{"url":"x","extension":[' * levels + '{"url":"x"}' + "]}" * levels
    status, body = answered(answerer, orjson.dumps(call).replace(b'"nested"', nested.encode()))
    assert status == 200
    assert topics(body["cards"])[0] == "hdnaap2022maygivewarning"
