"""What a text or a list costs grows with its length, not with the square of it: no call holds up the others."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

import cds_service
from cds_service.fhir.conform import PATTERNS
from cds_service.hooks.service import Answerer
from tests.fuzz.mutations import EVERYTHING, Json
from tests.hooks.calls import answered, order_call

# Read no text of a call, or, as those of a dosage, at most the 2,000 characters that are read of one.
NOT_OF_A_CALL = ("cds_service.knowledge.", "cds_service.review.", "cds_service.__main__")
CUT = {"cds_service.facts.order_text": 2000, "cds_service.facts.amounts": 80}
PUMPS = (
    *(
        "1",
        " ",
        "a",
        "0.",
        "1,",
        "1 ",
        "a ",
        "/",
        " per ",
        "{",
        "{}",
        "(",
        "-",
        "\n",
        "\t",
        "=",
        "+",
        "é",
        "<",
        "\\",
        "*",
    ),
    *(
        "1g ",
        "1 g ",
        "1 mg/ml in ",
        "1-",
        "1 to ",
        "1x",
        "1 x ",
        "max ",
        "over 1 ",
        "weight 1 ",
        "1,000",
        "q",
        "every 1 ",
    ),
    *(
        "ivig ",
        "sepsis ",
        "not sepsis ",
        "rule out sepsis, ",
        "immune globulin ",
        "2026-",
        "Z",
        "A",
        "w",
        "www.",
        "@",
        "://",
    ),
)
SECONDS = 2.0  # on a slow and busy machine; what grows with the square takes minutes


def patterns() -> Iterator[tuple[str, re.Pattern[str], int]]:
    """Every regular expression that meets text of a call, and how long that may be."""
    for module in pkgutil.walk_packages(cds_service.__path__, "cds_service."):
        if module.name.startswith(NOT_OF_A_CALL):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, re.Pattern) and isinstance(one.pattern, str):
                    yield f"{module.name}.{name}", one, CUT.get(module.name, 20_000)


FOUND = list({one.pattern: (name, one, longest) for name, one, longest in patterns()}.values())


@pytest.mark.parametrize(("name", "pattern", "longest"), FOUND, ids=[name for name, _, _ in FOUND])
def test_every_pattern_is_done_with_a_long_text_soon(name: str, pattern: re.Pattern[str], longest: int) -> None:
    begun = time.process_time()
    for pump in PUMPS:
        text = (pump * longest)[:longest]
        for tail in ("", "!"):
            pattern.search(text + tail)
            pattern.fullmatch(text + tail)
    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize("kind", PATTERNS)
def test_every_pattern_of_a_type_of_fhir_is_done_with_a_long_text_soon(kind: str) -> None:
    whole = re.compile(PATTERNS[kind])
    begun = time.process_time()
    for pump in PUMPS:
        text = (pump * 200_000)[:200_000]
        whole.fullmatch(text)
        whole.fullmatch(text + "\n ")
    assert time.process_time() - begun < SECONDS


def _draft(call: Json) -> Json:
    order: Json = call["context"]["draftOrders"]["entry"][0]["resource"]
    return order


def _first(call: Json, key: str) -> Json:
    resource: Json = call["prefetch"][key]["entry"][0]["resource"]
    return resource


def _dose(**quantity: Any) -> list[Json]:
    return [{"doseAndRate": [{"doseQuantity": {"value": 1, **quantity}}]}]


TEXTS: dict[str, Callable[[Json, str], Any]] = {
    "medication": lambda call, text: _draft(call).update(medicationCodeableConcept={"text": f"IVIG {text}"}),
    "dosage": lambda call, text: _draft(call).update(dosageInstruction=[{"text": text}]),
    "note": lambda call, text: _draft(call).update(note=[{"text": text}]),
    "dose unit": lambda call, text: _draft(call).update(dosageInstruction=_dose(unit=f"g{text}g")),
    "reason": lambda call, text: _draft(call).update(reasonCode=[{"text": text}]),
    "extension": lambda call, text: _draft(call).update(extension=[{"url": "x", "valueString": text}]),
    "unit of a result": lambda call, text: _first(call, "bilirubin").update(valueQuantity={"value": 1, "unit": text}),
    "result": lambda call, text: _first(call, "laboratory").update(valueCodeableConcept={"text": text}),
    "condition": lambda call, text: _first(call, "conditions").update(code={"text": text}),
}
LONG = 50_000


@pytest.mark.parametrize("place", TEXTS)
def test_a_long_text_in_a_call_is_answered_soon(answerer: Answerer, place: str) -> None:
    for pump in ("1", " ", "{", "ivig ", "sepsis ", "not sepsis ", "1 g ", "immune globulin ", "\u202e"):
        call = order_call(EVERYTHING)
        TEXTS[place](call, (pump * LONG)[:LONG])
        begun = time.process_time()
        assert answered(answerer, call)[0] == 200
        assert time.process_time() - begun < SECONDS


MANY: dict[str, Callable[[Json, int], Any]] = {
    "drafts": lambda call, count: call["context"].update(
        draftOrders={"entry": [{"resource": _draft(call) | {"id": f"d{one}"}} for one in range(count)]},
        selections=[f"MedicationRequest/d{one}" for one in range(count)],
    ),
    "doses": lambda call, count: _draft(call).update(
        dosageInstruction=[
            {"doseAndRate": [{"doseQuantity": {"value": 1 + one / 1000, "unit": "g"}} for one in range(count)]}
        ]
    ),
    "reasons inside": lambda call, count: _draft(call).update(
        contained=[{"resourceType": "Condition", "id": str(one)} for one in range(count)],
        reasonReference=[{"reference": f"#{one}"} for one in range(count)],
    ),
    "reasons": lambda call, count: _draft(call).update(reasonCode=[{"text": f"sepsis {one}"} for one in range(count)]),
    "doses given": lambda call, count: call["prefetch"]["ivig_given"].update(
        entry=[{"resource": _first(call, "ivig_given") | {"id": f"x{one}"}} for one in range(count)]
    ),
    "results": lambda call, count: call["prefetch"]["bilirubin"].update(
        entry=[{"resource": _first(call, "bilirubin") | {"id": f"x{one}"}} for one in range(count)]
    ),
}


@pytest.mark.parametrize("place", MANY)
def test_many_of_one_kind_are_answered_soon(answerer: Answerer, place: str) -> None:
    call = order_call(EVERYTHING)
    MANY[place](call, 2000)
    begun = time.process_time()
    assert answered(answerer, call)[0] == 200
    assert time.process_time() - begun < 2 * SECONDS


def test_of_very_many_orders_some_are_judged_and_the_rest_is_said(answerer: Answerer) -> None:
    call = order_call(EVERYTHING)
    MANY["drafts"](call, 300)
    status, body = answered(answerer, orjson.dumps(call))
    assert status == 200
    assert "More than 20 orders for IVIG were sent" in "".join(card["detail"] for card in body["cards"])
