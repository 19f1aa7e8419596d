"""Says an answer in the words of CDS Hooks 1.0 to a client that knows no later release."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def in_1_0(cards: list[Json]) -> list[Json]:
    """1.0 knows no choice of several suggestions and drops a card that offers one. Such a card gets one suggestion with
    all that could have been chosen; its text names each. Members that 1.0 does not know it passes over."""
    return [_as_one(card) if card.get("selectionBehavior") == "any" else card for card in cards]


def _as_one(card: Json) -> Json:
    suggestions = card["suggestions"]
    together = {
        "uuid": suggestions[0]["uuid"],
        "label": suggestions[0]["label"] if len(suggestions) == 1 else f"All {len(suggestions)}: see the card",
        "actions": [action for one in suggestions for action in one["actions"]],
    }
    return {**card, "selectionBehavior": "at-most-one", "suggestions": [together]}
