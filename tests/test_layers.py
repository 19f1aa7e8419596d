"""The layers: who may import whom, and that what judges a newborn knows neither the web nor the clock."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.knowledge.files import PACKAGE as KNOWLEDGE

ROOT = KNOWLEDGE.parent
# layer -> the layers that it may import from, besides itself and cds_service.errors
ARROWS = {
    "knowledge": set(),
    "fhir": set(),
    "feedback": set(),
    "observe": set(),
    "clients": {"fhir"},
    "facts": {"fhir", "knowledge"},
    "decisions": {"facts", "knowledge"},
    "dosing": {"facts", "knowledge"},
    "cards": {"decisions", "dosing", "facts", "knowledge"},
    "hooks": {"cards", "decisions", "dosing", "facts", "fhir", "knowledge", "feedback", "clients", "observe"},
    "review": {"hooks", "cards", "decisions", "dosing", "facts", "fhir", "knowledge", "feedback"},
}
PURE = ("knowledge", "facts", "decisions", "dosing", "cards")
WEB = {"flask", "werkzeug", "requests", "sqlalchemy", "granian", "httpx", "urllib", "socket"}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}
MODULES = sorted(path for layer in ARROWS for path in (ROOT / layer).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Every module that is imported anywhere in the file, by its full name; inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: imports are absolute"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_of(module: str) -> str:
    """`facts` of `cds_service.facts.fact.Fact`; empty for what is not ours."""
    parts = module.split(".")
    if parts[0] != "cds_service":
        return ""
    return parts[1] if len(parts) > 1 else "cds_service"


def test_the_layers_are_where_this_test_looks_for_them() -> None:
    assert {name(path).partition("/")[0] for path in MODULES} >= set(ARROWS)
    folders = {path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()}
    assert folders <= set(ARROWS), "a layer without arrows"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_imports_only_from_the_layers_below(path: Path) -> None:
    own = name(path).partition("/")[0]
    allowed = {own, "errors", "", *ARROWS[own]}
    wrong = [module for module in imports(path) if layer_of(module) not in allowed]
    assert not wrong


@pytest.mark.parametrize("path", [path for path in MODULES if name(path).startswith(PURE)], ids=name)
def test_what_judges_a_newborn_knows_no_web(path: Path) -> None:
    assert not {module.partition(".")[0] for module in imports(path)} & WEB


@pytest.mark.parametrize("path", [path for path in MODULES if name(path).startswith(PURE)], ids=name)
def test_what_judges_a_newborn_reads_no_clock(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            owner = ast.unparse(node.func.value).rpartition(".")[2]
            assert owner not in ("datetime", "date", "time"), f"{name(path)}:{node.lineno} reads the clock"
    assert not {"time", "time.time", "time.time_ns"} & set(imports(path))


def test_the_older_layers_do_not_know_the_hooks() -> None:
    known = {layer_of(module) for path in MODULES if name(path).startswith(PURE) for module in imports(path)}
    assert not known & {"hooks", "review", "app", "settings", "server", "cli", "feedback"}
