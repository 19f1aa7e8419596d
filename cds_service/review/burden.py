"""Alert burden: what 2,000 ordinary newborns on an indicated, correctly written order would show a clinician.

The newborns are drawn, not real; how often each trait occurs is our own round figure, written beside it. A rule that
fires on most of them is a fault of the rule.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson

from cds_service.cards.safety import SAFETY
from cds_service.hooks.service import Answerer
from cds_service.knowledge.load import load_knowledge
from cds_service.review.babies import Json, order_select, order_sign

SEED = 20261121
DECISION = "org.neonatal-ivig-cds.decision"


@dataclass
class Burden:
    """`orders` that were judged; `rules` counts safety cards, `lines` rules said in a line, `cards` all cards."""

    orders: int = 0
    cards: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)

    @property
    def safety_per_order(self) -> float:
        return self.rules.total() / self.orders

    def lines(self) -> list[str]:
        said = [
            f"{self.orders} orders, indicated and correctly written",
            f"cards per order: {self.cards / self.orders:.2f}, of which safety cards: {self.safety_per_order:.2f}",
        ]
        said += [f"  {name}: {count} ({count / self.orders:.1%})" for name, count in self.verdicts.most_common()]
        said.append("safety cards by rule:")
        said += [f"  {name}: {count} ({count / self.orders:.1%})" for name, count in self.rules.most_common()]
        return said


def burden(site: str, newborns: int) -> Burden:
    """Asks for advice with an order that states no dose, takes the dose that is offered, and signs it."""
    answerer = Answerer(load_knowledge(site), accept_as_of=True)
    draw, found = random.Random(SEED), Burden()
    while found.orders < newborns:
        given = newborn(draw)
        call = order_select(given, f"burden-{found.orders}", answerer.knowledge.facts)
        offered = [one for card in _cards(answerer, "order-select", call) for one in card.get("suggestions", ())]
        doses = [one for one in offered if one["actions"][0]["resource"]["resourceType"] == "MedicationRequest"]
        if not doses:
            continue
        order = draw.choice(doses)["actions"][0]["resource"]
        signed = _cards(answerer, "order-sign", order_sign(call, order))
        found.orders += 1
        found.cards += len(signed)
        for card in signed:
            extension = card.get("extension", {})
            if SAFETY in extension:
                found.rules[f"{extension[SAFETY]['rule']} ({extension[SAFETY]['level']})"] += 1
            if DECISION in extension:
                found.verdicts[f"{extension[DECISION]['indication']} {extension[DECISION]['verdict']}"] += 1
    return found


def _cards(answerer: Answerer, hook: str, call: Json) -> list[Json]:
    reply = answerer.reply(f"neonatal-ivig-{hook}", orjson.dumps(call))
    cards: list[Json] = orjson.loads(reply.body)["cards"]
    return cards


def newborn(draw: random.Random) -> dict[str, Any]:
    """An ordinary newborn for whom IVIG is indicated: three in four for jaundice, the rest for low platelets."""
    weeks = draw.choices((35, 36, 37, 38, 39, 40, 41), (5, 8, 15, 22, 25, 18, 7))[0]
    given: dict[str, Any] = {
        "gestation": f"{weeks}+{draw.randrange(7)}",
        "weight": f"{draw.gauss(3.3 if weeks > 36 else 2.7, 0.35):.2f} kg",
        "weighed": f"{draw.randrange(1, 20)} h",
        "results": {
            "hemoglobin": f"{draw.gauss(16, 1.5):.1f} g/dL",
            "sodium": f"{draw.gauss(139, 3):.0f} mmol/L",
            "blood_group": draw.choices(("O", "A", "B", "AB"), (45, 40, 11, 4))[0],
        },
        "medications": ["gentamicin", "ampicillin"] if draw.random() < 0.1 else [],
        "procedures": ["umbilical venous catheter"] if draw.random() < 0.05 else [],
    }
    if draw.random() < 0.75:
        age = draw.randrange(30, 96)
        given |= {
            "age": f"{age} h",
            "dat": "positive",
            "tsb": f"{24 + draw.random() * 4:.1f} mg/dL",
            "earlier_tsb": "15 mg/dL",
            "earlier_drawn": "8 h",
            "phototherapy": "intensive phototherapy",
            "phototherapy_since": "12 h",
        }
    else:
        given |= {
            "age": f"{draw.randrange(6, 90)} h",
            "platelets": f"{draw.randrange(6, 20)} 10*9/L",
            "suspected": ["FNAIT"],
        }
    return given
