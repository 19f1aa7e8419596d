"""Doses that look like a slip: a unit, a decimal point, a weight or a strength taken for another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from cds_service.dosing.reading import Entry, Reading, ends
from cds_service.dosing.setting import (
    NOT_KNOWN,
    Ends,
    OrderSetting,
    doubt,
    rounded_down,
    rounded_up,
    shown,
    usual_range,
)
from cds_service.facts.fact import Doubt, Fact
from cds_service.facts.order import StatedOrder

NAME = "order_signature"
TOLD = ("text", "dose")
NO_USUAL = "No usual dose is known to compare with: only slips that show without one were looked for."


@dataclass(slots=True)
class Case:
    """One dose to be looked at. `dose` is in g/kg, its end further from the usual range; `usual` is None where no dose
    is, or the indication is not known; `floor` is how far down no order is questioned; `weight` is that the EHR
    calculated with."""

    found: Reading
    setting: OrderSetting
    dose: Decimal
    usual: Ends | None
    floor: Decimal
    weight: Decimal | None

    def figure(self, name: str) -> Decimal:
        return self.setting.figure(NAME, name)

    def inside(self, dose: Decimal) -> bool:
        """Whether a dose is a usual one, or what rounding makes of one."""
        if self.usual is None:
            return False
        kilograms = self.setting.kilograms
        return rounded_down(self.floor, kilograms) <= dose <= rounded_up(self.usual[1], kilograms)

    @property
    def ratios(self) -> tuple[Decimal, ...]:
        """The dose over the nearest end of the usual range, and over its floor; none inside it."""
        if self.usual is None or self.inside(self.dose):
            return ()
        low, high = self.usual
        return tuple(self.dose / end for end in ((high,) if self.dose > high else (low, self.floor)) if end)

    def readings(self, intended: Decimal) -> str:
        """`34 g is 10 g/kg; 3.4 g would be 1 g/kg`. `intended` in g/kg."""
        kilograms, said = self.setting.kilograms, self.found.chosen.stated.said
        per_kg = "" if said.endswith(" g/kg") else f"{shown(self.dose)} g/kg"
        if kilograms is None:
            return f"the order says {said}{per_kg and f', which is {per_kg}'}; {shown(intended)} g/kg would be usual"
        grams = "" if said.endswith(" g") else f"{shown(self.dose * kilograms)} g"
        first = ", ".join(part for part in (grams, per_kg) if part)
        return f"{said} is {first}; {shown(intended * kilograms)} g would be {shown(intended)} g/kg"


def signature(order: StatedOrder, found: Reading | None, weight: Decimal | None, setting: OrderSetting) -> Fact | Doubt:
    """The first slip that fits, in the order of SIGNATURES, its two readings as the remark; else none.

    A dose inside the usual range is never one. Statements that disagree are one only where a reading of them lies
    outside that range; the disagreement itself is said by order_entries.
    """
    if found is None or order.units == "contradictory":
        return doubt(NAME, "the dose is not known", "order_grams")
    if found.per_kg is None:
        if setting.kilograms is None:
            return setting.no_weight(NAME)
        return doubt(NAME, "the order is in mL, and the strength of its product is not known", "order_product")
    usual, floor = _usual(setting)
    low, high = found.per_kg
    case = Case(found, setting, high if usual is None or high > usual[1] else low, usual, floor, weight)
    for name, test in SIGNATURES:
        if said := test(case):
            return setting.word(NAME, name, said)
    if setting.limits is None:
        return doubt(NAME, "no usual dose is known for the indication of this order", "order_indication")
    return setting.word(NAME, "none", "" if usual else NO_USUAL)


def _usual(setting: OrderSetting) -> tuple[Ends | None, Decimal]:
    """The usual range, and how far down no order is questioned. What is usual for some indication is no measure of an
    order whose indication is not known."""
    limits, dose = setting.limits, setting.dose
    if limits is None or setting.indication == NOT_KNOWN:
        return None, Decimal(0)
    usual = usual_range(setting)
    if usual is None:
        return ((dose.low, dose.high), dose.low) if dose else (None, Decimal(0))
    return usual, min(usual[0], limits.warn[0]) if limits.warn[0] else usual[0]


def _milligrams(case: Case) -> str:
    if case.inside(case.dose):
        return ""
    if case.dose >= case.figure("milligrams_from"):
        return case.readings(case.dose / 1000)
    return case.readings(case.dose * 1000) if case.dose <= case.figure("grams_to") else ""


def _instead(case: Case) -> str:
    """An order in mL alone, whose number would be a usual number of grams."""
    chosen, kilograms = case.found.chosen, case.setting.kilograms
    if chosen.kind != "volume" or kilograms is None or case.inside(case.dose):
        return ""
    as_grams = ends(chosen.stated.amount)[1] / kilograms
    return case.readings(as_grams) if case.inside(as_grams) else ""


def _tenfold(case: Case) -> str:
    """Eight to twelve times a usual dose, whichever: ten times 0.5 g/kg is 5 g/kg, of which 1 g/kg is a fifth."""
    if case.usual is None or case.inside(case.dose):
        return ""
    low, high = case.floor, case.usual[1]
    if case.figure("tenfold_from") * low <= case.dose <= case.figure("tenfold_to") * high:
        return case.readings(case.dose / 10)
    tenth = case.figure("tenth_from") * low <= case.dose <= case.figure("tenth_to") * high
    return case.readings(case.dose * 10) if tenth else ""


def _pounds(case: Case) -> str:
    """A weight in pounds taken for kilograms, or another weight than the one on record."""
    if case.usual is None or case.inside(case.dose):
        return ""
    pounds, kilograms = case.figure("pounds"), case.figure("kilograms")
    for factor in (pounds, kilograms):
        if any(_near(ratio, factor, case.figure("pounds_within")) for ratio in case.ratios):
            return case.readings(case.dose / factor)
    on_record = case.setting.kilograms
    if case.weight is None or on_record is None:
        return ""
    share = case.weight / on_record
    in_pounds = any(_near(share, factor, case.figure("pounds_within")) for factor in (pounds, kilograms))
    if not in_pounds and abs(share - 1) <= case.figure("weight_within"):
        return ""
    return f"{case.readings(case.dose / share)}, for {shown(on_record)} kg, not {shown(case.weight)} kg"


def _milliliters(case: Case) -> str:
    """A volume that is not the volume of the grams, and is not explained by another strength."""
    pair = _pair(case)
    return "" if pair is None or _other_strength(case, *pair) else _both(case, *pair)


def _strength(case: Case) -> str:
    """A volume that is right for 5 % where the product is 10 %, or the reverse: 68 mL for 3.4 g of 10 %."""
    chosen, strength = case.found.chosen, case.setting.grams_per_ml
    if pair := _pair(case):
        other = _other_strength(case, *pair)
        return _of_both(pair[1], strength, other) if strength and other else ""
    if chosen.kind not in ("volume", "volume_per_kg") or strength is None or case.inside(case.dose):
        return ""
    fitting = (other for other in _others(case, strength) if case.inside(case.dose * other / strength))
    return next((_of_both(chosen, strength, other) for other in fitting), "")


def _of_both(volume: Entry, strength: Decimal, other: Decimal) -> str:
    """`68 mL is 6.8 g of 10 %, but 3.4 g of 5 %`."""
    found, unit = (volume.grams, "g") if volume.grams else (volume.per_kg, "g/kg")
    high = found[1] if found else Decimal(0)
    first, second = f"{shown(high)} {unit}", f"{shown(high * other / strength)} {unit}"
    return f"{volume.stated.said} is {first} of {_percent(strength)}, but {second} of {_percent(other)}"


def _total(case: Case) -> str:
    """A whole dose whose number is a usual one per kilogram: 1 g for 3.4 kg, where 1 g/kg is meant."""
    stated = case.found.chosen.stated.amount
    if case.found.chosen.kind != "dose_mass" or case.usual is None or case.inside(case.dose):
        return ""
    number, dose, limits = ends(stated)[1], case.setting.dose, case.setting.limits
    per_kg = {*((dose.low, dose.high) if dose else ()), *((limits and limits.usual) or ())}
    # Coded as `1 g`, and `1 g/kg` in its words.
    per_kg |= {ends(one.stated.amount)[1] for one in case.found.entries if (one.stated.kind, one.kind) == TOLD}
    return case.readings(number) if number in per_kg else ""


SIGNATURES: tuple[tuple[str, Callable[[Case], str]], ...] = (
    ("milligrams", _milligrams),
    # Before the tenfold: of a 10 % product it is tenfold too, and this is why.
    ("milliliters", _instead),
    ("tenfold", _tenfold),
    # Before the pounds: a figure that is a usual one per kilogram says more than a ratio.
    ("total", _total),
    ("pounds", _pounds),
    ("milliliters", _milliliters),
    ("strength", _strength),
)


def _pair(case: Case) -> tuple[Entry, Entry] | None:
    """The grams and the milliliters of one dose, where they do not fit each other and not both are usual."""
    volumes = [one for one in case.found.entries if one.kind == "volume"]
    grams = case.found.grams
    if not volumes or grams is None or case.found.chosen.kind == "volume":
        return None
    chosen, volume = case.found.chosen, volumes[0]
    if volume.grams is None:
        # Without a strength: only one figure for both is a slip for certain.
        return (chosen, volume) if ends(volume.stated.amount) == grams else None
    if _near(volume.grams[1], grams[1], case.figure("volume_within")):
        return None
    read = [one.per_kg[1] for one in (chosen, volume) if one.per_kg]
    return None if len(read) == 2 and all(case.inside(one) for one in read) else (chosen, volume)


def _both(case: Case, chosen: Entry, volume: Entry) -> str:
    """`3.4 g is 34 mL; 3.4 mL is 0.34 g`, as far as the strength is known."""
    strength, grams = case.setting.grams_per_ml, chosen.grams
    if strength is None or volume.grams is None or grams is None:
        return f"{chosen.stated.said} and {volume.stated.said} are one figure in two units"
    first = f"{chosen.stated.said} would be {shown(grams[1] / strength)} mL"
    return f"{first}; {volume.stated.said} is {shown(volume.grams[1])} g of {_percent(strength)}"


def _other_strength(case: Case, chosen: Entry, volume: Entry) -> Decimal | None:
    strength, grams = case.setting.grams_per_ml, chosen.grams
    if strength is None or grams is None:
        return None
    milliliters = ends(volume.stated.amount)[1]
    within = case.figure("volume_within")
    return next((one for one in _others(case, strength) if _near(milliliters * one, grams[1], within)), None)


def _others(case: Case, strength: Decimal) -> list[Decimal]:
    return [one for name in ("weaker", "stronger") if (one := case.figure(name)) != strength]


def _percent(strength: Decimal) -> str:
    return f"{shown(strength * 100)} %"


def _near(value: Decimal, wanted: Decimal, within: Decimal) -> bool:
    return abs(value - wanted) <= within * wanted
