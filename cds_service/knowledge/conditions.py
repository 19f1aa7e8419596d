"""The shapes of conditions: comparisons, and groups of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cds_service.knowledge.figures import CodeList, Number

ON_RECORD = ("recorded", "not_recorded", "known")  # what `is` may ask of every fact


@dataclass(frozen=True, slots=True, eq=False)
class Vague:
    """A category that leaves open which of others holds; `needs` names what would tell."""

    category: str
    one_of: tuple[str, ...]
    needs: str


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    text: str
    fact: str
    op: str
    number: Number


@dataclass(frozen=True, slots=True, eq=False)
class Is:
    """`dat is positive`; `recorded`, `not_recorded` and `known` fit every fact.

    `vague` is set where the fact may be told so vaguely that this category is one of those it may be.
    """

    text: str
    fact: str
    category: str
    vague: Vague | None = None


@dataclass(frozen=True, slots=True, eq=False)
class In:
    """`conditions in fnait`."""

    text: str
    fact: str
    codelist: CodeList


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """`all`, `any` or `none` of its items."""

    word: str
    items: tuple[Condition, ...]


Condition = Comparison | Is | In | Named | Group


def comparisons(condition: Condition) -> Iterator[Comparison | Is | In]:
    """Those that stand in the condition itself; statements that it names are not followed."""
    if isinstance(condition, Group):
        for item in condition.items:
            yield from comparisons(item)
    elif not isinstance(condition, Named):
        yield condition
