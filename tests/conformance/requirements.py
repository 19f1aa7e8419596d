"""The requirements of CDS Hooks on a service, and the tests that each of them names."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FILE = Path(__file__).parent / "requirements.toml"
LEVELS = {"MUST", "MUST NOT", "SHOULD", "MAY"}
LEVELS |= {f"{level}, ours" for level in LEVELS}
COUNT = 137


@dataclass(frozen=True)
class Requirement:
    """`tests` are pytest ids, with a case or without, or files; `reason` is why there is none, or what else counts."""

    id: str
    level: str
    says: str
    source: str
    tests: tuple[str, ...] = ()
    reason: str = ""


def load(path: Path = FILE) -> list[Requirement]:
    """In the order of the file. Raises TypeError where a member is missing or not known."""
    written = tomllib.loads(path.read_text("utf-8"))
    return [Requirement(name, **{**given, "tests": tuple(given.get("tests", ()))}) for name, given in written.items()]


def faults(requirements: list[Requirement]) -> Iterator[str]:
    """What keeps the list from being a whole account."""
    if [one.id for one in requirements] != [f"R{number}" for number in range(1, COUNT + 1)]:
        yield f"the requirements are not R1 to R{COUNT}, each once and in order"
    for one in requirements:
        if one.level not in LEVELS:
            yield f"{one.id}: the level {one.level} is not known"
        if not one.says.endswith(".") or not one.source:
            yield f"{one.id}: no sentence, or no source"
        if not one.tests and not one.reason:
            yield f"{one.id}: neither a test nor a reason why not"
        if len(set(one.tests)) < len(one.tests):
            yield f"{one.id}: names a test twice"
        yield from (f"{one.id}: there is no {test}" for test in one.tests if not exists(test))


def function(test: str) -> str:
    """The id without its case."""
    return test.partition("[")[0]


def exists(test: str) -> bool:
    path, _, name = function(test).partition("::")
    return (ROOT / path).is_file() and (not name or name in _tests_in(path))


@cache
def _tests_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
