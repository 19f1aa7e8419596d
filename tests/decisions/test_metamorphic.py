"""What must not matter does not: order, repetition, other results, units and offsets leave the answer as it is."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest

from cds_service.hooks.service import Answerer
from cds_service.review.babies import UCUM, bundle, condition, observation, order_select, prefetch
from tests.facts.records import GIVEN, Json, measured, said

RISING = {**GIVEN, "tsb": "15 mg/dL", "earlier_tsb": "14 mg/dL", "earlier_drawn": "6 h"}
BABIES: dict[str, dict[str, Any]] = {
    "at the line": GIVEN,
    "below the line": {**GIVEN, "tsb": "18.0 mg/dL"},
    "exchange level": {**GIVEN, "tsb": "20.1 mg/dL"},
    "rising": RISING,
    "in micromoles": {**GIVEN, "tsb": "309.51 umol/L"},
    "no birth time": {**GIVEN, "birth_time": False, "tsb": "19.5 mg/dL"},
    "no gestation": {key: value for key, value in GIVEN.items() if key != "gestation"},
    "no weight": {key: value for key, value in GIVEN.items() if key != "weight"},
    "old weight": {**GIVEN, "weighed": "30 h", "birth_weight": "3.5 kg"},
    "low platelets": {"age": "20 h", "gestation": "38+0", "platelets": "19 10*9/L", "weight": "3.2 kg"},
    "bleeding": {
        "age": "20 h",
        "gestation": "38+0",
        "platelets": "45 10*3/uL",
        "weight": "3200 g",
        "conditions": ["P52.4"],
        "suspected": ["FNAIT"],
    },
}
Change = Callable[[Json], None]


def answers(answerer: Answerer, sent: Json) -> list[Any]:
    """Verdict, thresholds and dose of every guideline, and how each card is marked."""
    call = order_select({}, "metamorphic") | {"prefetch": sent}
    call["extension"]["org.neonatal-ivig-cds.explain"] = True
    reply = answerer.reply("neonatal-ivig-order-select", orjson.dumps(call))
    assert reply.status == 200
    body = orjson.loads(reply.body)
    kept = ("guideline", "verdict", "answer", "needs", "lines", "dose")
    records = body["extension"]["org.neonatal-ivig-cds.decisions"]
    told = [{key: one.get(key) for key in kept} for one in records]
    return [told, [(card["indicator"], card["summary"], card["uuid"]) for card in body["cards"]]]


def observations(sent: Json) -> list[Json]:
    return [
        entry["resource"]
        for value in sent.values()
        for entry in value.get("entry", [])
        if entry["resource"]["resourceType"] == "Observation"
    ]


def other_order(sent: Json) -> None:
    draw = random.Random(7)
    for value in sent.values():
        draw.shuffle(value.get("entry", []))
    keys = list(sent)
    draw.shuffle(keys)
    for key in keys:
        sent[key] = sent.pop(key)


def repeated(sent: Json) -> None:
    for value in sent.values():
        if "entry" in value:
            value["entry"] = [*value["entry"], *copy.deepcopy(value["entry"])]


def under_other_keys(sent: Json) -> None:
    everything = [entry["resource"] for key in list(sent) for entry in sent[key].get("entry", [])]
    sent["all"] = bundle(everything)


def unrelated(sent: Json) -> None:
    others = [
        measured("718-7", 17.5, "g/dL"),
        measured("1968-7", 30, "mg/dL"),
        measured("2345-7", 60, "mg/dL"),
        said("882-1", "O Rh positive"),
        said("1008-2", "negative"),
        {"resourceType": "Observation", "status": "final"},
        observation("other", "1975-2", "30 mg/dL") | {"subject": {"reference": "Patient/twin"}},
        observation("cancelled", "1975-2", "30 mg/dL") | {"status": "cancelled"},
        observation("future", "1975-2", "30 mg/dL", "-3 h"),
        condition("teeth", "K00.6", "confirmed"),
        {"resourceType": "Encounter", "subject": {"reference": "Patient/newborn-1"}},
    ]
    sent["unrelated"] = bundle(others)


FACTORS = {("mg/dL", "umol/L"): Decimal("17.1"), ("umol/L", "mg/dL"): 1 / Decimal("17.1"), ("kg", "g"): Decimal(1000)}
FACTORS |= {("g", "kg"): Decimal("0.001"), ("10*9/L", "/uL"): Decimal(1000), ("10*3/uL", "10*9/L"): Decimal(1)}


def other_units(sent: Json) -> None:
    turned = {first: (second, factor) for (first, second), factor in FACTORS.items()}
    for one in observations(sent):
        if quantity := one.get("valueQuantity"):
            unit, factor = turned[quantity["unit"]]
            value = Decimal(repr(quantity["value"])) * factor
            one["valueQuantity"] = {"value": float(value), "unit": unit, "system": UCUM, "code": unit}
        elif "+" in one["valueString"] and one["valueString"][0].isdigit() and len(one["valueString"]) > 3:
            weeks, days = one.pop("valueString").split("+")
            one["valueQuantity"] = {"value": int(weeks) * 7 + int(days), "unit": "d", "system": UCUM, "code": "d"}


def unit_as_text_only(sent: Json) -> None:
    for one in observations(sent):
        if quantity := one.get("valueQuantity"):
            one["valueQuantity"] = {"value": quantity["value"], "unit": quantity["unit"]}


def other_offset(hours: float) -> Change:
    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [moved(item) for item in value]
        if isinstance(value, str) and value.endswith("Z") and value[:2] == "20":
            return datetime.fromisoformat(value).astimezone(timezone(timedelta(hours=hours))).isoformat()
        return value

    def change(sent: Json) -> None:
        for key in list(sent):
            sent[key] = moved(sent[key])

    return change


def decorated(sent: Json) -> None:
    for one in observations(sent):
        one |= {"meta": {"versionId": "3"}, "text": {"div": "<div>30 mg/dL</div>"}, "note": [{"text": "30 mg/dL"}]}
        one |= {"performer": [{"display": "Lab"}], "referenceRange": [{"text": "< 12 mg/dL"}]}


CHANGES: dict[str, Change] = {
    "other order": other_order,
    "repeated": repeated,
    "also under another key": under_other_keys,
    "unrelated resources": unrelated,
    "units as text": unit_as_text_only,
    "offset +05:45": other_offset(5.75),
    "offset -11:00": other_offset(-11),
    "narrative, notes and ranges": decorated,
}


@pytest.mark.parametrize("given", BABIES.values(), ids=list(BABIES))
@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_must_not_matter_leaves_the_answer_as_it_is(
    answerer: Answerer, given: dict[str, Any], change: Change
) -> None:
    usual = prefetch(given)
    other = copy.deepcopy(usual)
    change(other)
    assert other != usual or list(other) != list(usual)
    assert answers(answerer, other) == answers(answerer, usual)


@pytest.mark.parametrize("given", BABIES.values(), ids=list(BABIES))
def test_other_units_leave_verdict_thresholds_and_dose_as_they_are(answerer: Answerer, given: dict[str, Any]) -> None:
    usual = prefetch(given)
    other = copy.deepcopy(usual)
    other_units(other)
    assert other != usual
    assert answers(answerer, other)[0] == answers(answerer, usual)[0]
