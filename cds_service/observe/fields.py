"""The fields that a log line may have, and the only values of each; whatever else is given is dropped and reported."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, MutableMapping
from typing import Any

from cds_service.observe.vocabulary import knows

Shape = Callable[[object], bool]
LONGEST = 64  # items of one field: a line stays one write; our own choice

# What granian says while it starts, ends and replaces workers. Addresses are our own settings.
SAFE_MESSAGES = re.compile(
    r"Starting granian \(main PID: \d+\)|Listening at: https?://[\w.:\[\]-]+|(Spawning|Starting|Started|Stopping"
    r"|Stopped|Respawning|Stopping old|Stopped old|Killing|Killing old)( runtime)? worker-\d+( with PID: \d+)?"
    r"( after it refused to gracefully stop)?|Unexpected exit from worker-\d+|Worker crash loop detected, exiting"
    r"|Shutting down granian|Granian shutdown completed, see ya!"
    r"|HUP signal received, gracefully respawning workers\.\."
)


def word(kind: str) -> Shape:
    return lambda value: knows(kind, value)


def words(*kinds: str) -> Shape:
    """Several words with colons between them: `hdn:aap_2022:consider`."""

    def fits(value: object) -> bool:
        parts = value.split(":") if isinstance(value, str) else []
        return len(parts) == len(kinds) and all(knows(kind, part) for kind, part in zip(kinds, parts, strict=True))

    return fits


def pattern(expression: str) -> Shape:
    compiled = re.compile(expression)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def each(shape: Shape) -> Shape:
    return lambda value: isinstance(value, (list, tuple)) and len(value) <= LONGEST and all(map(shape, value))


def table(key: Shape, value: Shape) -> Shape:
    return lambda found: (
        isinstance(found, dict) and len(found) <= LONGEST and all(key(one) and value(found[one]) for one in found)
    )


def remembered(shape: Shape) -> Shape:
    """The same list or table, quicker where all of its items were let through before: there are only so many words."""
    passed: set[object] = set()

    def fits(value: object) -> bool:
        if not isinstance(value, (dict, list, tuple)):
            return False
        items = value.items() if isinstance(value, dict) else value
        try:
            if passed.issuperset(items) and len(items) <= LONGEST:
                return True
        except TypeError:  # an item that is a list itself
            return False
        fitting = shape(value)
        if fitting:
            passed.update(items)
        return fitting

    return fits


def number(value: object) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**31


UUID = pattern(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HASH = pattern(r"[0-9a-f]{32,64}")
CODE_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_.]{0,63}")  # of a logger or an exception: names in code, not in data
PLACES = each(pattern(r"[A-Za-z0-9_]{1,64}(\.py)?:\d{1,6}"))

FIELDS: dict[str, Shape] = {
    "at": pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"),
    "level": word("level"),
    "event": word("event"),
    "request_id": pattern(r"[0-9a-f]{32}"),
    "service": word("service"),
    "hook": word("hook"),
    "client": word("client"),
    "issuer": word("issuer"),
    "tenant": word("tenant"),
    "user": HASH,
    "hook_instance": HASH,
    "status": count,
    "duration_ms": number,
    "body": word("size"),
    "cause": word("cause"),
    "site": word("site"),
    "knowledge_version": word("knowledge_version"),
    "software_version": word("software_version"),
    "cards": count,
    "indicators": table(word("indicator"), count),
    "verdicts": remembered(each(words("indication", "guideline", "verdict"))),
    "rules": remembered(each(words("rule", "severity"))),
    "not_checked": each(word("notice")),
    "doubts": remembered(each(words("fact", "doubt"))),
    "card_uuids": each(UUID),
    "prefetch": remembered(table(word("key"), word("state"))),
    "other_keys": count,
    "lookups": remembered(table(word("key"), word("lookup"))),
    "uncoded": count,
    "unlisted": count,
    "outcomes": table(word("outcome"), count),
    "answers": count,
    "error": CODE_NAME,
    "place": PLACES,
    "logger": CODE_NAME,
    "message": lambda value: isinstance(value, str) and SAFE_MESSAGES.fullmatch(value) is not None,
}


def gate(_logger: object, _method: str, given: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last step before a line is written. Of what is dropped it names the fields that are on the list; a name that
    is not could itself hold what must not be told, so those are counted."""
    kept = {name: value for name, value in given.items() if name in FIELDS and FIELDS[name](value)}
    if len(kept) == len(given):
        return kept
    dropped = [name for name in given if name in FIELDS and name not in kept]
    unlisted = len(given) - len(kept) - len(dropped)
    if dropped:
        kept["dropped_fields"] = dropped
    if unlisted:
        kept["dropped_unlisted"] = unlisted
    return kept
