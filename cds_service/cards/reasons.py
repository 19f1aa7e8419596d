"""Why: the verdict, the comparisons that carry it, what is missing, and what the other guidelines say."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import takewhile

from cds_service.cards.chart import Chart, Judged, bullets, capital
from cds_service.cards.text import citation, escape, fact_text, level, quantity, telling_decimals
from cds_service.decisions.decide import Answer, Decision
from cds_service.decisions.logic import Criterion, Result
from cds_service.facts.fact import Doubt, Missing, Quantity
from cds_service.knowledge.shapes import GIVES, Condition, Group, Knowledge, Named, Recommendation

RELATIONS = {
    (">=", Result.MET): "at or above",
    (">=", Result.NOT_MET): "below",
    (">", Result.MET): "above",
    (">", Result.NOT_MET): "not above",
    ("<=", Result.MET): "at or below",
    ("<=", Result.NOT_MET): "above",
    ("<", Result.MET): "below",
    ("<", Result.NOT_MET): "not below",
}
WITHHELD_FOR_A_REASON = frozenset({"not-yet", "not-indicated", "not-recommended"})
LIST_WORDS = {word.lower(): word for word in ("DAT", "FNAIT", "GALD", "HDN", "HSV", "IgA", "IgG", "INR", "ITP", "SCID")}
LIST_WORDS |= {"covid19": "COVID-19", "sars": "SARS", "cov": "CoV"}


def verdict(answer: Answer) -> str:
    if answer.recommendation is None:
        source = answer.guidance.source.short
        return f"**{answer.verdict}** ({source}): what is missing decides between the answers below."
    said = _verdict(answer.recommendation)
    worse = "; ".join(entry.text for entry in answer.not_ruled_out)
    return f"**Not ruled out on what is on record: {worse}.**\n\n{said}" if worse else said


@cache
def _verdict(entry: Recommendation) -> str:
    return f"**{entry.verdict}**: {entry.text} {citation(entry.cite)}"


def reasons(chart: Chart, answer: Answer) -> str:
    """The comparisons that carry the answer, each with value, time, source, limit and citation.

    Where the condition is there but IVIG is withheld, also why the answers that give it do not hold.
    """
    chosen = answer.recommendation
    told = [one for entry in ((chosen,) if chosen else answer.open) for one in leaves(answer, entry.when)]
    if chosen and chosen.verdict in WITHHELD_FOR_A_REASON:
        for entry in takewhile(lambda entry: entry is not chosen, answer.guidance.recommendations):
            if entry.verdict in GIVES:
                told += [one for one in leaves(answer, entry.when) if one.result is Result.NOT_MET]
    compared = {one.fact for one in told}
    said = dict.fromkeys(reason(chart, one, compared) for one in {one.text: one for one in told}.values())
    said.pop("", None)
    return bullets(said)


def reason(chart: Chart, one: Criterion, compared: set[str]) -> str:
    """Empty where it would only repeat: what is on record, or what another of the compared facts lacks."""
    spec = chart.knowledge.facts[one.fact]
    fact = chart.baby.facts[one.fact]
    if isinstance(fact, Doubt):
        follows = one.fact not in fact.needs and compared.issuperset(fact.needs)
        return "" if one.recorded or follows else f"{capital(spec.title)}: {_unknown(fact)}"
    if one.number is None:
        if one.recorded:
            return ""
        if one.codelist:
            return f"{list_title(one.codelist)}: {escape(str(one.value))}"
        return f"{capital(spec.title)}: {escape(fact_text(fact, spec))}{chart.where(fact)}"
    shown = fact_text(fact, spec, one.number.unit)
    if isinstance(one.value, Quantity):
        value = one.value.to(one.number.unit)
        decimals = telling_decimals(one, value, spec.decimals)
        if decimals != spec.decimals:
            shown = quantity(value, decimals)
    if spec.kind == "order" and spec.unit and spec.unit.quantity == "ratio" and fact.remark:
        return f"{capital(shown)}{chart.where(fact)} {citation(one.number.cite)}"
    lead = f"{capital(spec.title)} {shown}{chart.where(fact)}"
    relation = RELATIONS.get((one.text.split(" ", 2)[1], one.result))
    if one.limit is None or relation is None:
        limit = level(one.limit) if one.limit else escape(one.why)
        return f"{lead}: compared with the {one.number.title} ({limit}), not decided"
    title, line = one.number.title, level(one.limit)
    against = line if title == line or one.number.table is None else f"the {title} {line}"
    return f"{lead}: {relation} {against} {citation(one.number.cite)}"


def _unknown(fact: Doubt) -> str:
    """Why a fact is not known; where it is only not on record, that says it all."""
    return fact.missing.value if fact.missing is Missing.ABSENT else f"{fact.missing.value} ({escape(fact.why)})"


@cache
def list_title(name: str) -> str:
    """`isoimmune_hdn` as `Isoimmune HDN`."""
    return capital(" ".join(LIST_WORDS.get(word, word) for word in name.split("_")))


def leaves(answer: Judged, condition: Condition) -> Iterator[Criterion]:
    """The comparisons under one condition, in the order of the file; of a met `any`, the first that is met."""
    if isinstance(condition, Named):
        yield from leaves(answer, answer.rules.statements[condition.name])
    elif isinstance(condition, Group):
        items = condition.items
        if condition.word == "any":
            met = [item for item in items if answer.judge.result(item) is Result.MET]
            items = tuple(met[:1]) or items
        for item in items:
            yield from leaves(answer, item)
    else:
        yield answer.judge.criterion(condition)


def missing(chart: Chart, answer: Answer) -> str:
    if not answer.needs:
        return ""
    rows: dict[str, str] = {}
    for name in answer.needs:
        fact, why = chart.baby.facts.get(name), ""
        if isinstance(fact, Doubt):
            why = fact.why if fact.missing is not Missing.ABSENT else ""
        elif fact is not None:
            why = next((one.why for one in answer.criteria if one.why and name in one.needs), "")
        asks = capital(chart.knowledge.facts[name].asks)
        rows.setdefault(asks, f"{asks} ({escape(why)})" if why else asks)
    out = "**Missing**\n\n" + bullets(rows.values())
    if answer.recommendation is None:
        out += "\n\nThe answer would be one of: "
        out += "; ".join(f"{entry.verdict} ({entry.text})" for entry in answer.open) + "."
    return out


def other_guidelines(decision: Decision) -> str:
    """What each guideline of this indication says, where there is more than one."""
    if len(decision.answers) < 2:
        return ""
    differ = len({one.verdict for one in decision.answers}) > 1
    rows = []
    for one in decision.answers:
        followed = ", followed here" if one is decision.followed else ""
        shown = ", shown above" if one is decision.shown else ""
        rows.append(f"{one.guidance.source.short}{followed}{shown}: **{one.verdict}**; it asks for {one.guidance.asks}")
    return ("**The guidelines differ**" if differ else "**The guidelines agree**") + "\n\n" + bullets(rows)


def one_line(knowledge: Knowledge, decision: Decision) -> str:
    """One indication in a line, for the card about another."""
    answer = decision.shown
    title = capital(knowledge.indications[decision.indication].title)
    needs = ", ".join(knowledge.facts[name].title for name in answer.needs)
    said = answer.recommendation.text if answer.recommendation else f"missing {needs}"
    return f"{title} ({answer.guidance.source.short}): {answer.verdict}; {said}"
