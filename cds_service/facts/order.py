"""Reads a drafted MedicationRequest into what it states: amounts, rates, times. Nothing is computed or chosen here."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from cds_service.facts.amounts import (
    CONTRADICTORY,
    MINUTES,
    Rate,
    Spellings,
    amount,
    between,
    in_minutes,
    number,
    rate,
    ratio,
)
from cds_service.facts.fact import Quantity
from cds_service.facts.hidden import hidden
from cds_service.facts.order_text import Words, words_of
from cds_service.facts.words import tokens
from cds_service.fhir.read import Json, as_dict, as_list, as_text, codings, label, reference_id, texts, words

ADMINISTERED = ("admin-amount", "administered")
DAY = MINUTES["d"]
LINES = 50  # dosages, and notes, of one order that are read; our own choice: real orders have a few
# The abbreviations of HL7's GTSAbbreviation, and how they are spelled: hours between two doses.
HOURS = {
    "bid": 12,
    "tid": 8,
    "qid": 6,
    "qd": 24,
    "qod": 48,
    "am": 24,
    "pm": 24,
    "twice": 12,
    "daily": 24,
    **{f"q{hours}h": hours for hours in (2, 3, 4, 6, 8, 12, 24, 48)},
}


class Stated(NamedTuple):
    """One statement of a dose. `kind` is calculated, ordered, administered or text, empty where none is named."""

    amount: Quantity
    kind: str
    said: str


@dataclass(slots=True)
class StatedDose:
    """One dose, often stated several ways at once. `times` is how often it is to be given, None where a repetition
    has no end; `every` is the time between two, in minutes."""

    stated: tuple[Stated, ...]
    times: int | None = 1
    every: Decimal | None = None


@dataclass(slots=True)
class StatedOrder:
    """What one order states. `minutes` from the shorter to the longer; `kilograms` where a weight is named.

    `units` is plain or contradictory, `read` coded or text; `replaces` is the id of the order that this one follows.
    """

    id: str
    source: str
    doses: tuple[StatedDose, ...] = ()
    rates: tuple[Rate, ...] = ()
    minutes: tuple[Decimal, Decimal] | None = None
    kilograms: Decimal | None = None
    dispensed: Quantity | None = None
    units: str = "plain"
    read: str = "coded"
    unread: tuple[str, ...] = ()
    replaces: str = ""


@dataclass(slots=True)
class _Line:
    """One dosage instruction as it is coded, and as its words say it."""

    stated: list[Stated]
    rates: list[Rate]
    minutes: Decimal | None
    times: int | None
    every: Decimal | None
    timed: bool
    said: Words
    unread: list[str] = field(default_factory=list)
    contradictory: bool = False


def stated_order(order: Json, spellings: Spellings) -> StatedOrder:
    """Every dosage of the order. Where none is coded, what its text says, then a note's."""
    dosages, remarks = as_list(order.get("dosageInstruction")), as_list(order.get("note"))
    lines = [_line(raw, spellings) for one in dosages[:LINES] if (raw := as_dict(one))]
    named = {"dosages": dosages, "notes": remarks}
    contradictory = any(line.contradictory for line in lines)
    coded = [line for line in lines if line.stated]
    read = "coded"
    beside = [] if coded else hidden(order, spellings)
    if not coded and not contradictory:
        notes = [_line({"text": text}, spellings) for text in texts(remarks[:LINES]) if text]
        for some in (lines, notes):
            coded = [_from_words(line) for line in some if line.said.amounts]
            if coded:
                read = "text"
                lines = lines if some is lines else [*lines, *coded]
                break
    rates = [found for line in lines for found in line.rates] or [found for line in lines for found in line.said.rates]
    weights = [line.said.kilograms for line in lines if line.said.kilograms]
    dispensed = as_dict(as_dict(order.get("dispenseRequest")).get("quantity"))
    return StatedOrder(
        id=as_text(order.get("id")),
        source=label(order),
        doses=tuple(_dose(line) for line in coded),
        rates=tuple(rates),
        minutes=_length(lines, len(coded)),
        kilograms=weights[0] if weights else None,
        dispensed=amount(dispensed, spellings)[0] if dispensed else None,
        units="contradictory" if contradictory else "plain",
        read=read,
        unread=(
            *(text for line in lines for text in (*line.unread, *(() if line.stated else line.said.unread))),
            *beside,
            *(f"{len(all_of) - LINES} more {name}" for name, all_of in named.items() if len(all_of) > LINES),
        ),
        replaces=reference_id(order.get("priorPrescription"), "MedicationRequest"),
    )


def _line(raw: Json, spellings: Spellings) -> _Line:
    often = frequency(as_dict(raw.get("timing")).get("code"))
    said = words_of("\n".join([*texts(raw), as_text(raw.get("patientInstruction")), often]), spellings)
    times, every, timed = _times(raw.get("timing"))
    line = _Line([], [], _minutes(raw.get("timing")), times, every, timed, said)
    for entry in as_list(raw.get("doseAndRate")):
        _entry(as_dict(entry), line, spellings)
    if not line.stated and "doseQuantity" in raw:
        _entry(raw, line, spellings)  # the older shape: the dose beside its timing
    _per_kilogram_after_all(line)
    return line


