"""Reads from an answer what is counted of it: from its structured members, never from its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DECISION = "org.neonatal-ivig-cds.decision"
SAFETY = "org.neonatal-ivig-cds.safety"
NOT_CHECKED = "notchecked"
DOUBTS = {"not on record": "absent", "not obtained": "not-obtained", "on record but not usable": "unusable"}


@dataclass(frozen=True, slots=True)
class Measures:
    """Of the cards of one answer. `doubts` are facts that were not known and looked at: (fact, why)."""

    indicators: Mapping[str, int]
    verdicts: tuple[tuple[str, str, str], ...]
    rules: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]
    doubts: tuple[tuple[str, str], ...]
    uuids: tuple[str, ...]


def measured(message: Mapping[str, Any]) -> Measures:
    """Of a CDS Hooks response, and of an empty mapping."""
    indicators: dict[str, int] = {}
    verdicts, rules, notices, uuids = [], [], [], []
    doubts: dict[tuple[str, str], None] = {}
    for card in message.get("cards", ()):
        indicators[card["indicator"]] = indicators.get(card["indicator"], 0) + 1
        uuids.append(card["uuid"])
        extension = card.get("extension", {})
        if decision := extension.get(DECISION):
            verdicts.append((decision["indication"], decision["guideline"], decision["verdict"]))
            for doubt in decision.get("doubts", ()):
                doubts[doubt["name"], DOUBTS.get(doubt["missing"], "")] = None
        if safety := extension.get(SAFETY):
            rules.append((safety["rule"], safety["level"]))
        topic = card["source"].get("topic", {}).get("code", "")
        if topic.startswith(NOT_CHECKED):
            notices.append(topic.removeprefix(NOT_CHECKED))
    return Measures(indicators, tuple(verdicts), tuple(rules), tuple(notices), tuple(doubts), tuple(uuids))
