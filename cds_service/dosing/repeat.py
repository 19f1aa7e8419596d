"""May the dose be given again: how many are on record, and how long ago the last was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cds_service.facts.fact import Fact
from cds_service.facts.moments import HOUR
from cds_service.knowledge.shapes import Dose

UNDER_WAY = ("in-progress", "on-hold")


def barred(dose: Dose, given: Sequence[Fact], as_of: datetime) -> str:
    """Why no further dose is due by this guideline; empty where one may be given. `given` are doses, oldest first."""
    if not given:
        return ""
    if any(one.value in UNDER_WAY for one in given):
        return "an infusion is running or on hold"
    if dose.at_most is not None and len(given) >= dose.at_most:
        return f"{doses(len(given))} on record, {dose.at_most} at most"
    times = [one.at for one in given if one.at]
    if len(times) < len(given):
        return "a dose on record has no time"
    last = times[-1]
    # Where only the day is known, it was as late as it can have been.
    if dose.repeat_after_hours is not None and as_of - last.late < timedelta(hours=float(dose.repeat_after_hours)):
        return f"last dose {hours_ago(given[-1], as_of)}, a repeat not before {dose.repeat_text}"
    return ""


def doses(count: int) -> str:
    return "1 dose" if count == 1 else f"{count} doses"


def hours_ago(dose: Fact, as_of: datetime) -> str:
    """`5 h ago`, in completed hours; where only the day is known, of the latest that it can be."""
    if dose.at is None:
        return "at an unknown time"
    return f"{max(as_of - dose.at.late, timedelta(0)) // HOUR} h ago"
