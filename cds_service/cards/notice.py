"""The card that says that something could not be checked. It is never left out: silence is not an all-clear."""

from __future__ import annotations

from typing import Any

from cds_service.cards.suggest import Identity
from cds_service.knowledge.shapes import Knowledge

TOPIC_SYSTEM = "urn:org.neonatal-ivig-cds:topic"


def notice(knowledge: Knowledge, seed: str, topic: str, text: str, reasons: list[str]) -> dict[str, Any]:
    """`text` is the summary; `reasons` follow in the detail."""
    rows = "\n".join(f"- {reason}" for reason in reasons)
    footer = f"Knowledge {knowledge.version}, site {knowledge.site.name}."
    return {
        "uuid": Identity(seed).of("notice", topic),
        "summary": f"IVIG not checked. {text}",
        "indicator": "warning",
        "detail": "\n\n".join(part for part in (text, rows, footer) if part),
        "source": {
            "label": "Neonatal IVIG decision support",
            "topic": {"system": TOPIC_SYSTEM, "code": f"notchecked{topic}", "display": "IVIG not checked"},
        },
    }
