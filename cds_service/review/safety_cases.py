"""Runs cases of orders: given a newborn and an order to be signed, which safety rules are said, and at which level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from cds_service.cards.safety import SAFETY
from cds_service.hooks.service import Answerer
from cds_service.review.babies import Json, order_select, order_sign
from cds_service.review.drawn_orders import misread
from cds_service.review.orders import order

FOLDER = "safety"


def run_orders(document: Mapping[str, Any], answerer: Answerer, file: str) -> Iterator[tuple[str, str]]:
    """(name of the case, what was found in place of what was expected) for each case."""
    for case in document["case"]:
        given = {**document.get("given", {}), **case.get("given", {})}
        given = {name: value for name, value in given.items() if name not in case.get("without", ())}
        stated = {**document.get("order", {}), **case.get("order", {})}
        stated = {name: value for name, value in stated.items() if name not in case.get("without", ())}
        orders = [order(stated, f"{file}: {case['name']}")]
        for number, beside in enumerate(case.get("beside", ()), start=1):
            orders.append(order(beside, f"{file}: {case['name']}", f"beside-{number}"))
        call = order_sign(order_select(given, "case", answerer.knowledge.facts), *orders)
        call["prefetch"] = with_more(call["prefetch"], case.get("more", ()))
        yield case["name"], "; ".join(_faults(case["expect"], _answer(answerer, call)))


def with_more(prefetch: Json, resources: list[Json]) -> Json:
    """Resources as they are, for what the words of a case have no key for."""
    if not resources:
        return prefetch
    entries = [{"resource": resource} for resource in resources]
    return {**prefetch, "more": {"resourceType": "Bundle", "type": "searchset", "entry": entries}}


def _answer(answerer: Answerer, call: Json) -> list[Json]:
    reply = answerer.reply("neonatal-ivig-order-sign", orjson.dumps(call, default=float))
    cards: list[Json] = orjson.loads(reply.body)["cards"]
    return cards


def _faults(expect: Mapping[str, Any], cards: list[Json]) -> Iterator[str]:
    safety = [card for card in cards if SAFETY in card.get("extension", {})]
    found = {card["extension"][SAFETY]["rule"]: card["extension"][SAFETY]["level"] for card in safety}
    if found != expect["rules"]:
        yield f"rules are {found}, expected {expect['rules']}"
    yield from filter(None, map(misread, safety))
    for text in expect.get("says", ()):
        if not any(text in f"{card['summary']}\n{card['detail']}" for card in cards):
            yield f"no card says {text!r}"
    for text in expect.get("never", ()):
        if any(text in f"{card['summary']}\n{card['detail']}" for card in cards):
            yield f"a card says {text!r}"
    if "offers" in expect:
        offered = [one["label"] for card in cards for one in card.get("suggestions", ())]
        if missing := [text for text in expect["offers"] if not any(text in label for label in offered)]:
            yield f"not offered: {missing}; there are {offered}"
