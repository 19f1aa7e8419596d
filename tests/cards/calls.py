"""Calls of the service that tests of cards make, and newborns whose cards differ."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import strategies as st

from cds_service.hooks.service import Answerer
from cds_service.review.babies import Json, order_select
from tests.facts.records import GIVEN

SERVICE = "neonatal-ivig-order-select"


def cards(answerer: Answerer, call: Json) -> list[Json]:
    reply = answerer.reply(SERVICE, orjson.dumps(call))
    assert reply.status == 200
    found: list[Json] = orjson.loads(reply.body)["cards"]
    return found


def cards_of(answerer: Answerer, given: dict[str, Any], instance: str = "one") -> list[Json]:
    return cards(answerer, order_select(given, instance))


@st.composite
def newborns(draw: st.DrawFn) -> dict[str, Any]:
    """What is known of a newborn, from nothing to everything."""
    choices: dict[str, list[Any]] = {
        "age": ["0.5 h", "20 h", "48 h", "72 h", "8 d", "14 d", "29 d", "40 d"],
        "gestation": ["24+3", "34+6", "35+0", "38+0", "41+2", "nonsense"],
        "dat": ["positive", "positive", "negative", "indeterminate"],
        "tsb": ["5 mg/dL", "18.1 mg/dL", "20.1 mg/dL", "26.4 mg/dL", "400 umol/L", "18 mg/L"],
        "platelets": ["5 10*9/L", "19 10*9/L", "25 10*9/L", "45 10*9/L", "60 10*9/L", "250000 /uL"],
        "weight": ["0.7 kg", "2.049 kg", "3.4 kg", "7.5 [lb_av]", "3400 kg"],
        "conditions": [["P52.4"], ["P55.1"], ["P36.9", "P59.9"], []],
        "suspected": [["FNAIT"], ["P55.0"], []],
        "phototherapy": ["intensive phototherapy", "phototherapy", "single phototherapy"],
        "ivig_given": ["6 h", "30 h"],
    }
    given = {key: draw(st.sampled_from(values)) for key, values in choices.items() if draw(st.integers(0, 3))}
    if "tsb" in given and draw(st.booleans()):
        given |= {"earlier_tsb": "14 mg/dL", "earlier_drawn": draw(st.sampled_from(["3 h", "6 h"]))}
    if "phototherapy" in given and draw(st.booleans()):
        given["phototherapy_since"] = "10 h"
    if draw(st.integers(0, 3)) == 0:
        given["not_sent"] = [draw(st.sampled_from(["laboratory", "conditions", "bilirubin", "procedures"]))]
    if draw(st.integers(0, 3)) == 0:
        given["birth_time"] = False
    return given


__all__ = ["GIVEN", "SERVICE", "cards", "cards_of", "newborns"]
