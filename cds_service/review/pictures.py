"""Draws a table of thresholds as an SVG line chart, for pages that are read and printed.

A writer of our own, since the libraries at hand fit worse. matplotlib brings numpy and forty megabytes, and its bytes
change with its version and with the fonts of the machine. pygal puts a script and a far legend into each chart. What is
drawn here is small: axes with units, and each line named where it ends. The same table gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from cds_service.cards.chart import capital
from cds_service.knowledge.shapes import Table
from cds_service.review.sentences import spaced, unit_words

WIDTH = 760
HEIGHT, TALL, MANY = 400, 540, 10  # of one panel; of one with many lines
LEFT, RIGHT, TOP, BOTTOM = 66, 136, 40, 54
LABEL_GAP = 13  # between the names of two lines
# Dark colors of Okabe and Ito's and of Tol's sets, which the color-blind tell apart; the light ones are lost on white
# paper. Lines next to each other also differ in their dashes, for paper without colors.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#000000", "#882255")
DASHES = ("", "7 3", "2 2", "9 3 2 3")
HOUR_STEPS = (1, 2, 6, 12, 24, 48, 72, 168)
STEPS = (1, 2, 5)
MOST_TICKS = 9
Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One line of a panel: its name, and the points it is drawn through."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Panel:
    title: str
    across: str
    upward: str
    hours: bool
    lines: tuple[Line, ...]

    @property
    def height(self) -> int:
        return TALL if len(self.lines) > MANY else HEIGHT


def panels(table: Table) -> list[Panel]:
    """One panel a column, with a line for each gestation; without ages one panel, with a line for each column."""
    upward = f"{spaced(table.unit.quantity)}, {unit_words(table.unit)}"
    if aged(table):
        return [
            Panel(capital(spaced(column)), "age, hours", upward, True, tuple(_by_week(table, column)))
            for column in table.cells
        ]
    lines = [
        Line(spaced(column), _by_gestation({week: float(points[0][1]) for week, points in cells.items()}))
        for column, cells in table.cells.items()
    ]
    return [Panel("", "gestation, completed weeks", upward, False, tuple(lines))]


def _by_gestation(values: Mapping[int, float]) -> tuple[Point, ...]:
    """A step a week: the figure of 28 weeks holds until 29 weeks are completed."""
    return tuple((start, values[week]) for week in sorted(values) for start in (week, week + 1))


def aged(table: Table) -> bool:
    """Whether the table has more than one age."""
    return any(len(points) > 1 for cells in table.cells.values() for points in cells.values())


def weeks_words(table: Table, week: int) -> str:
    """`35 weeks`; the last column of a table stands for every later week too."""
    return f"{week} weeks or more" if week == table.gestations[-1] else f"{week} weeks"


def _by_week(table: Table, column: str) -> list[Line]:
    end = max(points[-1][0] for cells in table.cells.values() for points in cells.values())
    lines = []
    for week, points in sorted(table.cells[column].items()):
        through: list[Point] = []
        for hour, value in points:
            if table.between == "step" and through and through[-1][1] != float(value):
                through.append((hour, through[-1][1]))
            through.append((hour, float(value)))
        if table.level_after_last and points[-1][0] < end:
            through.append((end, through[-1][1]))
        lines.append(Line(weeks_words(table, week), tuple(_bends(through))))
    return lines


def _bends(points: Sequence[Point]) -> list[Point]:
    """Without the points in the middle of a level stretch."""
    inner = [
        here
        for before, here, after in zip(points, points[1:], points[2:], strict=False)
        if not before[1] == here[1] == after[1]
    ]
    return [points[0], *inner, points[-1]] if len(points) > 1 else list(points)


def draw(table: Table, title: str) -> str:
    """The whole picture, all its panels one below the other. `title` is read aloud where it cannot be seen."""
    found = panels(table)
    height = sum(panel.height for panel in found)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img" font-family="Arial, Helvetica, sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    top = 0
    for panel in found:
        out += _panel(panel, top)
        top += panel.height
    return "\n".join([*out, "</svg>"]) + "\n"


@dataclass(frozen=True)
class Scale:
    """From values to places on the paper, along one axis."""

    low: float
    high: float
    start: float
    end: float
    step: float

    def __call__(self, value: float) -> float:
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        return [self.low + self.step * index for index in range(round((self.high - self.low) / self.step) + 1)]


def scale(values: Sequence[float], start: float, end: float, steps: Sequence[float]) -> Scale:
    """From the tick below the lowest value, but not below 0, to the tick at or above the highest.

    >>> scale([80, 455], 0, 100, [20, 50, 100]).ticks()
    [50, 100, 150, 200, 250, 300, 350, 400, 450, 500]
    """
    low, high = min(values), max(values)
    for step in steps:
        first, last = max(0, -(-low // step) - 1) * step, -(-high // step) * step
        if last - first <= step * MOST_TICKS and last > first:
            break
    return Scale(first, last, start, end, step)


def _steps(*, hours: bool) -> Sequence[float]:
    if hours:
        return HOUR_STEPS
    return [float(Decimal(step).scaleb(power)) for power in range(-2, 6) for step in STEPS]


def _panel(panel: Panel, top: int) -> list[str]:
    across = scale([x for line in panel.lines for x, _ in line.points], LEFT, WIDTH - RIGHT, _steps(hours=panel.hours))
    upward = scale(
        [y for line in panel.lines for _, y in line.points], top + panel.height - BOTTOM, top + TOP, _steps(hours=False)
    )
    out = [f'<text x="{LEFT}" y="{top + 22}" font-size="15" font-weight="bold">{escape(panel.title)}</text>']
    out += _axes(panel, across, upward)
    places = _apart(panel.lines, upward)
    for index, line in enumerate(panel.lines):
        out += _line(line, index, places[index], across, upward)
    return out


def _axes(panel: Panel, across: Scale, upward: Scale) -> list[str]:
    out = []
    for value in upward.ticks():
        y = _at(upward(value))
        out.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#d9d9d9"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y}" dy="4" text-anchor="end">{value:g}</text>')
    for value in across.ticks():
        x = _at(across(value))
        out.append(f'<path d="M{x} {_at(upward.start)}v5" stroke="#000000"/>')
        out.append(f'<text x="{x}" y="{_at(upward.start + 19)}" text-anchor="middle">{value:g}</text>')
    middle, down = _at((LEFT + WIDTH - RIGHT) / 2), _at((upward.start + upward.end) / 2)
    corner = f"M{LEFT} {_at(upward.end)}V{_at(upward.start)}H{WIDTH - RIGHT}"
    out.append(f'<path d="{corner}" stroke="#000000" fill="none"/>')
    out.append(f'<text x="{middle}" y="{_at(upward.start + 40)}" text-anchor="middle">{escape(panel.across)}</text>')
    out.append(
        f'<text x="16" y="{down}" text-anchor="middle" transform="rotate(-90 16 {down})">{escape(panel.upward)}</text>'
    )
    return out


def _apart(lines: Sequence[Line], upward: Scale) -> dict[int, float]:
    """Where the name of each line stands: at its end, moved as little as keeps the names from touching.

    Lines that end in one place are named in the order in which they began.
    """
    ends = sorted((upward(line.points[-1][1]), -line.points[0][1], index) for index, line in enumerate(lines))
    blocks: list[tuple[float, list[int]]] = []  # the place of the first name, and the lines named one below the other
    for end, _, index in ends:
        here, named = end, [index]
        while blocks and here < blocks[-1][0] + LABEL_GAP * len(blocks[-1][1]):
            above, others = blocks.pop()
            count = len(others) + len(named)
            here = (above * len(others) + (here - LABEL_GAP * len(others)) * len(named)) / count
            named = others + named
        blocks.append((here, named))
    return {index: start + LABEL_GAP * number for start, named in blocks for number, index in enumerate(named)}


def _line(line: Line, index: int, place: float, across: Scale, upward: Scale) -> list[str]:
    color, dash = COLORS[index % len(COLORS)], DASHES[index % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    path = "M" + "L".join(f"{_at(across(x))} {_at(upward(y))}" for x, y in line.points)
    x, y = across(line.points[-1][0]), upward(line.points[-1][1])
    edge = WIDTH - RIGHT
    return [
        f'<path d="{path}" fill="none" stroke="{color}" stroke-width="1.8"{dashed}/>',
        f'<path d="M{_at(x + 2)} {_at(y)}L{edge + 10} {_at(place)}" stroke="{color}" stroke-width="0.6"/>',
        f'<text x="{edge + 14}" y="{_at(place)}" dy="4">{escape(line.name)}</text>',
    ]


def _at(value: float) -> str:
    """A place on the paper, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")
