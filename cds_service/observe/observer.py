"""Tells the log and the metrics of each request, once it is answered, and of what happens beside requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cds_service.observe.events import report, report_error
from cds_service.observe.measures import Measures, measured
from cds_service.observe.told import Told
from cds_service.observe.vocabulary import words_of

if TYPE_CHECKING:
    from cds_service.observe.meter import Meter

CAUSES = {
    400: "malformed",
    401: "not-admitted",
    403: "forbidden",
    404: "not-found",
    405: "method",
    412: "no-patient",
    413: "too-large",
    415: "media-type",
    500: "fault",
    503: "store-unavailable",
}
KILO = 1024
SIZES = ((0, "0"), (4, "4k"), (16, "16k"), (64, "64k"), (256, "256k"), (KILO, "1M"), (5 * KILO, "5M"))


Hashed = Callable[[str, str, str, str, str], str]


class Observer:
    """One process's. `hashed(kind, site, client, tenant, id)` makes a keyed hash of an id, as the store's rows
    have it; `meter` is None where metrics are off."""

    def __init__(self, *, hashed: Hashed, meter: Meter | None = None) -> None:
        self.hashed = hashed
        self.meter = meter
        self._store_up: bool | None = None

    def started(self, site: str, knowledge_version: str, software_version: str) -> None:
        """A worker is ready to answer by the knowledge of this site."""
        if self.meter:
            self.meter.serves(site, knowledge_version, software_version)
        report("start", site=site, knowledge_version=knowledge_version, software_version=software_version)

    def answered(self, told: Told, status: int, seconds: float, size: int) -> None:
        """A request was answered. Discovery, health and the like are only counted where nothing is wrong."""
        measures = measured(told.message)
        cause = (told.cause or CAUSES.get(status, "malformed")) if status >= 400 else ""
        if self.meter:
            self.meter.called(told, measures, status, seconds, cause)
        if not (told.service or cause):
            return
        who = self._who(told)
        how = {"status": status, "duration_ms": round(seconds * 1000, 1), "body": body_class(size)}
        if cause:
            report("refused", cause=cause, **who, **how)
        elif told.outcomes:
            report("feedback", outcomes=dict(told.outcomes), **who, **how)
        else:
            report("call", **who, **how, **self._what(told, measures))
        if told.stripped:
            report("endpoint_not_registered", **who)

    def event(self, name: str, **fields: object) -> None:
        """Something beside an answer: a key set that cannot be had, say."""
        if self.meter:
            self.meter.event(name)
        report(name, **fields)

    def error(self, name: str, error: BaseException) -> None:
        """The same, of an exception: its type and our lines, without its text."""
        if self.meter:
            self.meter.event(name)
        report_error(name, error)

    def store(self, *, up: bool) -> None:
        """Call it with every write and every question after the store; a change is an event."""
        if up is self._store_up:
            return
        if self.meter:
            self.meter.store(up=up)
        if not up or self._store_up is not None:
            self.event("store_available" if up else "store_unavailable")
        self._store_up = up

    def not_recorded(self, answers: int) -> None:
        """Answers were given that the store did not take."""
        if self.meter:
            self.meter.not_recorded(answers)
        report("not_recorded", answers=answers)

    def breaker(self, client: str, is_open: bool) -> None:
        """A breaker opened or closed."""
        if self.meter:
            self.meter.breaker(client, is_open=is_open)
        report("breaker_opened" if is_open else "breaker_closed", client=client)

    def said(self, event: str, fields: Mapping[str, object]) -> None:
        """What the store says of itself."""
        if event == "answers_lost":
            self.not_recorded(int(str(fields["count"])))
        else:
            self.store(up=event == "store_back")

    def keys(self, client: str, well: bool) -> None:
        """A client's key set could not be read, or can be again."""
        self.event("keys_available" if well else "keys_unavailable", client=client)

    def replays(self, well: bool) -> None:
        """Whether a token was used before is known to this process alone, or to all again."""
        self.event("replays_shared" if well else "replays_unshared")

    def _who(self, told: Told) -> dict[str, object]:
        named: dict[str, object] = {"service": told.service} if told.service in words_of("service") else {}
        for name in ("hook", "client", "issuer", "tenant"):
            if value := getattr(told, name):
                named[name] = value
        for name, value in (("user", told.user), ("hook_instance", told.instance)):
            if hashed := value and self.hashed(name, told.site, told.client, told.tenant, value):
                named[name] = hashed
        return named

    def _what(self, told: Told, measures: Measures) -> dict[str, object]:
        keys = words_of("key")
        known = {key: state for key, state in told.states.items() if key in keys}
        found: dict[str, object] = {
            "site": told.site,
            "knowledge_version": told.knowledge_version,
            "indicators": measures.indicators,
            "verdicts": [":".join(one) for one in told.verdicts or measures.verdicts],
            "rules": [":".join(one) for one in measures.rules],
            "not_checked": measures.notices,
            "doubts": [":".join(one) for one in measures.doubts],
            "card_uuids": measures.uuids,
            "prefetch": known,
            "other_keys": len(told.states) - len(known),
            "lookups": dict(told.lookups),
            "uncoded": told.uncoded,
            "unlisted": told.unlisted,
        }
        return {"cards": len(measures.uuids)} | {name: value for name, value in found.items() if value}


def body_class(size: int) -> str:
    """How large a body is, roughly: an exact length could point at a call.

    >>> body_class(0), body_class(5000), body_class(10 << 20)
    ('0', '16k', 'more')
    """
    return next((name for most, name in SIZES if size <= most * KILO), "more")
