"""The store's tables, the same on SQLite and PostgreSQL. A change here goes with a migration."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

HEAD = "0001"  # the newest migration; known without importing Alembic


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no offset, so it is given one again when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

# One row for each answer given, also for one without a card.
answers = Table(
    "answers",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("service", Text, nullable=False),
    Column("hook", Text, nullable=False),
    Column("hook_instance", String(64), nullable=False),  # hashed, as are the next two
    Column("user", String(64), nullable=False),
    Column("patient", String(64), nullable=False),
    Column("client", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("knowledge_version", Text, nullable=False),
    Column("software_version", Text, nullable=False),
    Index("answers_by_time", "at"),
)

# One row for each card of an answer. Empty where a card has no such thing.
cards = Table(
    "cards",
    metadata,
    Column("answer", String(32), ForeignKey("answers.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("card", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("indicator", Text, nullable=False),
    Column("indication", Text, nullable=False),
    Column("guideline", Text, nullable=False),
    Column("recommendation", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("suggestions", JSON, nullable=False),  # uuid: what its actions do
    Index("cards_by_card", "card"),
)

# One row for each outcome that a client reported. `id` is made of all that it said, so that a repeat is no new row.
feedback = Table(
    "feedback",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("received", Instant, nullable=False),
    Column("client", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("card", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("outcome_at", Instant, nullable=False),
    Column("place", Integer, nullable=False),  # in its call: of two at one moment the later one counts
    Column("suggestions", JSON, nullable=False),  # the ids that were accepted
    Column("reasons", JSON, nullable=False),  # system, code, display of each
    Column("commented", Boolean, nullable=False),
    Column("comment", Text, nullable=False),  # empty unless comments are kept
    Index("feedback_by_card", "card"),
    Index("feedback_by_time", "received"),
)

# Tokens that were used, by a digest of issuer and jti.
tokens = Table(
    "tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("until", Instant, nullable=False),
    Index("tokens_by_time", "until"),
)
