"""Facts that are computed from other facts: each a named function with its source and a worked example."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from cds_service.facts.fact import Baby, Doubt, Fact, Missing, Quantity
from cds_service.facts.moments import HOUR, Span, length
from cds_service.facts.weight import dosing_weight
from cds_service.knowledge.shapes import FactSpec, Table, Unit

Formula = Callable[[FactSpec, Baby, Table], "Fact | Doubt"]
DAY = timedelta(days=1)


def age_range(birth: Span, at: datetime, step: timedelta) -> tuple[int, int]:
    """Completed steps of age at `at`, youngest and oldest; nobody is measured before birth.

    >>> from datetime import UTC
    >>> born = datetime(2026, 11, 18, 20, 30, tzinfo=UTC)
    >>> age_range(Span(born, born), datetime(2026, 11, 20, 21, 30, tzinfo=UTC), timedelta(hours=1))
    (49, 49)
    """
    zero = timedelta(0)
    return max(at - birth.late, zero) // step, max(at - birth.early, zero) // step


def _unit(spec: FactSpec) -> Unit:
    assert spec.unit is not None
    return spec.unit


def _depends(spec: FactSpec, name: str, baby: Baby) -> Doubt:
    """This fact is unknown because another is; the other's reason is the reason."""
    cause = baby.facts[name]
    assert isinstance(cause, Doubt)
    return Doubt(spec.name, cause.missing, cause.why, cause.needs)


def _no_birth(spec: FactSpec, baby: Baby) -> Doubt:
    if baby.birth_doubt:
        return Doubt(spec.name, Missing.UNUSABLE, baby.birth_doubt, ("birth_date",))
    return Doubt(spec.name, Missing.ABSENT, "no date of birth is known", ("birth_date",))


def _aged(spec: FactSpec, birth: Span, at: datetime, step: timedelta, source: str) -> Fact:
    young, old = age_range(birth, at, step)
    because = () if birth.exact else ("birth_time",)
    value = Quantity(Decimal(young), Decimal(old), _unit(spec), because if young != old else ())
    return Fact(spec.name, value, None, source)


def completed_days(spec: FactSpec, baby: Baby, table: Table) -> Fact | Doubt:
    """Age in completed days at the moment of the call."""
    if baby.birth is None:
        return _no_birth(spec, baby)
    return _aged(spec, baby.birth, baby.as_of, DAY, "Patient")


def age_at_draw(spec: FactSpec, baby: Baby, table: Table) -> Fact | Doubt:
    """Age in completed hours when the specimen was taken (tables are headed by completed hours)."""
    drawn = baby.known(spec.of[0])
    if drawn is None or drawn.at is None:
        return _depends(spec, spec.of[0], baby)
    if baby.birth is None:
        return _no_birth(spec, baby)
    if drawn.at.early < baby.birth.early:
        why = "the bilirubin is dated before birth"
        return Doubt(spec.name, Missing.UNUSABLE, why, (spec.of[0],))
    return _aged(spec, baby.birth, drawn.at.early, HOUR, drawn.source)


def completed_weeks(spec: FactSpec, baby: Baby, table: Table) -> Fact | Doubt:
    """Gestation in completed weeks: 38 weeks 6 days is 38."""
    age = baby.known(spec.of[0])
    if age is None:
        return _depends(spec, spec.of[0], baby)
    weeks = age.quantity.to(_unit(spec))
    low, high = Decimal(int(weeks.low)), Decimal(int(weeks.high))
    because = weeks.because if low != high else ()
    return Fact(spec.name, Quantity(low, high, weeks.unit, because), age.at, age.source, age.reported)


def postmenstrual_age(spec: FactSpec, baby: Baby, table: Table) -> Fact | Doubt:
    """Gestational age at birth plus age, in days so that no division blurs the limit."""
    gestation, age = (baby.known(name) for name in spec.of)
    if gestation is None or age is None:
        return _depends(spec, spec.of[0] if gestation is None else spec.of[1], baby)
    unit = _unit(spec)
    born, since = gestation.quantity.to(unit), age.quantity
    because = (*born.because, *since.because)
    value = Quantity(born.low + since.low, born.high + since.high, unit, because)
    return Fact(spec.name, value, None, gestation.source)


def _pair(spec: FactSpec, baby: Baby, *, closer: bool) -> tuple[Fact, Fact] | Doubt:
    """The values that a rate or trend compares; the phototherapy between them is asked for the same pair."""
    key = spec.of[0], closer, length(spec.amounts["min_apart"]), length(spec.amounts["max_apart"])
    if key not in baby.pairs:
        baby.pairs[key] = _earlier(spec, baby, closer=closer)
    pair = baby.pairs[key]
    return Doubt(spec.name, pair.missing, pair.why, pair.needs) if isinstance(pair, Doubt) else pair


