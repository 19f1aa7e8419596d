"""How fast an order runs: its hours and its rate, and their share of what the product's label allows."""

from __future__ import annotations

from decimal import Decimal

from cds_service.dosing.rate import MILLIGRAMS, MINUTES, shortest
from cds_service.dosing.reading import NO_STRENGTH, Reading
from cds_service.dosing.setting import Ends, OrderSetting, again, doubt, lasting, rounded_up, shown
from cds_service.facts.amounts import Rate
from cds_service.facts.fact import Doubt, Fact, Missing
from cds_service.facts.order import StatedOrder

NO_LABEL = "the rates of the product ordered are not known"


def hours(order: StatedOrder, volume: Fact | Doubt, setting: OrderSetting) -> Fact | Doubt:
    """As stated, the shorter where a range is; else the volume at the one rate that is stated.

    34 mL at 8.5 mL/h run for 4 h.
    """
    name = "order_hours"
    if order.minutes:
        low, high = (one / MINUTES for one in order.minutes)
        return setting.known(name, low, remark="" if low == high else "The shorter of the times that the order states.")
    milliliters = [one for one in order.rates if one.per_minute.unit.quantity == "volume"]
    if len(order.rates) == 1 and milliliters and isinstance(volume, Fact) and volume.quantity.exact:
        rate = milliliters[0].per_minute
        if rate.exact:
            low = volume.quantity.low / (rate.low * rate.unit.factor) / MINUTES
            return setting.known(name, low, remark=f"From the volume at {milliliters[0].said}: no time is stated.")
    return doubt(name, "the order states no infusion time", missing=Missing.ABSENT)


def rate(order: StatedOrder, setting: OrderSetting) -> Fact | Doubt:
    """The highest rate that is stated, in mg/kg/min. 27 mL/h of a 10 % product for 1 kg are 45 mg/kg/min."""
    name = "order_rate"
    if not order.rates:
        return doubt(name, "the order states no rate", missing=Missing.ABSENT)
    found = [(figure, one) for one in order.rates if (figure := _mg_per_kg_min(one, setting)) is not None]
    if len(found) < len(order.rates):
        kinds = {one.per_minute.unit.quantity for one in order.rates}
        if setting.grams_per_ml is None and kinds & {"volume", "volume_per_kg"}:
            return doubt(name, NO_STRENGTH, "order_product")
        return setting.no_weight(name)
    top, said = max(found, key=lambda one: one[0])
    return setting.known(name, top, remark=said.said)


def _mg_per_kg_min(one: Rate, setting: OrderSetting) -> Decimal | None:
    per_minute = one.per_minute
    figure, kind = per_minute.high * per_minute.unit.factor, per_minute.unit.quantity
    if kind.startswith("volume"):
        if setting.grams_per_ml is None:
            return None
        figure *= setting.grams_per_ml
    if kind in ("volume", "dose_mass"):
        if setting.kilograms is None:
            return None
        figure /= setting.kilograms
    return figure * MILLIGRAMS


def time_share(order: StatedOrder, found: Reading | None, stated: Fact | Doubt, setting: OrderSetting) -> Fact | Doubt:
    """Hours over the shortest that the label allows for this dose. 1 g/kg of Gammaplex 10 % takes at least 174.7 min,
    so 2 h are 0.69 of it. Hours that only follow from a rate are not judged: the rate is."""
    name = "order_time_share"
    if isinstance(stated, Doubt):
        return again(name, stated)
    if not order.minutes:
        return doubt(name, "the order states a rate and no time: its rate is judged", missing=Missing.ABSENT)
    label = setting.label
    if label is None or label.max_mg_per_kg_min is None:
        return doubt(name, NO_LABEL, "label_rates")
    if found is None or found.per_kg is None:
        return setting.no_weight(name) if found and found.grams else doubt(name, "the dose is not known", "order_grams")
    fastest = shortest(label, found.per_kg[1] * MILLIGRAMS)
    said = f"{label.title} takes at least {lasting(fastest)} for this dose{_judged_by(setting)}"
    return setting.known(name, order.minutes[0] / fastest, remark=said)


def rate_share(stated: Fact | Doubt, setting: OrderSetting) -> Fact | Doubt:
    """The stated rate over the label's maximum."""
    name = "order_rate_share"
    if isinstance(stated, Doubt):
        return again(name, stated)
    label = setting.label
    if label is None or label.max_mg_per_kg_min is None:
        return doubt(name, NO_LABEL, "label_rates")
    said = f"the label of {label.title} allows {shown(label.max_mg_per_kg_min)} mg/kg/min{_judged_by(setting)}"
    return setting.known(name, stated.quantity.high / label.max_mg_per_kg_min, remark=said)


def _judged_by(setting: OrderSetting) -> str:
    label = setting.label
    return "" if setting.product or label is None else " (the order names no product)"


def volume(found: Reading | None, grams: Fact | Doubt, setting: OrderSetting) -> Fact | Doubt:
    """Milliliters as stated, else of the grams."""
    name = "order_volume"
    if found and (stated := found.volume()):
        return setting.known(name, *stated)
    if isinstance(grams, Doubt):
        return again(name, grams)
    if setting.grams_per_ml is None:
        return doubt(name, "the strength of the product ordered is not known", "order_product")
    return setting.known(name, *_divided((grams.quantity.low, grams.quantity.high), setting.grams_per_ml))


def per_kilogram(name: str, other: Fact | Doubt, setting: OrderSetting) -> Fact | Doubt:
    if isinstance(other, Doubt):
        return again(name, other)
    if setting.kilograms is None:
        return setting.no_weight(name)
    return setting.known(name, *_divided((other.quantity.low, other.quantity.high), setting.kilograms))


def volume_range(per_kg: Fact | Doubt, setting: OrderSetting) -> Fact | Doubt:
    """Against the two limits of one infusion; what rounding to what can be drawn up adds is allowed."""
    name, strength = "order_volume_range", setting.grams_per_ml
    if isinstance(per_kg, Doubt):
        return again(name, per_kg)
    for limit in ("over_20", "over_10"):
        most = setting.figure(name, limit)
        if strength:
            most = rounded_up(most * strength, setting.kilograms) / strength
        if per_kg.quantity.high > most:
            return setting.word(name, limit)
    return setting.word(name, "usual")


def _divided(found: Ends, by: Decimal) -> Ends:
    return found[0] / by, found[1] / by