def frequency(concept: object) -> str:
    """`timing.code` in words that are read as a dosage's are: `BID` as `dose every 12 h`."""
    said = [words(concept), *(code for _, code, _ in codings(concept))]
    hours = {HOURS[token] for text in said for token in tokens(text) if token in HOURS}
    # "dose" before it, so that it is taken for a dose's and not for that of some watching.
    return f"dose every {min(hours)} h" if hours else "\n".join(f"dose {text}" for text in said if text)


def _entry(entry: Json, line: _Line, spellings: Spellings) -> None:
    """One of `doseAndRate`: a dose, a rate or both."""
    for key, reader in (("doseQuantity", amount), ("doseRange", between)):
        if not entry.get(key):
            continue
        found, said, problem = reader(entry[key], spellings)
        if found:
            line.stated.append(Stated(found, _kind(entry.get("type")), said))
        else:
            line.contradictory = line.contradictory or problem == CONTRADICTORY
            line.unread.append(f"{said} {problem}".strip())
    rates = [rate(entry.get("rateQuantity"), spellings), ratio(entry.get("rateRatio"), spellings)]
    rates += [rate(as_dict(entry.get("rateRange")).get(end), spellings) for end in ("low", "high")]
    line.rates += [one for one in rates if one]
    if not any(rates) and (entry.get("rateQuantity") or entry.get("rateRatio") or entry.get("rateRange")):
        line.unread.append("a rate that is not read")


def _kind(concept: object) -> str:
    """What an entry is, by its code or its words: some EHRs send calculated, administered and ordered for one dose."""
    said = " ".join((*(code for _, code, _ in codings(concept)), words(concept))).lower()
    if any(word in said for word in ADMINISTERED):
        return "administered"
    return next((kind for kind in ("calculated", "ordered") if kind in said), "")


def _per_kilogram_after_all(line: _Line) -> None:
    """A dose coded as `1 g` beside the words `1 g/kg`: the words are kept as another statement of the dose."""
    masses = {one.amount.low * one.amount.unit.factor for one in line.stated if one.amount.unit.quantity == "dose_mass"}
    if any(one.amount.unit.quantity == "dose" for one in line.stated):
        return
    for found, said in line.said.amounts:
        if found.unit.quantity == "dose" and found.low * found.unit.factor in masses:
            line.stated.append(Stated(found, "text", said))


def _from_words(line: _Line) -> _Line:
    line.stated = [Stated(found, "text", said) for found, said in line.said.amounts]
    return line


def _dose(line: _Line) -> StatedDose:
    times, every = line.times, line.every
    if not line.timed:
        times = line.said.times or (None if line.said.every else 1)
        every = line.said.every
    return StatedDose(tuple(line.stated), times, every)


def _minutes(timing: object) -> Decimal | None:
    """The duration; or the bounds, where they hold one administration: no frequency, and less than a day."""
    repeat = as_dict(as_dict(timing).get("repeat"))
    if found := in_minutes(repeat.get("duration"), as_text(repeat.get("durationUnit"))):
        return found
    bounds = _bounds(repeat)
    repeated = any(key in repeat for key in ("frequency", "period", "timeOfDay"))
    return bounds if bounds and bounds < DAY and not repeated else None


def _bounds(repeat: Json) -> Decimal | None:
    bounds = as_dict(repeat.get("boundsDuration"))
    return in_minutes(bounds.get("value"), as_text(bounds.get("code")) or as_text(bounds.get("unit")))


def _times(timing: object) -> tuple[int | None, Decimal | None, bool]:
    """(how often, minutes between, whether anything is said of it). Not how often where there is no end."""
    repeat = as_dict(as_dict(timing).get("repeat"))
    frequency, count = number(repeat.get("frequency")), number(repeat.get("count"))
    period = in_minutes(repeat.get("period"), as_text(repeat.get("periodUnit")))
    every = period / (frequency or 1) if period else None
    if count is not None and count >= 1:
        return int(count), every, True
    bounds = _bounds(repeat)
    if every:
        return (max(int(bounds / every), 1) if bounds else None), every, True
    if frequency is not None and frequency >= 1:
        return int(frequency), None, True
    return 1, None, False


def _length(lines: list[_Line], doses: int) -> tuple[Decimal, Decimal] | None:
    """How long one dose runs. The steps of one infusion add up; of several doses the shortest time counts."""
    coded = [line.minutes for line in lines if line.minutes]
    if doses > 1 and coded:
        return min(coded), min(coded)
    if len(coded) == 1 or (coded and len(coded) == len(lines)):
        return sum(coded, Decimal(0)), sum(coded, Decimal(0))
    said = [line.said.minutes for line in lines if line.said.minutes]
    return min(said) if said else None
