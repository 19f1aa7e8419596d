"""How far a figure may go by how well it was verified: an unverified one drives no more than a warning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cds_service.errors import KnowledgeError
from cds_service.knowledge.shapes import Cite, Comparison, Condition, FactSpec, Group, Guidance, In, Is, Named

UNVERIFIED = "unverified"
CRITICAL = "critical"


def check_critical(guidance: Guidance, facts: Mapping[str, FactSpec]) -> None:
    """No recommendation and no note makes a card critical by what is unverified."""
    file, statements = guidance.file, guidance.statements
    for entry in guidance.recommendations:
        if entry.card.indicator == CRITICAL:
            at_most_a_warning(f"{file}: {entry.id}", entry.cite, (entry.when,), statements, facts)
    for note in guidance.notes:
        if note.indicator == CRITICAL:
            at_most_a_warning(f"{file}: note", note.cite, (note.when, note.unless), statements, facts)


def at_most_a_warning(
    place: str,
    where: Cite,
    conditions: tuple[Condition | None, ...],
    statements: Mapping[str, Condition],
    facts: Mapping[str, FactSpec],
) -> None:
    """Refuses what is louder than a warning, with its citation and conditions, where any of them is unverified."""
    if where.source.verified == UNVERIFIED:
        raise KnowledgeError(place, "an unverified source may not drive more than a warning")
    for condition in conditions:
        for leaf in _leaves(condition, statements):
            for what, cite in _cited(leaf, facts):
                if cite.source.verified == UNVERIFIED:
                    raise KnowledgeError(
                        place,
                        f"{what} in {leaf.text!r} is unverified ({cite.source.short}): it may not drive more than a "
                        "warning",
                    )


def _leaves(condition: Condition | None, statements: Mapping[str, Condition]) -> Iterator[Comparison | Is | In]:
    """Every comparison, those of the statements that are named too."""
    if isinstance(condition, Named):
        yield from _leaves(statements[condition.name], statements)
    elif isinstance(condition, Group):
        for item in condition.items:
            yield from _leaves(item, statements)
    elif condition is not None:
        yield condition


def _cited(leaf: Comparison | Is | In, facts: Mapping[str, FactSpec]) -> Iterator[tuple[str, Cite]]:
    """The figures behind a comparison: the limit, its table, and those that the fact itself is made with."""
    if isinstance(leaf, Comparison):
        yield leaf.number.name, leaf.number.cite
        if leaf.number.table:
            yield leaf.number.table.name, leaf.number.table.cite
    for name, figure in facts[leaf.fact].amounts.items():
        yield f"{name} of {leaf.fact}", figure.cite
