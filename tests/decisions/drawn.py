"""Draws newborns as facts: around every limit, as values or ranges, known or missing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from cds_service.facts.fact import Baby, Doubt, Fact, Missing, OnRecord, Quantity
from cds_service.facts.moments import Span
from cds_service.knowledge.shapes import Comparison, FactSpec, Guidance, In, Knowledge
from cds_service.review.babies import AS_OF

NOW = Span(AS_OF, AS_OF)
STEP = Decimal("0.1")
VALUES = {
    "age": ("0", "1", "7", "8", "28", "29", "40"),
    "postmenstrual_age": ("240", "300", "307", "308", "309", "330"),
    "gestational_age": ("22", "23", "34.9", "35", "38", "41"),
    "gestational_weeks": ("22", "23", "34", "35", "38", "41"),
    "tsb": ("2", "12", "14.8", "16.5", "18.0", "18.1", "20.1", "21.5", "26.4", "40"),
    "tcb": ("10",),
    "blood_bilirubin": ("10",),
    "platelets": ("5", "19", "20", "29", "30", "49", "50", "99", "100", "250"),
    "age_at_tsb": ("0", "1", "24", "48", "72", "96", "336", "337"),
    "tsb_rate": ("-0.2", "0.1", "0.49", "0.5", "2"),
    "dosing_weight": ("0.6", "3.4"),
}
EXACT = {"gestational_weeks"}
ALWAYS = ("age", "postmenstrual_age", "gestational_age", "conditions", "dosing_weight")
# Of every other indication: what its guidance asks for, its code lists, and values around its limits.
FACTS = {
    "hdn": (
        *ALWAYS,
        "gestational_weeks",
        "age_at_tsb",
        "tsb",
        "tcb",
        "blood_bilirubin",
        "dat",
        "phototherapy",
        "phototherapy_during_rate",
        "phototherapy_during_rise",
        "tsb_rate",
        "tsb_trend",
    ),
    "fnait": (*ALWAYS, "platelets", "suspected_conditions", "refuted_conditions"),
}
# A fact that is missing so that it may still come in. ABSENT is an answer by itself: nothing is on record.
OPEN = (Missing.NOT_OBTAINED, Missing.UNUSABLE)
LISTS = (
    "isoimmune_hdn",
    "jaundice_or_hemolysis",
    "fnait",
    "bleeding",
    "other_cause_of_thrombocytopenia",
    "neonatal_thrombocytopenia",
)


def doubt(spec: FactSpec, missing: Missing) -> Doubt:
    return Doubt(spec.name, missing, missing.value, (spec.name,))


def facts_of(knowledge: Knowledge, indication: str) -> tuple[str, ...]:
    asked = [one.fact for rules in guidance_on(knowledge, indication) for one in rules.asked()]
    return FACTS.get(indication) or tuple(dict.fromkeys((*ALWAYS, *asked)))


def lists_of(knowledge: Knowledge, indication: str) -> tuple[str, ...]:
    asked = [one for rules in guidance_on(knowledge, indication) for one in rules.asked()]
    named = tuple(dict.fromkeys(one.codelist.name for one in asked if isinstance(one, In)))
    return LISTS if indication in FACTS else named


def guidance_on(knowledge: Knowledge, indication: str) -> list[Guidance]:
    return [one for (of, _), one in knowledge.guidance.items() if of == indication]


def values_of(spec: FactSpec, knowledge: Knowledge, indication: str) -> tuple[str, ...]:
    """Under, on and over every constant that the guidance on this indication compares the fact with; rising."""
    if spec.name in VALUES:
        return VALUES[spec.name]
    found = {Decimal(1)}
    for one in [one for rules in guidance_on(knowledge, indication) for one in rules.asked()]:
        if isinstance(one, Comparison) and one.fact == spec.name and one.number.value is not None and spec.unit:
            at = one.number.value * one.number.unit.factor / spec.unit.factor
            found |= {at - STEP, at, at + STEP}
    return tuple(str(value) for value in sorted(found))


@st.composite
def known(draw: st.DrawFn, spec: FactSpec, knowledge: Knowledge, indication: str) -> Fact:
    """A fact with a value; a quantity may be a range, a list of conditions may be incomplete."""
    if spec.kind == "conditions":
        lists = lists_of(knowledge, indication)
        return Fact(spec.name, OnRecord(_found(lists, draw(st.integers(0, 2 ** len(lists) - 1))), draw(st.booleans())))
    if spec.unit is not None:
        values = values_of(spec, knowledge, indication)
        end = len(values) - 1
        first = draw(st.integers(0, end))
        last = first if spec.name in EXACT or draw(st.booleans()) else draw(st.integers(first, end))
        because = () if first == last else (spec.name,)
        quantity = Quantity(Decimal(values[first]), Decimal(values[last]), spec.unit, because)
        return Fact(spec.name, quantity, NOW, f"Observation/{spec.name}")
    words = sorted(spec.categories)
    if spec.answers:
        words = sorted({coding.means for coding in spec.answers.codes.values()})
    return Fact(spec.name, draw(st.sampled_from(words)), NOW, f"Observation/{spec.name}")


def _found(lists: tuple[str, ...], chosen: int) -> dict[str, str]:
    return {name: "on record" for bit, name in enumerate(lists) if chosen & (1 << bit)}


@st.composite
def babies(
    draw: st.DrawFn, knowledge: Knowledge, indication: str, missing: tuple[Missing, ...] = tuple(Missing)
) -> Baby:
    """One newborn, told by the facts that the guidance on one indication asks for."""
    facts: dict[str, Fact | Doubt] = {}
    for name in facts_of(knowledge, indication):
        spec = knowledge.facts[name]
        if draw(st.integers(0, 4)) == 0:
            facts[name] = doubt(spec, draw(st.sampled_from(missing)))
        else:
            facts[name] = draw(known(spec, knowledge, indication))
    return Baby(AS_OF, NOW, facts)


@st.composite
def told_more(draw: st.DrawFn, baby: Baby, knowledge: Knowledge, indication: str) -> Baby:
    """The same newborn when more is known: missing facts come in, ranges narrow, lists are completed."""
    facts = dict(baby.facts)
    for name, fact in baby.facts.items():
        if not draw(st.booleans()):
            continue
        if isinstance(fact, Doubt):
            facts[name] = draw(known(knowledge.facts[name], knowledge, indication))
        elif isinstance(fact.value, Quantity) and not fact.value.exact:
            end = fact.value.high if draw(st.booleans()) else fact.value.low
            facts[name] = replace(fact, value=Quantity(end, end, fact.value.unit))
        elif isinstance(fact.value, OnRecord) and not fact.value.complete:
            lists = lists_of(knowledge, indication)
            found = fact.value.found | _found(lists, draw(st.integers(0, 2 ** len(lists) - 1)))
            facts[name] = replace(fact, value=OnRecord(found, complete=True))
    return Baby(baby.as_of, baby.birth, facts)
