"""Counts what was shown, accepted, overridden and left unanswered; and lists it, one row for each card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Select, and_, func, select

from cds_service.feedback.database import reading
from cds_service.feedback.tables import answers, cards, feedback

USUAL = ("rule", "site", "knowledge")
NO_REASON = "(no reason)"


@dataclass(frozen=True, slots=True)
class Period:
    """Cards shown from `since` on and before `until`, with what was reported of them whenever it came."""

    since: datetime | None = None
    until: datetime | None = None
    site: str | None = None


@dataclass(slots=True)
class Count:
    """`reasons` may sum to more than `overridden`: some clients send several reasons for one card."""

    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def unanswered(self) -> int:
        """Nobody said anything: that is no rejection."""
        return self.shown - self.accepted - self.overridden


@dataclass(frozen=True, slots=True)
class Report:
    """`unknown` counts cards on which feedback came in the period, but which are not known to have been shown."""

    by: tuple[str, ...]
    counts: dict[tuple[str, ...], Count]
    unknown: int


def report(engine: Engine, period: Period, by: Sequence[str] = USUAL) -> Report:
    """A card that was answered with again, or reported on again, counts once; the latest outcome counts."""
    counts: dict[tuple[str, ...], Count] = {}
    with reading(engine) as connection:
        for row in connection.execution_options(yield_per=1000).execute(_shown(period)):
            count = counts.setdefault(tuple(_group(row, name) for name in by), Count())
            count.shown += 1
            if row.outcome == "accepted":
                count.accepted += 1
            elif row.outcome == "overridden":
                count.overridden += 1
                count.reasons.update({reason["code"] for reason in row.reasons} or {NO_REASON})
        unknown = connection.scalar(_unknown(period)) or 0
    return Report(tuple(by), dict(sorted(counts.items())), unknown)


def shown_cards(engine: Engine, period: Period) -> Iterator[Row[Any]]:
    """Every card shown, in order of time, with its latest outcome."""
    with reading(engine) as connection:
        yield from connection.execution_options(yield_per=1000).execute(_shown(period).order_by("at", "card"))


def rule_of(row: Row[Any]) -> str:
    """The safety rule; the indication and guideline; or, for a card that judges nothing, its topic."""
    return row.rule or (f"{row.indication}/{row.guideline}" if row.indication else row.topic)


def _group(row: Row[Any], name: str) -> str:
    if name == "rule":
        return rule_of(row)
    return str(row._mapping["knowledge_version" if name == "knowledge" else name])


def _shown(period: Period) -> Select[Any]:
    """Each card once, as it was first shown, beside its latest outcome."""
    again = func.row_number().over(
        partition_by=(answers.c.client, answers.c.tenant, cards.c.card), order_by=(answers.c.at, answers.c.id)
    )
    columns = [column for column in (*answers.c, *cards.c) if column not in (answers.c.id, cards.c.suggestions)]
    joined = cards.join(answers, cards.c.answer == answers.c.id)
    first = select(*columns, cards.c.suggestions.label("offered"), again.label("again")).select_from(joined).subquery()
    last = _latest()
    same = [first.c[name] == last.c[name] for name in ("client", "tenant", "card")]
    wanted = [first.c.again == 1, *_between(first.c.at, period)]
    if period.site is not None:
        wanted.append(first.c.site == period.site)
    said = [last.c[name] for name in ("outcome", "outcome_at", "suggestions", "reasons", "commented", "comment")]
    return select(first, *said).select_from(first.outerjoin(last, and_(*same, last.c.again == 1))).where(*wanted)


def _latest() -> Any:
    again = func.row_number().over(
        partition_by=(feedback.c.client, feedback.c.tenant, feedback.c.card),
        order_by=(feedback.c.outcome_at.desc(), feedback.c.received.desc(), feedback.c.place.desc(), feedback.c.id),
    )
    return select(feedback, again.label("again")).subquery()


def _unknown(period: Period) -> Select[Any]:
    """Of no site: nothing says where a card was shown that is not known."""
    joined = cards.join(answers, cards.c.answer == answers.c.id)
    same = [feedback.c.client == answers.c.client, feedback.c.tenant == answers.c.tenant]
    known = select(cards.c.card).select_from(joined).where(cards.c.card == feedback.c.card, *same).exists()
    found = select(feedback.c.client, feedback.c.tenant, feedback.c.card).distinct()
    return select(func.count()).select_from(found.where(~known, *_between(feedback.c.received, period)).subquery())


def _between(column: ColumnElement[datetime], period: Period) -> list[ColumnElement[bool]]:
    return [
        *([column >= period.since] if period.since else []),
        *([column < period.until] if period.until else []),
    ]
