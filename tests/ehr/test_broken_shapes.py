"""Any part of a recorded call lost, emptied or of another kind: no fault, and no order is met with silence."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.hooks.service import Answerer
from cds_service.knowledge.shapes import Knowledge
from tests.ehr.recorded import SHAPES, Json, Shape, answerer_of
from tests.hooks.test_garbage import paths

ABOUT_ORDERS = [shape for shape in SHAPES if shape.expected["status"] == 200 and "order" in shape.service]
PLACES = {shape.name: list(paths(shape.call)) for shape in ABOUT_ORDERS}
# Another word here makes it an order of something else, which is met with silence.
NAMING = ("text", "display", "code")
LOST = object()
ODD = st.sampled_from(
    [
        LOST,
        None,
        [],
        {},
        "",
        "x",
        0,
        1.5,
        True,
        [None],
        [[]],
        {"extension": []},
        {"reference": 5},
        "https://a.example/x",
    ]
)


def broken(shape: Shape, place: tuple[Any, ...], value: Any) -> Json:
    call = copy.deepcopy(shape.call)
    at: Any = call
    for key in place[:-1]:
        at = at[key]
    if value is LOST:
        del at[place[-1]]
    else:
        at[place[-1]] = copy.deepcopy(value)
    return call


@pytest.fixture(scope="module")
def now(demo: Knowledge) -> Answerer:
    return answerer_of(demo)


@settings(max_examples=100)
@given(data=st.data())
def test_a_broken_call_is_refused_or_answered_and_never_with_silence(now: Answerer, data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(ABOUT_ORDERS))
    place = data.draw(st.sampled_from(PLACES[shape.name]))
    found = now.reply(shape.service, json.dumps(broken(shape, place, data.draw(ODD))).encode())
    assert found.status in (200, 400, 412)
    if found.status == 200:
        cards = json.loads(found.body)["cards"]
        assert cards or place[-1] in NAMING
        assert not any("fault" in card["source"]["topic"]["code"] for card in cards)


@pytest.mark.parametrize("entry", [{}, {"resource": None}, {"resource": {"reference": 5}}, None, {"fullUrl": "urn:x"}])
def test_an_entry_to_be_signed_that_holds_no_order_is_said(now: Answerer, entry: object) -> None:
    shape = next(one for one in SHAPES if one.name == "epic/after-2024-sign")
    call = broken(shape, ("context", "draftOrders", "entry", 0), entry)
    (card,) = json.loads(now.reply(shape.service, json.dumps(call).encode()).body)["cards"]
    assert card["source"]["topic"]["code"] == "notcheckedunreadable"
    assert "it may be IVIG" in card["detail"]
