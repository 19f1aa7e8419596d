"""What an order's statements of a dose come to: each in grams, compared, never added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from cds_service.dosing.setting import Ends, OrderSetting, doubt, shown
from cds_service.facts.fact import Doubt, Fact, Missing, Quantity
from cds_service.facts.order import Stated, StatedDose, StatedOrder

PER_KG = ("dose", "volume_per_kg")
RANKS = {"dose_mass": 0, "dose": 1, "volume_per_kg": 2, "volume": 3}
MOST_STATEMENTS = 20  # that are compared (own choice): no order states its one dose in more ways
NO_STRENGTH = "the order is in mL, and the strength of its product is not known"


@dataclass(slots=True)
class Entry:
    """One statement of a dose, in grams and in g/kg as far as weight and strength are known."""

    stated: Stated
    grams: Ends | None
    per_kg: Ends | None

    @property
    def kind(self) -> str:
        return self.stated.amount.unit.quantity


@dataclass(slots=True)
class Reading:
    """One dose. `chosen` is the statement that it is taken from; `agreement` is agree, another_weight, disagree, one
    or empty where the statements cannot be compared; `said` names them all where there are several."""

    entries: tuple[Entry, ...]
    chosen: Entry
    agreement: str
    grams: Ends | None
    per_kg: Ends | None
    said: str

    def volume(self) -> Ends | None:
        """Milliliters, as far as they are stated without a weight."""
        return next((ends(one.stated.amount) for one in self.entries if one.kind == "volume"), None)


def largest(order: StatedOrder, setting: OrderSetting) -> Reading | None:
    """The largest of the order's doses; None where it states none."""
    found = [reading(one, setting) for one in order.doses]
    return max(found, key=_size) if found else None


def _size(one: Reading) -> Decimal:
    return (one.grams or one.per_kg or (Decimal(0), Decimal(0)))[1]


def reading(dose: StatedDose, setting: OrderSetting) -> Reading:
    entries = tuple(_entry(one, setting) for one in dose.stated)
    first = min(entries, key=lambda one: (one.grams is None, one.stated.kind != "calculated", RANKS[one.kind]))
    comparable = [one for one in entries if one.grams]
    agreement = "one" if len(entries) == 1 else ""
    if len(comparable) > 1:
        agreement = _agreement(comparable, setting)
    if agreement == "disagree":
        first = min(comparable, key=lambda one: (RANKS[one.kind], one.stated.kind != "calculated"))
    grams, kilograms = first.grams, setting.kilograms
    per_kg = first.per_kg or next((one.per_kg for one in entries if one.per_kg), None)
    if grams and kilograms:
        per_kg = (grams[0] / kilograms, grams[1] / kilograms)
    return Reading(entries, first, agreement, grams, per_kg, _said(entries) if len(entries) > 1 else "")


def _entry(stated: Stated, setting: OrderSetting) -> Entry:
    """
    1 g/kg for 3.4 kg is 3.4 g; 34 mL of a 10 % product are 3.4 g, and 10 mL/kg for 3.4 kg are 34 mL.
    """
    low, high = ends(stated.amount)
    kind, kilograms, strength = stated.amount.unit.quantity, setting.kilograms, setting.grams_per_ml
    if kind.startswith("volume"):
        if strength is None:
            return Entry(stated, None, None)
        low, high = low * strength, high * strength
    if kind in PER_KG:
        grams = (low * kilograms, high * kilograms) if kilograms else None
        return Entry(stated, grams, (low, high))
    return Entry(stated, (low, high), (low / kilograms, high / kilograms) if kilograms else None)


def ends(amount: Quantity) -> Ends:
    """In g, g/kg, mL or mL/kg: the base units of their quantities."""
    return amount.low * amount.unit.factor, amount.high * amount.unit.factor


def _agreement(entries: Sequence[Entry], setting: OrderSetting) -> str:
    """`another_weight` where 3.4 g stands beside 0.8 g/kg: each is right, of 4.25 kg. Of how far a weight may be off
    that a newborn had or was taken to have, the figures tell; beyond them the statements contradict each other."""
    different = {(one.kind, one.grams): one for one in entries}.values()
    if len(different) > MOST_STATEMENTS:
        return "disagree"
    apart = [pair for pair in combinations(different, 2) if not _same(*pair, setting)]
    if not apart:
        return "agree"
    return "another_weight" if all(_other_weight(*pair, setting) for pair in apart) else "disagree"


