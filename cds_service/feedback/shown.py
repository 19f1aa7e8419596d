"""What is remembered of an answer: which cards were shown and by what they were decided; nothing from the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

DECISION = "org.neonatal-ivig-cds.decision"
SAFETY = "org.neonatal-ivig-cds.safety"
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class ShownCard:
    """One card. Empty where it has no such thing: a monitoring card decides nothing, a safety card knows no indication.

    `suggestions` says of each suggestion's uuid what its actions do: `update MedicationRequest`.
    """

    card: str
    topic: str
    indicator: str
    indication: str = ""
    guideline: str = ""
    recommendation: str = ""
    verdict: str = ""
    rule: str = ""
    level: str = ""
    suggestions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer given. `user`, `patient` and `hook_instance` are as sent: the store hashes them before it writes."""

    at: datetime
    service: str
    hook: str
    hook_instance: str
    user: str
    patient: str
    client: str
    tenant: str
    site: str
    knowledge_version: str
    software_version: str
    cards: tuple[ShownCard, ...]


def cards_shown(cards: Iterable[Mapping[str, Any]]) -> tuple[ShownCard, ...]:
    """From the cards of a response, as this service answers them."""
    return tuple(_card(card) for card in cards)


def _card(card: Mapping[str, Any]) -> ShownCard:
    extension = card.get("extension", NOTHING)
    decision, safety = extension.get(DECISION, NOTHING), extension.get(SAFETY, NOTHING)
    return ShownCard(
        card.get("uuid", ""),
        card.get("source", NOTHING).get("topic", NOTHING).get("code", ""),
        card.get("indicator", ""),
        decision.get("indication", ""),
        decision.get("guideline", ""),
        decision.get("answer", ""),
        decision.get("verdict", ""),
        safety.get("rule", ""),
        safety.get("level", ""),
        {one.get("uuid", ""): _does(one.get("actions", ())) for one in card.get("suggestions", ())},
    )


def _does(actions: Iterable[Mapping[str, Any]]) -> str:
    """`create ServiceRequest`. A deletion names its resource by reference; only the type is kept."""
    said = []
    for action in actions:
        kind = action.get("resource", NOTHING).get("resourceType") or action.get("resourceId", "").partition("/")[0]
        said.append(f"{action.get('type', '')} {kind}")
    return ", ".join(dict.fromkeys(said))
