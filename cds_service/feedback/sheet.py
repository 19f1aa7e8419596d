"""Writes reports as text to read and as CSV that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from sqlalchemy import Row

from cds_service.feedback.report import Count, Report, rule_of

FORMULA = ("=", "+", "-", "@")
COUNTED = ("shown", "accepted", "overridden", "unanswered")
COLUMNS = ("intervention", "action_taken", "feedback", "user", "date", "location")
UNKNOWN = "feedback on cards that are not known to have been shown"


def as_text(report: Report) -> Iterator[str]:
    """Lines: one for each group, and under it the reasons for overriding."""
    if not report.counts:
        yield "nothing was shown"
    groups = ([*map(_plain, group), *_figures(count)] for group, count in report.counts.items())
    table = [[*report.by, *COUNTED], *groups]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    reasons = [[], *(count.reasons for count in report.counts.values())]
    for line, why in zip(table if report.counts else [], reasons, strict=False):
        words = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        figures = [cell.rjust(width) for cell, width in zip(line, widths, strict=True)]
        yield "  ".join(words[: len(report.by)] + figures[len(report.by) :]).rstrip()
        yield from (f"    overridden: {_plain(code)}: {number}" for code, number in _by_number(why))
    if report.unknown:
        yield f"{UNKNOWN}: {report.unknown}"


def _plain(text: str) -> str:
    """On one line, and without what would move a terminal's cursor: codes are the clients'."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def as_csv(report: Report) -> str:
    """One row for each group, one column for each reason that occurs."""
    codes = sorted({code for count in report.counts.values() for code in count.reasons})
    rows: list[list[str]] = [[*report.by, *COUNTED, *(f"overridden: {code}" for code in codes)]]
    for group, count in report.counts.items():
        rows.append([*group, *_figures(count), *(str(count.reasons[code]) for code in codes)])
    return _written(rows)


def rows_as_csv(rows: Iterable[Row[Any]]) -> Iterator[str]:
    """The six columns that certification in the US asks for (45 CFR 170.315(b)(11)), a line for each card shown."""
    yield _written([COLUMNS])
    for row in rows:
        yield _written([[_intervention(row), _action(row), _feedback(row), row.user, _date(row), _location(row)]])


def _intervention(row: Row[Any]) -> str:
    stand = row.verdict or row.level
    return f"{rule_of(row)}{f': {stand}' if stand else ''} ({row.knowledge_version})"


def _action(row: Row[Any]) -> str:
    if row.outcome != "accepted":
        return row.outcome or "unanswered"
    does = dict.fromkeys(row.offered.get(one, "suggestion not known") for one in row.suggestions)
    return f"accepted: {', '.join(does)}"


def _feedback(row: Row[Any]) -> str:
    if row.outcome is None:
        return ""
    reasons = [reason["display"] or reason["code"] for reason in row.reasons]
    comment = [row.comment] if row.comment else ["(comment not kept)"] if row.commented else []
    return "; ".join([*reasons, *comment])


def _date(row: Row[Any]) -> str:
    moment = row.outcome_at or row.at
    return str(moment.isoformat(timespec="seconds").replace("+00:00", "Z"))


def _location(row: Row[Any]) -> str:
    return "/".join(part for part in (row.site, row.client, row.tenant) if part)


def _figures(count: Count) -> list[str]:
    return [str(number) for number in (count.shown, count.accepted, count.overridden, count.unanswered)]


def _by_number(reasons: Any) -> list[tuple[str, int]]:
    return sorted(dict(reasons).items(), key=lambda one: (-one[1], one[0]))


def _written(rows: Iterable[Iterable[str]]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows([_harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def _harmless(cell: str) -> str:
    """A client may send any reason; a spreadsheet would run one that begins like a formula."""
    line = " ".join(cell.split())
    return f"'{line}" if line.startswith(FORMULA) else line
