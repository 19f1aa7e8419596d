"""Instants that may be known only to the day: a span from the earliest to the latest they can be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import NamedTuple

from cds_service.knowledge.shapes import Amount

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
YEARS = range(1900, 2200)  # no newborn's record holds another; far ends of the calendar overflow in other zones


class Span(NamedTuple):
    """UTC datetimes; `early == late` where the instant is known."""

    early: datetime
    late: datetime

    @property
    def exact(self) -> bool:
        return self.early == self.late


def parse(text: str, zone: tzinfo) -> Span | None:
    """A FHIR date, dateTime or instant; None where it is none.

    A date is the whole local day in `zone`; a dateTime without an offset (not valid FHIR, but sent) is read there.
    `YYYY` and `YYYY-MM` are the whole year or month.
    """
    try:
        if len(text) > 10:
            moment = datetime.fromisoformat(text)
            if moment.year not in YEARS:
                return None
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=zone)
            if moment.tzinfo is not UTC:
                moment = moment.astimezone(UTC)
            return Span(moment, moment)
        parts = [int(part) for part in text.split("-")]
        if len(text) == 10:
            first = date.fromisoformat(text)
            after = first + timedelta(days=1)
        elif len(text) == 7 and len(parts) == 2:
            first = date(parts[0], parts[1], 1)
            after = date(parts[0] + parts[1] // 12, parts[1] % 12 + 1, 1)
        elif len(text) == 4 and len(parts) == 1:
            first, after = date(parts[0], 1, 1), date(parts[0] + 1, 1, 1)
        else:
            return None
        if first.year not in YEARS:
            return None
        return Span(_midnight(first, zone), _midnight(after, zone) - SECOND)
    except (ValueError, OverflowError):
        return None


def instant(text: object) -> datetime | None:
    """An RFC 3339 instant with its offset, in UTC; None where it is none."""
    if not isinstance(text, str) or len(text) <= 10:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo and moment.year in YEARS else None
    except (ValueError, OverflowError):
        return None


@cache
def length(amount: Amount) -> timedelta:
    """A length of time of the knowledge, in whichever unit it is given; the base unit of time is the hour."""
    return timedelta(hours=float(amount.value * amount.unit.factor))


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
