"""Forgets what is older than it may be kept, a little at a time, so that nobody waits long for the lock."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, Engine, Table, delete, select

from cds_service.feedback.database import reading
from cds_service.feedback.tables import answers, cards, feedback, tokens

AT_ONCE = 500  # rows; our own choice: some milliseconds
GRACE = timedelta(hours=1)  # a clock that runs ahead on one host must not let a token be used again on another


def purge(engine: Engine, before: datetime) -> dict[str, int]:
    """Removes answers given, and feedback received, before that moment; how many of each."""
    return {
        "answers": _purge(engine, answers, answers.c.at, before),
        "feedback": _purge(engine, feedback, feedback.c.received, before),
    }


def purge_tokens(engine: Engine, now: datetime) -> int:
    """Removes tokens that could not be used any more anyway."""
    return _purge(engine, tokens, tokens.c.until, now - GRACE)


def _purge(engine: Engine, table: Table, time: Column[datetime], before: datetime) -> int:
    (key,) = table.primary_key.columns
    old = select(key).where(time < before).limit(AT_ONCE)
    gone = 0
    while True:
        with reading(engine) as connection:
            found = list(connection.scalars(old))
        if not found:
            return gone
        with engine.begin() as connection:
            if table is answers:
                connection.execute(delete(cards).where(cards.c.answer.in_(found)))
            gone += connection.execute(delete(table).where(key.in_(found))).rowcount