def _other_weight(one: Entry, other: Entry, setting: OrderSetting) -> bool:
    whole, per_kg = (one, other) if other.kind in PER_KG else (other, one)
    if whole.kind in PER_KG or per_kg.kind not in PER_KG or whole.grams is None or per_kg.grams is None:
        return False
    share, most = whole.grams[0] / per_kg.grams[0], setting.figure("order_entries", "other_weight")
    pounds = (setting.figure("order_signature", name) for name in ("pounds", "kilograms"))
    within = setting.figure("order_signature", "pounds_within")
    return 1 / most <= share <= most or any(abs(share - one) <= within * one for one in pounds)


def _same(one: Entry, other: Entry, setting: OrderSetting) -> bool:
    """Within the same figure; per kilogram against a whole dose, within what the weight may differ by."""
    weighed = (one.kind in PER_KG) is not (other.kind in PER_KG)
    share = 1 + setting.figure("order_entries", "weight_within" if weighed else "same_within")
    assert one.grams is not None
    assert other.grams is not None
    return one.grams[0] <= other.grams[1] * share and other.grams[0] <= one.grams[1] * share


def _said(entries: Sequence[Entry]) -> str:
    """`3.4 g; 17 mL = 1.7 g; 1 g/kg = 3.4 g`."""
    parts = []
    for one in entries:
        more = f" = {span(one.grams)} g" if one.grams and one.kind != "dose_mass" else ""
        parts.append(one.stated.said + more)
    return "; ".join(dict.fromkeys(parts))


def span(found: Ends) -> str:
    low, high = shown(found[0]), shown(found[1])
    return low if low == high else f"{low} to {high}"


def order_weight(order: StatedOrder, found: Reading | None) -> tuple[Decimal, str] | None:
    """The weight that the EHR calculated with, and how it is known: grams over g/kg where both are stated, else as the
    text names it. 3.4 g calculated from 1 g/kg are for 3.4 kg."""
    entries = found.entries if found else ()
    exact = [one for one in entries if one.stated.amount.exact]
    whole = [one for one in exact if one.kind not in PER_KG and one.grams]
    whole.sort(key=lambda one: (one.stated.kind != "calculated", RANKS[one.kind]))
    for per_kg in exact:
        if per_kg.kind == "dose" and whole and (grams := whole[0].grams):
            each = ends(per_kg.stated.amount)[0]
            # `1 g` beside the words `1 g/kg` is one figure in two units: it says nothing of the weight.
            if per_kg.stated.kind != "text" or grams[0] != each:
                return grams[0] / each, f"{whole[0].stated.said} for {per_kg.stated.said}"
    return (order.kilograms, "as the order says") if order.kilograms else None


def grams_fact(order: StatedOrder, found: Reading | None, setting: OrderSetting) -> Fact | Doubt:
    """The dose in grams, or why it is not known."""
    name = "order_grams"
    if order.units == "contradictory":
        return doubt(name, f"the order's dose is not usable: {contradiction(order)}")
    if found is None:
        if order.unread:
            return doubt(name, f"the order's dose is not readable: {'; '.join(order.unread)}")
        return doubt(name, "the order states no dose", missing=Missing.ABSENT)
    if found.grams:
        many = f"The order states {found.said}." if found.agreement == "disagree" else ""
        return setting.known(name, *found.grams, remark=many)
    if found.chosen.kind.startswith("volume") and setting.grams_per_ml is None:
        return doubt(name, NO_STRENGTH, "order_product")
    return setting.no_weight(name)


def contradiction(order: StatedOrder) -> str:
    """`3.4 g, by its code mg, is in two units that disagree`, where that is so."""
    return "; ".join(order.unread) if order.units == "contradictory" else ""


def entries_fact(order: StatedOrder, found: Reading | None, setting: OrderSetting, grams: Fact | Doubt) -> Fact | Doubt:
    name = "order_entries"
    if order.units == "contradictory" or found is None:
        assert isinstance(grams, Doubt)
        return Doubt(name, grams.missing, grams.why, grams.needs)
    if found.agreement:
        return setting.word(name, found.agreement, found.said)
    needs = "dosing_weight" if setting.kilograms is None else "order_product"
    return doubt(name, f"the order states {found.said}: these cannot be compared", needs)
