"""An order among the others: doses before it, orders beside it, what is dispensed; when live vaccines may follow."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from cds_service.dosing.reading import Reading, ends
from cds_service.dosing.repeat import repeat
from cds_service.dosing.setting import OrderSetting, again, doubt, rounded_up, shown
from cds_service.facts.fact import Doubt, Fact, Missing
from cds_service.facts.moments import HOUR, length
from cds_service.facts.order import StatedDose, StatedOrder

DRAFTED = ("draft",)
ACTIVE = ("active", "on-hold")
WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)


def repeated(setting: OrderSetting) -> Fact | Doubt:
    given = _record(setting, "order_repeat", "ivig_given")
    if isinstance(given, Doubt):
        return given
    found = repeat(setting.dose, given, setting.baby.as_of)
    return setting.word("order_repeat", found.kind, found.why)


def duplicate(order: StatedOrder, setting: OrderSetting) -> Fact | Doubt:
    """Another order of IVIG, active before drafted. The order itself, and one that it follows, are none; what has no
    id cannot be known for either."""
    own = {order.id, order.replaces} - {""}
    for name, statuses in (("active", ACTIVE), ("draft", DRAFTED)):
        found = [identity for identity, status in setting.others if identity not in own and status in statuses]
        if found:
            # Of drafts all are named, this one too: the same words of each of them are said once.
            listed = sorted({*found, order.id}) if name == "draft" else found
            told = ", ".join(f"MedicationRequest/{one}" if one else "one without an id" for one in listed)
            return setting.word("order_duplicate", name, told)
    seen = _record(setting, "order_duplicate", "ivig_order")
    return seen if isinstance(seen, Doubt) else setting.word("order_duplicate", "none")


def _record(setting: OrderSetting, name: str, other: str) -> list[Fact] | Doubt:
    """The doses or orders on record, oldest first; a doubt where the record was not to be had."""
    known = setting.baby.facts.get(other)
    if isinstance(known, Doubt) and known.missing is not Missing.ABSENT:
        return again(name, known)
    return setting.baby.series.get(other, [])


def count(order: StatedOrder, setting: OrderSetting) -> Fact | Doubt:
    """How many doses the order holds."""
    name = "order_doses"
    if not order.doses:
        return doubt(name, "the order states no dose", "order_grams", missing=Missing.ABSENT)
    times = [one.times for one in order.doses]
    if None in times:
        return doubt(name, "the order is to be repeated, and states no end")
    return setting.known(name, Decimal(sum(one for one in times if one)))


def course(order: StatedOrder, found: Reading | None, dose: Fact | Doubt, setting: OrderSetting) -> Fact | Doubt:
    """g/kg in the 7 days up to now, and by this order. An earlier dose of unknown size leaves it open."""
    name = "order_course"
    if isinstance(dose, Doubt) or found is None:
        return again(name, dose)
    given = _record(setting, name, "ivig_given")
    if isinstance(given, Doubt):
        return given
    window = setting.specs[name].window
    back = length(window) if window else WEEK
    times = [_within(one, back) for one in order.doses]
    if None in times:
        return doubt(name, "the order is to be repeated, and states no end", "order_doses")
    total = dose.quantity.high * sum(one for one in times if one)
    for one in given:
        if one.at is None:
            return doubt(name, "a dose on record has no time", "ivig_given")
        if setting.baby.as_of - one.at.late > back:
            continue
        before = _per_kg(one, setting)
        if before is None:
            when = f"{max(setting.baby.as_of - one.at.late, timedelta(0)) // HOUR} h ago"
            return doubt(name, f"how much was given {when} is not on record ({one.source})", "ivig_given")
        total += before
    return setting.known(name, total)


def course_range(whole: Fact | Doubt, setting: OrderSetting) -> Fact | Doubt:
    """Against the two limits of 7 days; each dose may have been rounded."""
    name = "order_course_range"
    if isinstance(whole, Doubt):
        return again(name, whole)
    rounding = 1 + setting.figure(name, "rounding")
    for limit in ("over_4", "over_2"):
        if whole.quantity.high > setting.figure(name, limit) * rounding:
            return setting.word(name, limit)
    return setting.word(name, "usual")


def _within(dose: StatedDose, back: timedelta) -> int | None:
    """How many of its doses fall into a course."""
    if dose.every is None:
        return dose.times
    most = int(back // MINUTE / dose.every) + 1
    return min(dose.times or most, most)


def _per_kg(given: Fact, setting: OrderSetting) -> Decimal | None:
    if given.amount is None:
        return None
    figure, kind = ends(given.amount)[1], given.amount.unit.quantity
    if kind == "dose":
        return figure
    return figure / setting.kilograms if kind == "dose_mass" and setting.kilograms else None


def vials(order: StatedOrder, grams: Fact | Doubt, doses: Fact | Doubt, setting: OrderSetting) -> Fact | Doubt:
    """What is dispensed over what is ordered. 5 g for one dose of 3.4 g are 1.47 of it."""
    name = "order_vials"
    if order.dispensed is None:
        return doubt(name, "the order states no quantity to dispense in g or mL", missing=Missing.ABSENT)
    for other in (grams, doses):
        if isinstance(other, Doubt):
            return again(name, other)
    assert isinstance(grams, Fact)
    assert isinstance(doses, Fact)
    figure, kind = ends(order.dispensed)[1], order.dispensed.unit.quantity
    if kind == "volume":
        if setting.grams_per_ml is None:
            return doubt(name, "the strength of the product ordered is not known", "order_product")
        figure *= setting.grams_per_ml
    elif kind != "dose_mass":
        return doubt(name, "the quantity to dispense is per kilogram")
    ordered = grams.quantity.high * doses.quantity.high
    return setting.known(name, figure / ordered, remark=f"{shown(figure)} g to dispense for {shown(ordered)} g ordered")


def vaccines(whole: Fact | Doubt, setting: OrderSetting) -> tuple[Fact | Doubt, Fact | Doubt]:
    """From when measles and varicella vaccine may be given, and whether that is after the first birthday.

    By the table of waiting times, each band up to its dose; what lies between two bands waits as long as the higher.
    `whole` is the course: doses given together wait as one.
    """
    when, late = "live_vaccine_date", "live_vaccine_late"
    if isinstance(whole, Doubt):
        return again(when, whole), again(late, whole)
    first = setting.baby.as_of.astimezone(setting.zone).date()
    free = after_months(first, _months(whole.quantity.high, setting))
    told = setting.word(when, free.isoformat())
    birth = setting.baby.birth
    if birth is None:
        return told, doubt(late, "the date of birth is not known", "birth_date")
    due = after_months(birth.early.astimezone(setting.zone).date(), int(setting.figure(late, "first_dose")))
    return told, setting.word(late, "yes" if free > due else "no")


def _months(per_kg: Decimal, setting: OrderSetting) -> int:
    for band in ("low", "middle"):
        if per_kg <= rounded_up(setting.figure("live_vaccine_date", f"{band}_dose"), setting.kilograms):
            return int(setting.figure("live_vaccine_date", f"{band}_wait"))
    return int(setting.figure("live_vaccine_date", "high_wait"))


def after_months(first: date, months: int) -> date:
    """The same day of a later month; the first of the next where that month is shorter.

    >>> after_months(date(2026, 11, 20), 8).isoformat(), after_months(date(2026, 12, 31), 11).isoformat()
    ('2027-07-20', '2027-12-01')
    """
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    try:
        return date(year, month + 1, first.day)
    except ValueError:
        return date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
