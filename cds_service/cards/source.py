"""Where a card comes from: the guideline it speaks by, and the topic under which a client remembers an override."""

from __future__ import annotations

from functools import cache
from typing import Any

from cds_service.decisions.decide import Answer
from cds_service.knowledge.shapes import Guidance, Recommendation

Json = dict[str, Any]


@cache
def source(guidance: Guidance, entry: Recommendation | None) -> Json:
    """The guideline, and beside it the document that this recommendation goes back to where that is another."""
    own = guidance.source
    cited = entry.cite.source if entry else own
    named = cited if cited.name not in ("own", own.name) else own
    label = own.short if named is own else f"{own.short}; {named.short}"
    out: Json = {"label": f"{label}: {guidance.title}"}
    if url := named.url or own.url:
        out["url"] = url
    return out


def topic_code(answer: Answer) -> str:
    """Letters and digits, at most 100, another one for another clinical state: an override of a milder state
    must not hide a worse one."""
    return topic_of(answer.guidance.indication, answer.guidance.guideline, answer.name, answer.indicator)


@cache
def topic_of(*parts: str) -> str:
    return "".join(character for part in parts for character in part if character.isalnum())[:100]
