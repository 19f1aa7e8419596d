"""The facts of a drafted order: what it comes to for this baby, this product and the limits of its indication."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from cds_service.dosing import course, pace
from cds_service.dosing.reading import Reading, contradiction, entries_fact, grams_fact, largest, order_weight, span
from cds_service.dosing.setting import (
    NOT_KNOWN,
    Ends,
    OrderSetting,
    again,
    doubt,
    rounded_down,
    rounded_up,
    shown,
    usual_range,
)
from cds_service.dosing.signature import signature
from cds_service.facts.fact import Doubt, Fact, Missing
from cds_service.facts.order import StatedOrder
from cds_service.knowledge.shapes import IGA_CLASSES, DoseLimits, Product

RANGES = ("usual", "none_usual", "unusual_low", "unusual_high", "refused_low", "refused_high")  # from mild to grave
STABILIZERS: dict[str, Callable[[Product], bool]] = {
    "order_sorbitol": lambda product: product.sorbitol,
    "order_maltose": lambda product: product.maltose,
    "order_sucrose": lambda product: product.sucrose,
    "order_proline": lambda product: product.proline,
}

OF_PRODUCT = frozenset({*STABILIZERS, "order_iga"})

__all__ = ["OrderSetting", "order_facts"]


def order_facts(stated: StatedOrder, setting: OrderSetting) -> dict[str, Fact | Doubt]:
    """Every fact of kind "order" by its name; what is not known is a doubt that says why and what would settle it."""
    setting = replace(setting, source=stated.source)
    found = largest(stated, setting) if stated.units == "plain" else None
    grams = grams_fact(stated, found, setting)
    dose = _dose(found, grams, setting)
    weight = order_weight(stated, found)
    volume = pace.volume(found, grams, setting)
    hours, rate = pace.hours(stated, volume, setting), pace.rate(stated, setting)
    doses = course.count(stated, setting)
    whole = course.course(stated, found, dose, setting)
    vaccine, late = course.vaccines(whole if isinstance(whole, Fact) else dose, setting)
    facts = {
        "order_grams": grams,
        "order_dose": dose,
        "order_volume": volume,
        "order_volume_per_kg": pace.per_kilogram("order_volume_per_kg", volume, setting),
        "order_hours": hours,
        "order_rate": rate,
        "order_entries": entries_fact(stated, found, setting, grams),
        "order_units": setting.word("order_units", stated.units, contradiction(stated)),
        "order_read": _read(stated, grams, setting),
        "order_range": dose_range(dose, setting),
        "order_signature": signature(stated, found, weight[0] if weight else None, setting),
        "order_time_share": pace.time_share(stated, found, hours, setting),
        "order_rate_share": pace.rate_share(rate, setting),
        "order_repeat": course.repeated(setting),
        "order_duplicate": course.duplicate(stated, setting),
        "order_course": whole,
        "order_doses": doses,
        "order_vials": course.vials(stated, grams, doses, setting),
        "live_vaccine_date": vaccine,
        "live_vaccine_late": late,
    }
    facts["order_volume_range"] = pace.volume_range(facts["order_volume_per_kg"], setting)
    facts["order_course_range"] = course.course_range(whole, setting)
    facts["order_strength"] = _strength(found, setting)
    facts["order_of_advised"] = _of_advised(dose, setting)
    return facts | _weight(weight, setting) | {"weight_state": _weight_state(setting)} | _product(setting)


def _read(stated: StatedOrder, grams: Fact | Doubt, setting: OrderSetting) -> Fact:
    """Where the dose was read; unread where one is stated that cannot be told in grams, for another reason than the
    weight and units that contradict each other, which are said by themselves."""
    name = "order_read"
    said = isinstance(grams, Doubt) and grams.missing is Missing.UNUSABLE and stated.units == "plain"
    if isinstance(grams, Doubt) and said and "dosing_weight" not in grams.needs:
        return setting.word(name, "unread", grams.why)
    return setting.word(name, stated.read)


def _dose(found: Reading | None, grams: Fact | Doubt, setting: OrderSetting) -> Fact | Doubt:
    """g/kg of the largest dose; stated so, it is known without a weight."""
    if found and found.per_kg:
        return setting.known("order_dose", *found.per_kg)
    return setting.no_weight("order_dose") if isinstance(grams, Fact) else again("order_dose", grams)


def _weight(weight: tuple[Decimal, str] | None, setting: OrderSetting) -> dict[str, Fact | Doubt]:
    name, share = "order_weight", "order_weight_share"
    if weight is None:
        none = doubt(name, "the order does not tell which weight it was calculated with", missing=Missing.ABSENT)
        return {name: none, share: again(share, none)}
    known = setting.known(name, weight[0], remark=weight[1])
    if not (on_record := setting.kilograms):
        return {name: known, share: setting.no_weight(share)}
    said = f"calculated with {shown(weight[0])} kg ({weight[1]}), where the latest weight is {shown(on_record)} kg"
    return {name: known, share: setting.known(share, weight[0] / on_record, remark=said)}


def _strength(found: Reading | None, setting: OrderSetting) -> Fact | Doubt:
    """Whether the grams rest on a strength that the order does not state. 34 mL of 10 % are 3.4 g, of 5 % 1.7 g."""
    name = "order_strength"
    if found is None or not found.chosen.kind.startswith("volume") or setting.grams_per_ml is None:
        return setting.word(name, "not_needed")
    if setting.named:
        return setting.word(name, "stated")
    percent = f"{shown(setting.grams_per_ml * 100)} %"
    return setting.word(name, "assumed", f"{percent} was assumed, as of {setting.shelf.title}")


def _of_advised(dose: Fact | Doubt, setting: OrderSetting) -> Fact | Doubt:
    """The dose over the nearest end of what is advised; 1 inside it. 1 g/kg where 0.5 g/kg is advised is 2."""
    name, advised = "order_of_advised", setting.dose
    if isinstance(dose, Doubt):
        return again(name, dose)
    if advised is None or not setting.gives:
        return doubt(name, "no dose is advised for this order", missing=Missing.ABSENT)
    low, high = rounded_down(advised.low, setting.kilograms), rounded_up(advised.high, setting.kilograms)
    said = f"{span((advised.low, advised.high))} g/kg"
    if dose.quantity.high > high:
        return setting.known(name, dose.quantity.high / advised.high, remark=said)
    if dose.quantity.low < low:
        return setting.known(name, dose.quantity.low / advised.low, remark=said)
    return setting.known(name, Decimal(1), remark=said)


def _weight_state(setting: OrderSetting) -> Fact:
    """Whether there is a dosing weight, and one without a warning on its age or size."""
    name, weight = "weight_state", setting.baby.facts.get("dosing_weight")
    if not isinstance(weight, Fact):
        return setting.word(name, "none", weight.why if weight else "no weight was read")
    return setting.word(name, "doubtful" if weight.remark else "usable", weight.remark.replace("**", ""))


def dose_range(dose: Fact | Doubt, setting: OrderSetting) -> Fact | Doubt:
    """Where the dose lies in the limits of the indication; of a range of doses the graver end counts."""
    name, limits = "order_range", setting.limits
    if isinstance(dose, Doubt):
        return again(name, dose)
    if limits is None:
        return doubt(name, "no usual dose is known for the indication of this order", "order_indication")
    ends = (dose.quantity.low, dose.quantity.high)
    usual = usual_range(setting)
    both = [_range(each, limits, usual, setting.kilograms) for each in ends]
    found = max(both, key=RANGES.index)
    said = f"{span(ends)} g/kg"
    if found.startswith("refused"):
        low, high = limits.hard
        said += f", below the least of {shown(low)} g/kg" if found == "refused_low" else ""
        said += f", above the most of {shown(high)} g/kg" if found == "refused_high" else ""
    compared = f"{span(usual)} g/kg is usual" if usual else "no dose is usual"
    return setting.word(name, found, f"{said}, where {compared}")


def _range(dose: Decimal, limits: DoseLimits, usual: Ends | None, kilograms: Decimal | None) -> str:
    """What is refused is refused exactly; what is questioned allows for rounding to what can be drawn up, so that 3.5 g
    for 3.4 kg is still 1 g/kg."""
    if dose < limits.hard[0]:
        return "refused_low"
    if dose > limits.hard[1]:
        return "refused_high"
    if usual is None:
        return "none_usual"
    if dose < rounded_down(min(limits.warn[0], usual[0]), kilograms):
        return "unusual_low"
    return "unusual_high" if dose > rounded_up(max(limits.warn[1], usual[1]), kilograms) else "usual"


def _product(setting: OrderSetting) -> dict[str, Fact | Doubt]:
    """The product that the order names, and what is in it; `not_known` where it names none. Of a brand without a
    strength the worst of its products counts."""
    product = setting.product
    named = NOT_KNOWN
    if product:
        named = "shelf" if product.name == setting.shelf.name else "other"
    elif setting.strength not in (None, setting.shelf.grams_per_ml):
        named = "other"
    # Where a brand leaves open which of its products is meant, a hazard of any of them counts.
    meant = (product,) if product else setting.candidates
    words = {
        name: ("yes" if any(holds(one) for one in meant) else "no") if meant else NOT_KNOWN
        for name, holds in STABILIZERS.items()
    }
    words |= {f"order_{one}": "yes" for one in setting.contains}
    words |= {
        "order_product": named,
        "order_iga": max((one.iga for one in meant), key=IGA_CLASSES.index, default=NOT_KNOWN),
        "order_indication": setting.indication or NOT_KNOWN,
        "order_route": setting.route or "unstated",
        "ivig_advised": "yes" if setting.advised else "no",
    }
    title = " or ".join(dict.fromkeys(one.title for one in meant)) or "the product ordered"
    return {name: setting.word(name, word, title if name in OF_PRODUCT else "") for name, word in words.items()}