def _earlier(spec: FactSpec, baby: Baby, *, closer: bool) -> tuple[Fact, Fact] | Doubt:
    """The latest value and the one to compare it with: the most recent at least `min_apart` before it, within
    `max_apart`, and under the same phototherapy where that is running. `closer` allows a closer one if need be."""
    name = spec.of[0]
    latest = baby.known(name)
    if latest is None or latest.at is None:
        return _depends(spec, name, baby)
    now, apart = latest.at.early, length(spec.amounts["min_apart"])
    oldest = now - length(spec.amounts["max_apart"])
    light = baby.known("phototherapy")
    since = light.at.early if light and light.at and light.value != "stopped" else None
    values = [
        one
        for one in baby.series.get(name, ())
        if one.at and one.at.exact and oldest <= one.at.early < now and one.quantity.exact
    ]
    under = [one for one in values if since is None or (one.at and one.at.early >= since)]
    for pool in (under, values):
        far = [one for one in pool if one.at and now - one.at.early >= apart]
        if far:
            return far[-1], latest
        if closer and pool:
            return pool[0], latest
    why = f"only one usable {name} in reach" if not values else "the earlier values are too close to the latest"
    return Doubt(spec.name, Missing.ABSENT, why, ("earlier_tsb",))


def rate_of_rise(spec: FactSpec, baby: Baby, table: Table) -> Fact | Doubt:
    """Rise per hour between two values at least `min_apart` apart (own choice; NICE repeats at 4 to 6 h).

    17.1 micromol/L per mg/dL: from 12.0 to 15.0 mg/dL in 6 h is 0.5 mg/dL/h, or 8.55 micromol/L/h.
    """
    pair = _pair(spec, baby, closer=False)
    if isinstance(pair, Doubt):
        return pair
    before, after = pair
    assert before.at is not None
    assert after.at is not None
    if not after.quantity.exact:
        return Doubt(
            spec.name,
            Missing.UNUSABLE,
            "the latest value is given only as above or below a limit",
            (after.name,),
        )
    unit = _unit(spec)
    elapsed = Decimal(int((after.at.early - before.at.early).total_seconds())) / 3600
    rise = after.quantity.low * after.quantity.unit.factor - before.quantity.low * before.quantity.unit.factor
    value = rise / (elapsed * unit.factor)
    return Fact(
        spec.name,
        Quantity(value, value, unit),
        before.at,
        f"{before.source}, {after.source}",
        compared=pair,
    )


def trend(spec: FactSpec, baby: Baby, table: Table) -> Fact | Doubt:
    """`rising` where the rise exceeds the noise floor: 1.96 x sqrt(2) x 2 % = 5.5 % of the earlier value (own)."""
    pair = _pair(spec, baby, closer=True)
    if isinstance(pair, Doubt):
        return pair
    before, after = pair
    first, second = before.quantity, after.quantity
    start = first.low * first.unit.factor
    floor = start * (1 + spec.amounts["noise"].value * spec.amounts["noise"].unit.factor)
    low, high = second.low * second.unit.factor, second.high * second.unit.factor
    if low > floor or high <= floor:
        return Fact(
            spec.name,
            "rising" if low > floor else "not_rising",
            before.at,
            f"{before.source}, {after.source}",
            compared=pair,
        )
    return Doubt(spec.name, Missing.UNUSABLE, "the latest value is given only as above or below a limit", (after.name,))


def phototherapy_for_rate(spec: FactSpec, baby: Baby, table: Table) -> Fact | Doubt:
    """The phototherapy that both values of `rate_of_rise` were drawn under."""
    return _phototherapy(spec, baby, closer=False)


def phototherapy_for_trend(spec: FactSpec, baby: Baby, table: Table) -> Fact | Doubt:
    """The phototherapy that both values of `trend` were drawn under."""
    return _phototherapy(spec, baby, closer=True)


def _phototherapy(spec: FactSpec, baby: Baby, *, closer: bool) -> Fact | Doubt:
    """Unknown where only one of the two values was drawn under it."""
    light = baby.known("phototherapy")
    if light is None:
        return _depends(spec, "phototherapy", baby)
    if light.value in ("stopped", "not_intensive"):
        return Fact(spec.name, light.value, light.at, light.source)
    if light.at is None or not light.at.exact:
        return Doubt(
            spec.name,
            Missing.UNUSABLE,
            "the time when phototherapy began is not known",
            ("phototherapy_start",),
        )
    pair = _pair(spec, baby, closer=closer)
    if isinstance(pair, Doubt):
        return pair
    before = pair[0]
    if before.at is None or before.at.early < light.at.early:
        why = "only one bilirubin was drawn under phototherapy"
        return Doubt(spec.name, Missing.UNUSABLE, why, ("earlier_tsb",))
    return Fact(spec.name, light.value, light.at, light.source)


FORMULAS: dict[str, Formula] = {
    "completed_days": completed_days,
    "age_at_draw": age_at_draw,
    "completed_weeks": completed_weeks,
    "postmenstrual_age": postmenstrual_age,
    "rate_of_rise": rate_of_rise,
    "trend": trend,
    "phototherapy_for_rate": phototherapy_for_rate,
    "phototherapy_for_trend": phototherapy_for_trend,
    "dosing_weight": dosing_weight,
}
