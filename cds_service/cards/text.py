"""Words for values: quantities, times, sources; and text from the record made safe for markdown."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from unicodedata import category

from cds_service.decisions.logic import Criterion, Result
from cds_service.facts.fact import Fact, Quantity
from cds_service.facts.moments import Span
from cds_service.knowledge.shapes import Cite, FactSpec, Unit

UNITS = {
    "umol/L": "µmol/L",
    "umol/L/h": "µmol/L/h",
    "ug/L": "µg/L",
    "1": "",
    "10*9/L": "×10⁹/L",
    "wk": "weeks",
    "d": "days",
    "h": "h",
}
MARKS = {"second-hand": "second-hand", "unverified": "unverified", "own": "needs sign-off"}
SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~<>&])")
LINKS = re.compile(r"(?i)(://|www\.|@|mailto:)")
SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
PLAIN = re.compile(r"(?!-)[A-Za-z0-9/,-]+(?: [A-Za-z0-9/,-]+)*")
# A list or a line across, where the text stands first on a line.
LEADING = re.compile(r"\A(\d{0,9})([-.])(?=[-\s]|$)")
UNSEEN = frozenset({"Cf", "Cs"})  # of Unicode: format characters and surrogates
BLOOD_GROUPS = ("a", "b", "ab", "o")
LONGEST = 120
LONGEST_REMARK = 400  # of a sentence of ours that quotes an order
READ = 4000  # characters of a text that are looked at; far more than are shown
MOST = 4  # decimals
LAST_DIGIT = tuple(Decimal(1).scaleb(-decimals) for decimals in range(MOST))
ROUNDING = Decimal("0.001")  # of a day: 38 3/7 weeks as a decimal is a little under or over


def escape(text: str, longest: int = LONGEST) -> str:
    """Text from the record for markdown: one line, no link, no HTML, no table break, no list, nothing that turns what
    follows it around, at most 120 characters.

    >>> escape("<b>x</b> | [a](http://evil.example)")
    '\\\\<b\\\\>x\\\\</b\\\\> \\\\| \\\\[a\\\\]\\\\(http: // evil.example\\\\)'
    """
    if len(text) <= LONGEST and PLAIN.fullmatch(text):
        return text
    if len(text) > READ:
        text = text[:READ] + "…"
    line = SPACE.sub(" ", text if text.isascii() else _seen(text)).strip()
    if len(line) > longest:
        line = line[: longest - 1] + "…"
    if "@" in line or ":" in line or "." in line:
        line = LINKS.sub(lambda match: " @ " if match[0] == "@" else _split(match[0]), line)
    line = SPECIAL.sub(r"\\\1", line)
    return LEADING.sub(r"\1\\\2", line)


def _seen(text: str) -> str:
    """Without what is not seen but changes what is: marks of direction, of no width, and the like; and without halves
    of characters."""
    return "".join(one for one in text if category(one) not in UNSEEN)


def _split(found: str) -> str:
    return {"://": ": // "}.get(found, found[:-1] + " " + found[-1] + " ")


@lru_cache(maxsize=4096)
def number(value: Decimal, decimals: int) -> str:
    """Rounded half up, without trailing zeros.

    >>> number(Decimal("17.894"), 1), number(Decimal("28"), 1)
    ('17.9', '28')
    """
    if value == value.to_integral_value():
        return f"{value:.0f}"
    text = f"{value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit_name(unit: Unit) -> str:
    return UNITS.get(unit.name, unit.name)


def quantity(value: Quantity, decimals: int) -> str:
    """`17.9 mg/dL`, `46–70 h` for a range, `<20 ×10⁹/L` for a result that is only a limit, `2.4` for an INR."""
    named = UNITS.get(value.unit.name, value.unit.name)
    unit = f" {named}" if named else ""
    # 0.0034 g is not 0 g.
    while value.low and decimals < MOST and not round(value.low, decimals):
        decimals += 1
    if value.comparator:
        limit = value.high if value.comparator.startswith("<") else value.low
        return f"{value.comparator}{number(limit, decimals)}{unit}"
    figure = weeks_and_days if value.unit.name == "wk" else number
    low = figure(value.low, decimals)
    if value.low == value.high:
        return f"{low}{unit}"
    return f"{low}–{figure(value.high, decimals)}{unit}"


def line_decimals(line: Quantity) -> int:
    """Two where the line is printed so; one where it was computed between printed points and never ends."""
    low, high = line.low, line.high
    printed = number(low, 2) == number(low, 6) and (high == low or number(high, 2) == number(high, 6))
    return 2 if printed else 1


def level(line: Quantity) -> str:
    """A line of a guideline, as exactly as it is printed."""
    return quantity(line, line_decimals(line))


def weeks_and_days(weeks: Decimal, decimals: int) -> str:
    """`38+3` for 38 weeks and 3 completed days; whole weeks alone."""
    days = int(weeks * 7 + ROUNDING)
    return f"{days // 7}+{days % 7}" if days % 7 else str(days // 7)


def telling_decimals(criterion: Criterion, value: Quantity, decimals: int) -> int:
    """As many decimals as it takes for the shown figures not to contradict the result."""
    line = criterion.limit
    if line is None or criterion.result is Result.UNKNOWN:
        return decimals
    apart = abs(value.low - line.low)
    # Figures a whole last digit apart differ however they are rounded.
    while apart and decimals < MOST and apart < LAST_DIGIT[decimals]:
        if number(value.low, decimals) != number(line.low, decimals):
            break
        decimals += 1
    return decimals


@lru_cache(maxsize=1024)
def moment(at: datetime, zone: tzinfo) -> str:
    """`2026-11-20 16:30 EST`: local time of the site."""
    local = at.astimezone(zone)
    return f"{local.date().isoformat()} {local.hour:02}:{local.minute:02} {local.tzname()}"


def when(at: Span | None, zone: tzinfo) -> str:
    if at is None:
        return "time not recorded"
    return moment(at.early, zone) if at.early == at.late else at.early.astimezone(zone).date().isoformat()


@cache
def citation(cite: Cite) -> str:
    """`*(AAP 2022, KAS 17)*`, with a mark where the figure is not verified."""
    source = cite.source
    if source.name == "own":
        return f"*(own rule, needs sign-off: {cite.place})*"
    mark = MARKS.get(source.verified)
    return f"*({cite}; {mark})*" if mark else f"*({cite})*"


def category_word(value: str) -> str:
    """`not_detected` as `not detected`, and the blood groups as they are written."""
    return value.upper() if value in BLOOD_GROUPS else value.replace("_", " ")


def ordered_text(fact: Fact, value: Quantity, decimals: int) -> str:
    """A figure of an order: a time in hours and minutes, and in place of a mere share what it is a share of."""
    if value.unit.quantity == "ratio" and fact.remark:
        return escape(fact.remark, LONGEST_REMARK)
    if value.unit.name == "h" and value.exact:
        # Completed minutes: 1 h 59.9 min is not yet 2 h.
        hours, minutes = divmod(int((value.low * 60).quantize(LAST_DIGIT[3])), 60)
        parts = (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "")
        return " ".join(part for part in parts if part) or "less than 1 min"
    return quantity(value, decimals)


def fact_text(fact: Fact, spec: FactSpec, unit: Unit | None = None) -> str:
    """The value in the unit of the guidance, with what was reported beside it where that differs."""
    value = fact.value
    if not isinstance(value, Quantity):
        return category_word(str(value))
    target = unit or spec.unit or value.unit
    if spec.kind == "order":
        return ordered_text(fact, value.to(target), spec.decimals)
    shown = quantity(value.to(target), spec.decimals)
    reported = fact.reported
    if reported is None or (value.unit is target and not reported.text):
        return shown
    if reported.value is None:
        return f"{shown} (reported {escape(reported.text)})"
    if not reported.unit:
        return shown
    return f"{shown} (reported {value.comparator}{number(reported.value, 3)} {escape(reported.unit)})"
