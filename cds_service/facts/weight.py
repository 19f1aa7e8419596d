"""The weight that a dose is computed on: recent, measured, plausible for the gestation, or none at all."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from cds_service.facts.fact import Baby, Doubt, Fact, Missing, Quantity
from cds_service.facts.moments import HOUR, length
from cds_service.knowledge.shapes import FactSpec, Table


def dosing_weight(spec: FactSpec, baby: Baby, table: Table) -> Fact | Doubt:
    """The latest of body and birth weight, in kg. `remark` carries a warning about its age or size.

    Fresh (24 h in the first week, 72 h later) it is used; up to 7 days old it is used with a warning that names
    its age; older, absent or implausible for the gestation there is no dosing weight.
    """
    measured = baby.facts["body_weight"]
    if isinstance(measured, Doubt) and measured.missing is not Missing.ABSENT:
        return Doubt(spec.name, measured.missing, measured.why, (spec.name,))
    weights = [one for name in ("birth_weight", "body_weight") if (one := baby.known(name)) and one.at]
    if not weights:
        return Doubt(spec.name, Missing.ABSENT, "no measured weight is on record", (spec.name,))
    weight = max(weights, key=lambda one: one.at.early if one.at else baby.as_of)
    assert weight.at is not None
    age = baby.as_of - weight.at.early
    if age > length(spec.amounts["oldest"]):
        why = f"the latest weight is {age // timedelta(days=1)} days old"
        return Doubt(spec.name, Missing.UNUSABLE, why, (spec.name,))
    if not weight.quantity.exact:
        why = "the latest weight is given only as above or below a limit"
        return Doubt(spec.name, Missing.UNUSABLE, why, (spec.name,))
    refusal, remark = _for_gestation(spec, baby, table, weight)
    if refusal:
        return Doubt(spec.name, Missing.UNUSABLE, refusal, (spec.name,))
    remarks = [
        _age_warning(spec, baby, weight, age),
        remark,
        # One contradiction is named once, though the birth weight may be of the same day.
        _against_birth(spec, baby, weight) or _against_another(spec, baby, weight),
    ]
    assert spec.unit is not None
    text = " ".join(part for part in remarks if part)
    return Fact(spec.name, weight.quantity.to(spec.unit), weight.at, weight.source, weight.reported, text)


def _age_warning(spec: FactSpec, baby: Baby, weight: Fact, age: timedelta) -> str:
    """Empty where the weight is fresh. With an unknown age the stricter limit holds."""
    young = baby.birth is None or baby.as_of - baby.birth.late < length(spec.amounts["first_week"])
    if age <= length(spec.amounts["fresh_first_week" if young else "fresh_later"]):
        return ""
    first_day = baby.birth is not None and baby.as_of - baby.birth.early < length(spec.amounts["first_day"])
    if weight.name == "birth_weight" and first_day:
        return ""
    kind = "birth weight" if weight.name == "birth_weight" else "weight"
    return f"**The {kind} used is {age // HOUR} h old**: weigh again before the dose is drawn up."


def _against_birth(spec: FactSpec, baby: Baby, weight: Fact) -> str:
    """A warning where the weight has moved further from the birth weight than newborns' do."""
    birth = baby.known("birth_weight")
    if birth is None or weight.name == "birth_weight":
        return ""
    now, then = as_kilograms(weight.quantity), as_kilograms(birth.quantity)
    if spec.amounts["low_of_birth"].value * then <= now <= spec.amounts["high_of_birth"].value * then:
        return ""
    return (
        f"**The weight does not fit the birth weight** ({_kg(then * 1000)} kg): check both before the dose is drawn up."
    )


def _against_another(spec: FactSpec, baby: Baby, weight: Fact) -> str:
    """A warning where another weight of the same day, the birth weight too, is far from the latest: neither is taken
    for right."""
    assert weight.at is not None
    now, share = as_kilograms(weight.quantity), spec.amounts["apart"].value * spec.amounts["apart"].unit.factor
    born = baby.known("birth_weight")
    for other in [*reversed(baby.series.get("body_weight", ())), *([born] if born else [])]:
        if other is weight or other.at is None or not other.quantity.exact:
            continue
        before = as_kilograms(other.quantity)
        apart = abs(before - now) > share * max(before, now)
        if apart and weight.at.late - other.at.late <= length(spec.amounts["one_day"]):
            return (
                f"**Two weights of one day do not agree** ({_kg(now * 1000)} kg and {_kg(before * 1000)} kg): weigh "
                "again before the dose is drawn up."
            )
    return ""


def _for_gestation(spec: FactSpec, baby: Baby, table: Table, weight: Fact) -> tuple[str, str]:
    """(refusal, warning) against the percentiles of weight at birth; both empty without a gestation."""
    gestation = baby.known("gestational_weeks")
    if gestation is None:
        return "", ""
    weeks = min(max(int(gestation.quantity.low), table.gestations[0]), table.gestations[-1])
    grams = weight.quantity.to(table.unit).low
    p10, p90 = (table.cells[column][weeks][0][1] for column in ("p10", "p90"))
    grown = baby.birth is not None and baby.as_of - baby.birth.late >= length(spec.amounts["first_week"])
    top = p90 * (spec.amounts["growth"].value if grown else Decimal(1))
    limits = {key: spec.amounts[key].value for key in ("low_refused", "high_refused", "low_unusual", "high_unusual")}
    shown = f"{_kg(grams)} kg at {weeks} weeks"
    if grams < limits["low_refused"] * p10 or grams > limits["high_refused"] * top:
        return f"the latest weight is implausible for the gestation ({shown})", ""
    if grams < limits["low_unusual"] * p10 or grams > limits["high_unusual"] * top:
        return "", f"**The weight is unusual for the gestation** ({shown}): check it."
    return "", ""


def _kg(grams: Decimal) -> str:
    return f"{(grams / 1000).normalize():f}"


def as_kilograms(weight: Quantity) -> Decimal:
    """The value in kg, exact."""
    return weight.low * weight.unit.factor
