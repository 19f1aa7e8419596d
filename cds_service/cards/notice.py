"""The card that says that something could not be checked. It is never left out: silence is not an all-clear."""

from __future__ import annotations

from functools import cache
from typing import Any

from cds_service.cards.chart import bullets
from cds_service.cards.detail import version
from cds_service.cards.suggest import Identity
from cds_service.knowledge.shapes import Knowledge

TOPIC_SYSTEM = "urn:org.neonatal-ivig-cds:topic"


@cache
def override_reasons(knowledge: Knowledge) -> list[dict[str, str]]:
    """The same on every card."""
    return [
        {"code": reason.code, "system": reason.system, "display": reason.display}
        for reason in knowledge.override_reasons
    ]


def notice(knowledge: Knowledge, seed: str, topic: str, text: str, reasons: list[str]) -> dict[str, Any]:
    """`text` is the summary; `reasons` follow in the detail."""
    return {
        "uuid": Identity(seed).of("notice", topic),
        "summary": f"IVIG not checked. {text}",
        "indicator": "warning",
        "detail": "\n\n".join(part for part in (text, bullets(reasons), version(knowledge)) if part),
        "source": {
            "label": "Neonatal IVIG decision support",
            "topic": {"system": TOPIC_SYSTEM, "code": f"notchecked{topic}", "display": "IVIG not checked"},
        },
        "overrideReasons": override_reasons(knowledge),
    }
