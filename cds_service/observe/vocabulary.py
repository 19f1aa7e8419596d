"""The words that may stand in a log or be a metric's label: closed lists of our own, never filled from a call.

A patient's number looks like any short token, so no pattern can tell them apart. A list can.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

NONE, UNKNOWN = "none", "unknown"  # the labels of no word, and of a word that is on no list

_WORDS: dict[str, set[str]] = {
    "event": {
        "start",  # a worker is ready to answer
        "call",  # one call of a service was answered
        "refused",  # a call or a request was not answered with 2xx
        "feedback",  # clinicians' answers to cards were taken
        "judgment_failed",  # a fault of ours; the clinician saw a card that says so
        "fault",  # a fault of ours outside of a judgment; answered with 500
        "endpoint_not_registered",  # an EHR that calls, and sends nothing: see docs/operations.md
        "not_recorded",  # an answer was given that the store did not take
        "store_unavailable",
        "store_available",  # again
        "breaker_opened",  # look-ups at a client's FHIR server are given up for a while
        "breaker_closed",
        "keys_unavailable",  # a client's key set could not be read
        "keys_available",  # again
        "replays_unshared",  # the store is gone, so each process knows only the tokens that it saw itself
        "replays_shared",  # again
        "library",  # something that a library logged, without its words
        "uncaught",  # an exception that ended a thread
    },
    "level": {"debug", "info", "warning", "error", "critical"},
    "hook": {"order-select", "order-sign", "patient-view"},
    "indicator": {"info", "warning", "critical"},
    "severity": {"block", "warn", "info"},
    "notice": {"fault", "unreadable"},
    "state": {"came", "none", "failed", "missing", "looked-up"},
    "doubt": {"absent", "not-obtained", "unusable"},
    "outcome": {"accepted", "overridden"},
    "unknown": {"uncoded", "unlisted"},
    "status": {"200", "204", "304", "400", "401", "403", "404", "405", "412", "413", "415", "500", "503"},
    "size": {"0", "4k", "16k", "64k", "256k", "1M", "5M", "more"},
    "cause": {
        "malformed",
        "not-admitted",
        "forbidden",
        "unknown-service",
        "not-found",
        "method",
        "no-patient",
        "too-large",
        "media-type",
        "fault",
        "store-unavailable",
    },
}


def learn(kind: str, words: Iterable[str]) -> None:
    """Adds words of our own tables at start: services, prefetch keys, clients, guidelines, rules."""
    _WORDS.setdefault(kind, set()).update(word for word in words if word)


def knows(kind: str, word: object) -> bool:
    return isinstance(word, str) and word in _WORDS.get(kind, ())


def words_of(kind: str) -> Set[str]:
    return _WORDS.get(kind, set())


def label(kind: str, word: str) -> str:
    """The word, `none` or `unknown`: how many labels there may be is known at start."""
    if not word:
        return NONE
    return word if word in _WORDS.get(kind, ()) else UNKNOWN
