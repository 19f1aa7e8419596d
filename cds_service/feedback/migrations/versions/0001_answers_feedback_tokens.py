"""Answers, their cards, feedback, and used tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _answers()
    _cards()
    _feedback()
    op.create_table(
        "tokens",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("until", MOMENT, nullable=False),
    )
    op.create_index("tokens_by_time", "tokens", ["until"])


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("service", "hook")),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("hook_instance", "user", "patient")),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("client", "tenant", "site", "knowledge_version", "software_version")
        ),
    )
    op.create_index("answers_by_time", "answers", ["at"])


def _cards() -> None:
    said = ("card", "topic", "indicator", "indication", "guideline", "recommendation", "verdict", "rule", "level")
    op.create_table(
        "cards",
        sa.Column("answer", sa.String(32), sa.ForeignKey("answers.id"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in said),
        sa.Column("suggestions", sa.JSON, nullable=False),
    )
    op.create_index("cards_by_card", "cards", ["card"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("received", MOMENT, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("client", "tenant", "service", "card", "outcome")),
        sa.Column("outcome_at", MOMENT, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("suggestions", sa.JSON, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("commented", sa.Boolean, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
    )
    op.create_index("feedback_by_card", "feedback", ["card"])
    op.create_index("feedback_by_time", "feedback", ["received"])
