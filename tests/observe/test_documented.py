"""What operators may see is described for them: every event, field and metric."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cds_service.observe.events import LEVELS
from cds_service.observe.fields import FIELDS
from cds_service.observe.metrics import COUNTERS, PREFIX
from cds_service.observe.vocabulary import words_of

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")


def row(table: str, name: str) -> list[str]:
    """The cells of the one row that names it, in the table of that heading."""
    _, _, rest = PAGE.partition(f"\n| {table} |")
    rows = [line.split("|")[1:-1] for line in rest.partition("\n\n")[0].splitlines() if line.startswith("| `")]
    (found,) = [cells for cells in rows if f"`{name}`" in cells[0]]
    return found


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_field(name: str) -> None:
    assert row("field", name)


@pytest.mark.parametrize("name", sorted(words_of("event")))
def test_every_event_and_its_level(name: str) -> None:
    cells = row("event", name)
    names, levels = re.findall(r"`(\w+)`", cells[0]), [one.strip() for one in cells[1].split(",")]
    if name != "library":
        assert levels[names.index(name)] == LEVELS.get(name, "error" if name == "uncaught" else "info")


@pytest.mark.parametrize("name", sorted(COUNTERS))
def test_every_metric_and_its_labels(name: str) -> None:
    assert re.findall(r"`(\w+)`", row("metric", f"{PREFIX}{name}_total")[1]) == list(COUNTERS[name][1])
