"""What a call tells its operators, by the room that answered it: counted and logged by Observer, then forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Told:
    """Every member may be left out. Ids of people are only ever logged as keyed hashes.

    `cause`     why the call was refused, a word of the list `cause`; where empty, the status says it.
    `states`    of each prefetch key: came, none, failed, missing, looked-up.
    `lookups`   of each key that was looked up: how that went, a word of the list `lookup`.
    `verdicts`  (indication, guideline, verdict) of every decision, also of those that are on no card.
    `message`   the answer as it was given; read by `measured`.
    `uncoded`   results with no code that anybody shares; `unlisted`: with such a code, but not one that guidance names.
    `stripped`  an EHR called and sent nothing to judge by: see `stripped` in this room.
    `outcomes`  of feedback: how many cards were accepted, how many overridden.
    """

    site: str = ""
    knowledge_version: str = ""
    service: str = ""
    hook: str = ""
    client: str = ""
    issuer: str = ""
    tenant: str = ""
    user: str = field(default="", repr=False)
    patient: str = field(default="", repr=False)
    instance: str = field(default="", repr=False)
    cause: str = ""
    states: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    lookups: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    verdicts: tuple[tuple[str, str, str], ...] = ()
    message: Mapping[str, Any] = field(default_factory=lambda: NOTHING, repr=False)
    uncoded: int = 0
    unlisted: int = 0
    stripped: bool = False
    outcomes: Mapping[str, int] = field(default_factory=lambda: NOTHING)
