"""The dose in words: grams, milliliters, infusion steps, and why it takes as long as it does."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from cds_service.cards.chart import Chart, bullets, capital, span
from cds_service.cards.suggest import Wording, duration
from cds_service.cards.text import citation, escape, number
from cds_service.decisions.decide import Answer
from cds_service.dosing.dose import Plan, Portion
from cds_service.facts.fact import Doubt
from cds_service.knowledge.shapes import Cite, Dose, DoseLimits, Product


def dose(chart: Chart, answer: Answer, plan: Plan | None, wordings: list[Wording], ordered: str) -> str:
    """`wordings` are the doses of the plan; `ordered`, what is to be said of the medication that the draft names,
    is empty where it names this product."""
    wanted = answer.dose
    assert wanted is not None
    cited = per_kg(wanted)
    if plan is None:
        doubt = chart.baby.facts["dosing_weight"]
        why = doubt.why if isinstance(doubt, Doubt) else ""
        asks = chart.knowledge.facts["dosing_weight"].asks
        return f"**Dose not computed**: {escape(why)}. Enter {asks}. Per kilogram: {cited}."
    product = chart.knowledge.site.product
    head = f"**Dose**: {cited}, for {number(plan.kilograms, 3)} kg{chart.where(plan.weight)}. {plan.weight.remark}"
    rows = ["| g/kg | exact | rounded | volume | duration | vials |", "|---|---|---|---|---|---|"]
    rows += [_row(one, product) for one in plan.portions]
    notes = [
        *_cautions(plan, chart.knowledge.dose_limits[wanted.limits]),
        *(_infusion(one, plan.dose) for one in wordings),
        _product(product),
        *((ordered,) if ordered else ()),
    ]
    return "\n\n".join((head.rstrip(), "\n".join(rows), bullets(notes), repeat(wanted)))


@cache
def per_kg(wanted: Dose) -> str:
    over = f" over {span(wanted.hours_from, wanted.hours)} h" if wanted.hours else ""
    note = f", {wanted.note}" if wanted.note else ""
    return f"{span(wanted.low, wanted.high)} g/kg{over}{note} {citation(wanted.cite)}"


def _row(one: Portion, product: Product) -> str:
    vials = " + ".join([f"{count} × {number(size, 1)} g" for count, size in one.vials])
    exact = f"{number(one.exact, 4)} g ({number(one.exact / product.grams_per_ml, 2)} mL)"
    return (
        f"| {number(one.grams_per_kg, 2)} | {exact} "
        f"| {number(one.rounded, 2)} g ({number(one.rounded_per_kg, 2)} g/kg) "
        f"| {number(one.milliliters, 2)} mL {product.title} | {duration(one.infusion.minutes)} | {vials} |"
    )


def _cautions(plan: Plan, limits: DoseLimits) -> Iterator[str]:
    """Rounding that leaves the guideline's range, and a guideline that leaves the usual one."""
    wanted = plan.dose
    for one in plan.portions:
        if not wanted.low <= one.rounded_per_kg <= wanted.high:
            yield (
                f"Rounded to {number(one.rounded, 2)} g the dose is {number(one.rounded_per_kg, 3)} g/kg, outside "
                f"{wanted.set_by}'s {span(wanted.low, wanted.high)} g/kg by {number(one.rounding_percent, 1)} %."
            )
    if limits.usual is None:
        yield f"**No dose is usual here** {citation(limits.cite)}"
        return
    low, high = limits.usual
    if wanted.low < low or wanted.high > high:
        whose = capital(wanted.set_by)
        yield f"**{whose}'s dose lies outside the usual {span(low, high)} g/kg** {citation(limits.cite)}"


def _infusion(one: Wording, wanted: Dose) -> str:
    """One dose, why it takes as long as it does, and its steps."""
    hours = wanted.hours
    run = one.portion.infusion
    top = number(run.max_mg_per_kg_min, 2)
    fast = f"at the label's fastest {duration(run.product_minutes)} ({top} mg/kg/min)"
    if not hours:
        slower = (
            "" if run.product_decides else f", and {duration(run.guideline_minutes)} is the least for a newborn (own)"
        )
        why = f"the guideline states no time{slower}; {fast}"
    elif run.product_decides:
        why = f"{wanted.set_by}'s {number(hours, 1)} h would break the label's maximum rate; {fast}"
    else:
        why = f"{wanted.set_by}'s {number(hours, 1)} h; {fast}"
    return f"{one.dose} ({why}): {one.steps}"


@cache
def _product(product: Product) -> str:
    return (
        f"{product.title}: {product.cite.place} {citation(Cite(product.cite.source, ''))}. "
        f"Label age: {product.label_years}. Dilution and flush: {product.dilution}."
    )


@cache
def repeat(wanted: Dose) -> str:
    if wanted.at_most == 1:
        return "Once: the guideline states no repeat dose."
    course = f"; {number(wanted.course, 2)} g/kg at most in the course" if wanted.course else ""
    limit = f"; {wanted.at_most} doses at most" if wanted.at_most else ""
    if not wanted.repeat_text:
        said = f"May be repeated{limit}" if wanted.at_most else "The guideline states no interval for a repeat dose"
        return f"{said}{course}." if wanted.at_most or course else "The guideline states no repeat dose."
    return f"May be repeated after {wanted.repeat_text} if needed{limit}{course}."
