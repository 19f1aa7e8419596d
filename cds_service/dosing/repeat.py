"""May the dose be given again: how many are on record, and how long ago the last was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cds_service.facts.fact import Fact
from cds_service.facts.moments import HOUR
from cds_service.knowledge.shapes import Dose

UNDER_WAY = ("in-progress", "on-hold")


class Repeat(NamedTuple):
    """`kind` is first, due, too_soon, too_many, under_way or unknown; `why` says it in a sentence. `bars`: no further
    dose is due."""

    kind: str
    why: str = ""
    bars: bool = False


def repeat(dose: Dose | None, given: Sequence[Fact], as_of: datetime) -> Repeat:
    """How a dose now stands to those given, oldest first, by the dose of a guideline; None where none advises one."""
    if not given:
        return Repeat("first")
    if running(given):
        return Repeat("under_way", "an infusion is running or on hold", bars=True)
    if dose is None:
        return Repeat("unknown", f"{doses(len(given))} on record, and no guideline followed here advises a further one")
    if dose.at_most is not None and len(given) >= dose.at_most:
        return Repeat("too_many", f"{doses(len(given))} on record, {dose.at_most} at most", bars=True)
    times = [one.at for one in given if one.at]
    if len(times) < len(given):
        return Repeat("unknown", "a dose on record has no time", bars=True)
    last = times[-1]
    if dose.repeat_after_hours is None:
        said = dose.at_most is not None
        return Repeat("due" if said else "unknown", "" if said else "the guideline states no repeat dose")
    # Where only the day is known, it was as late as it can have been.
    if as_of - last.late < timedelta(hours=float(dose.repeat_after_hours)):
        why = f"last dose {hours_ago(given[-1], as_of)}, a repeat not before {dose.repeat_text}"
        return Repeat("too_soon", why, bars=True)
    return Repeat("due")


def running(given: Sequence[Fact]) -> bool:
    """Whether an infusion is under way, whichever dose it is."""
    return any(one.value in UNDER_WAY for one in given)


def barred(dose: Dose, given: Sequence[Fact], as_of: datetime) -> str:
    """Why no further dose is due by this guideline; empty where one may be given. `given` are doses, oldest first."""
    found = repeat(dose, given, as_of)
    return found.why if found.bars else ""


def doses(count: int) -> str:
    return "1 dose" if count == 1 else f"{count} doses"


def hours_ago(dose: Fact, as_of: datetime) -> str:
    """`5 h ago`, in completed hours; where only the day is known, of the latest that it can be."""
    if dose.at is None:
        return "at an unknown time"
    return f"{max(as_of - dose.at.late, timedelta(0)) // HOUR} h ago"
