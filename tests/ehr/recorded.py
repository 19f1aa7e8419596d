"""Calls in the shapes that real EHRs and test clients send, each with what is to be answered.

A shape is two files in the folder of its client: the whole call as JSON, and beside it what is peculiar, where that is
known from, and the outcome, as TOML. Every newborn, id and token in them is invented; only the shapes are real.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cds_service.hooks.service import Answerer, Reply
from cds_service.knowledge.shapes import Knowledge

Json = dict[str, Any]
FOLDER = Path(__file__).parent
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DECISION = "org.neonatal-ivig-cds.decision"


@dataclass(frozen=True)
class Shape:
    name: str

    @cached_property
    def body(self) -> bytes:
        return (FOLDER / f"{self.name}.json").read_bytes()

    @cached_property
    def call(self) -> Json:
        found: Json = json.loads(self.body)
        return found

    @cached_property
    def expected(self) -> Json:
        return tomllib.loads((FOLDER / f"{self.name}.toml").read_text("utf-8"))

    @property
    def service(self) -> str:
        return str(self.expected["service"])

    @property
    def drafts(self) -> list[Json]:
        bundle = self.call.get("context", {}).get("draftOrders", {})
        return [entry["resource"] for entry in bundle.get("entry", ())]


SHAPES = [Shape(f"{path.parent.name}/{path.stem}") for path in sorted(FOLDER.glob("*/*.json"))]


def answerer_of(knowledge: Knowledge) -> Answerer:
    """At the moment at which every shape was recorded."""
    return Answerer(knowledge, accept_as_of=False, clock=lambda: NOW)


def reply(answerer: Answerer, shape: Shape) -> Reply:
    return answerer.reply(shape.service, shape.body)


def summed_up(card: Json) -> Json:
    """A card as the TOML files name it."""
    found = {
        "topic": card["source"]["topic"]["code"],
        "indicator": card["indicator"],
        "summary": card["summary"],
        "verdict": card.get("extension", {}).get(DECISION, {}).get("verdict"),
    }
    return {key: value for key, value in found.items() if value}


def actions(message: Json) -> Iterator[Json]:
    for card in message.get("cards", ()):
        for suggestion in card.get("suggestions", ()):
            yield from suggestion["actions"]
