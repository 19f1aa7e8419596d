"""Reads a dosage that is only said in words: `1 g/kg (3.4 g) over 4 h`. What stands beside a dose is masked first."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from cds_service.facts.amounts import MINUTES, Rate, Spellings, of_rate, sane, unit_of
from cds_service.facts.fact import Quantity

FIGURE = r"(?<![\d.,])(\d{1,3}(?:,\d{3}){1,2}(?:\.\d{1,6})?|\d{1,7}(?:[.,]\d{1,6})?|\.\d{1,6})(?!\d)"
RANGE = rf"{FIGURE}(?:\s*(?:-|–|to)\s*{FIGURE})?"
MASS = r"(?:mcg|µg|μg|ug|micrograms?|mgs?|milligrams?|gms?|grams?|g)"
VOLUME = r"(?:mls?|cc|millilit(?:er|re)s?)"
PER = r"\s*(?:/|per\b)\s*"
KG = rf"{PER}(?:kgs?|kilo(?:gram)?s?)\b"
TIME = r"(h|hrs?|hours?|min|mins|minutes?)\b"
END = rf"\b(?:\s*/\s*dose\b)?(?!{PER}\w)"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


STRENGTH = _pattern(rf"{FIGURE}\s*(?:mg|g|gm|grams?){PER}(?:\d+(?:[.,]\d+)?)?\s*(?:ml|l)\b(?!{PER}\w)")
RATE = _pattern(rf"{RANGE}\s*((?:{MASS}|{VOLUME})(?:{KG})?){PER}{TIME}")
STEP = _pattern(rf"{RATE.pattern}\s*(?:over|for|during|x|×)\s*{FIGURE}\s*-?\s*{TIME}")
WEIGHT = _pattern(
    rf"(?:\bfor|\b(?:dosing\s+|birth\s+|current\s+)?(?:weight|wt|weigh(?:s|ing)))\.?\s*(?:of|is|:|=|used:?)?\s*{FIGURE}\s*kgs?\b"
)
WEIGHT_IN_GRAMS = _pattern(
    r"\b(?:weight|wt|weigh(?:s|ing))\.?\s*(?:of|is|:|=|used:?)?\s*(\d,\d{3}|\d{3,4})\s*(?:g|gm|grams?)\b"
)
OVER = _pattern(
    rf"\b(?:over|during)\s+(?:at\s+least\s+|about\s+|approx\S*\s+|a\s+minimum\s+of\s+)?"
    rf"(?:{FIGURE}\s*-?\s*(?:{TIME})?\s*(?:-|–|to)\s*{FIGURE}\s*-?\s*{TIME}"
    rf"|{FIGURE}\s*-?\s*{TIME}(?:\s*(?:and\s+)?{FIGURE}\s*min(?:ute)?s?\b)?)"
)
LONGEST = 2000  # characters of a text that are read
ASIDE = r"[^\d;\n]{0,25}"
OTHER_DRUGS = (
    r"acetaminophen|paracetamol|diphenhydramine|furosemide|frusemide|hydrocortisone|methylprednisolone|dexamethasone|"
    r"ibuprofen|aspirin|dextrose|glucose|saline|heparin|albumin|premed\w*|flush\w*|dilut\w*|prime\w*"
)
# Figures that are no dose of this order: limits, earlier doses, vials, other drugs.
NOT_THE_DOSE = (
    _pattern(
        rf"\b(?:max(?:imum)?|not\s+(?:to\s+)?exceed(?:ing)?|up\s+to|previous\w*|prior|last\s+dose|earlier|nearest|"
        rf"already\s+\w+|received|vials?\s+of|{OTHER_DRUGS})\b{ASIDE}{RANGE}\s*(?:{MASS}|{VOLUME})(?:{KG})?"
    ),
    _pattern(
        rf"(?:(?<!\d)\d{{1,4}}\s{{0,3}}[x×]\s{{0,3}})?{FIGURE}\s*(?:{MASS}|{VOLUME})[\s-]*(?:vials?|bottles?|syringes?)\b"
    ),
    _pattern(rf"{FIGURE}\s*{VOLUME}\s*(?:of\s+)?(?:normal\s+)?(?:{OTHER_DRUGS}|ns|d5w)\b"),
)
AMOUNTS = (
    _pattern(rf"{RANGE}\s*({MASS}{KG}|{VOLUME}{KG})"),
    _pattern(rf"{RANGE}\s*({MASS}){END}"),
    _pattern(rf"{RANGE}\s*({VOLUME}){END}"),
)
TIMES = _pattern(
    r"(?:[x×]\s*([1-9])\b(?!\s*(?:[\^*/.]|kg|g|mg|ml|h|min))"
    r"|\b([1-9])\s+doses?\b|\bfor\s+([1-9])\s+(?:consecutive\s+)?days?\b)"
)
# What is done more often is watching, or raising the rate: it is of the dose only where it stands right after one.
SOONEST = 12
A_DOSE = _pattern(r"(?:kg|g|mg|ml|iv|grams?|doses?)[\s,:;)]*$")
EVERY = _pattern(r"\b(?:q\s*|every\s+)(\d{1,3})\s*(?:h|hrs?|hours?)\b|\b(?:daily|every\s+day|once\s+a\s+day)\b")


@dataclass(slots=True)
class Words:
    """What a text states. `minutes` from the shorter to the longer; `times` and `every` (minutes) as far as said."""

    amounts: list[tuple[Quantity, str]] = field(default_factory=list)
    rates: list[Rate] = field(default_factory=list)
    minutes: tuple[Decimal, Decimal] | None = None
    kilograms: Decimal | None = None
    times: int | None = None
    every: Decimal | None = None
    unread: list[str] = field(default_factory=list)


def words_of(text: str, spellings: Spellings) -> Words:
    """Every amount, rate and time that the text states. What was read is masked, so that nothing is read twice."""
    found = Words()
    text = "\n".join(" ".join(line.split()) for line in text.splitlines())
    if len(text) > LONGEST:
        found.unread.append(f"a text of {len(text)} characters, of which the first {LONGEST} were read")
        text = text[:LONGEST]
    text = STRENGTH.sub(_masked, text)
    steps = list(RATE.finditer(text))
    for one in steps:
        low, high = _ends(one)
        if (unit := unit_of(one[3], spellings)) and low > 0 and high > 0:
            found.rates.append(of_rate(low, high, unit, MINUTES[one[4].lower()], one[0].strip()))
    # Of several rates each has a time of its own, which is not that of the infusion.
    text = RATE.sub(_masked, STEP.sub(_masked, text) if len(steps) > 1 else text)
    if match := WEIGHT.search(text):
        found.kilograms = decimal(match[1])
    elif match := WEIGHT_IN_GRAMS.search(text):
        found.kilograms = decimal(match[1]) / 1000
    text = WEIGHT_IN_GRAMS.sub(_masked, WEIGHT.sub(_masked, text))
    if (match := OVER.search(text)) and (minutes := _minutes(match))[0] > 0:
        found.minutes = minutes
    text = OVER.sub(_masked, text)
    for pattern in NOT_THE_DOSE:
        text = pattern.sub(_masked, text)
    for one in EVERY.finditer(text):
        spacing = int(one[1] or 24)
        if not found.every and (spacing >= SOONEST or (spacing and A_DOSE.search(text[: one.start()]))):
            found.every = spacing * MINUTES["h"]
    if match := TIMES.search(text):
        found.times = int(next(digit for digit in match.groups() if digit))
    elif re.search(r"\bonce\b(?!\s+a\b)", text, re.IGNORECASE):
        found.times = 1
    _amounts(text, spellings, found)
    return found


def _amounts(text: str, spellings: Spellings, found: Words) -> None:
    for pattern in AMOUNTS:
        for match in pattern.finditer(text):
            low, high = _ends(match)
            if (unit := unit_of(match[3], spellings)) and low > 0 and sane(low) and sane(high):
                found.amounts.append((Quantity(min(low, high), max(low, high), unit), match[0].strip()))
            else:
                found.unread.append(match[0].strip())
        text = pattern.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _ends(match: re.Match[str]) -> tuple[Decimal, Decimal]:
    low = decimal(match[1])
    return low, decimal(match[2]) if match[2] else low


def _minutes(match: re.Match[str]) -> tuple[Decimal, Decimal]:
    """`2 to 4 h` from the shorter to the longer; `4 h`, `2 h 55 min` and `90 min` as one length."""
    first, first_unit, second, second_unit, alone, unit, rest = match.groups()
    if alone:
        whole = decimal(alone) * MINUTES[unit.lower()] + (decimal(rest) if rest else 0)
        return whole, whole
    low = decimal(first) * MINUTES[(first_unit or second_unit).lower()]
    high = decimal(second) * MINUTES[second_unit.lower()]
    return min(low, high), max(low, high)


def decimal(text: str) -> Decimal:
    """A comma before three digits parts thousands, unless a 0 stands before it; else it is a decimal comma.

    >>> [str(decimal(text)) for text in ("3.4", "3,4", "1,000", "0,500", ".5")]
    ['3.4', '3.4', '1000', '0.500', '0.5']
    """
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", text):
        return Decimal(text.replace(",", ""))
    return Decimal(text.replace(",", "."))
