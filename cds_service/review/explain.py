"""Prints the decisions for one hook call as a person would read them."""

from __future__ import annotations

from cds_service.cards.text import quantity
from cds_service.decisions.decide import Answer
from cds_service.decisions.logic import Criterion, Result
from cds_service.facts.fact import Doubt, Fact, Quantity
from cds_service.fhir.body import read_object
from cds_service.hooks.discovery import SERVICES
from cds_service.hooks.messages import ORDER_HOOKS, read_call
from cds_service.hooks.orders import Drafts, drafted
from cds_service.hooks.service import Answerer
from cds_service.knowledge.load import load_knowledge
from cds_service.knowledge.shapes import Knowledge

MARKS = {Result.MET: "yes", Result.NOT_MET: "no ", Result.UNKNOWN: "?  "}


def explain_request(body: bytes, site: str) -> str:
    """Facts, then every guideline's answer with each comparison. Raises RequestError for a malformed call."""
    knowledge = load_knowledge(site)
    answerer = Answerer(knowledge, accept_as_of=True)
    message = read_object(body)
    hooks = {service.hook for service in SERVICES.values()}
    hook = str(message.get("hook")) if message.get("hook") in hooks else "order-select"
    call = read_call(message, hook, answerer.clock(), accept_as_of=True)
    drafts = Drafts()
    if hook in ORDER_HOOKS:
        drafts = drafted(call.context, call.prefetch, call.patient_id, answerer.reader.medications)
    baby, decisions = answerer.judge(call, drafts)
    lines = [f"{hook} at {baby.as_of:%Y-%m-%d %H:%M} UTC, site {knowledge.site.name}, knowledge {knowledge.version}"]
    if hook in ORDER_HOOKS:
        lines.append(f"IVIG among the orders: {'yes' if drafts.ivig else 'no'}")
    lines += ["", "Facts"]
    for name, fact in baby.facts.items():
        lines.append(f"  {knowledge.facts[name].title}: {_fact(fact, knowledge)}")
    for decision in decisions:
        for one in decision.answers:
            shown = "  <- shown" if one is decision.shown else ""
            title = knowledge.indications[decision.indication].title
            lines += ["", f"{title}, {one.guidance.source.short}: {one.verdict} ({one.name}){shown}"]
            lines += _answer(one)
    return "\n".join(lines)


def _fact(fact: Fact | Doubt, knowledge: Knowledge) -> str:
    if isinstance(fact, Doubt):
        return f"not known: {fact.why}"
    spec = knowledge.facts[fact.name]
    value = fact.value
    if isinstance(value, Quantity):
        shown = quantity(value.to(spec.unit or value.unit), spec.decimals)
    elif isinstance(value, str):
        shown = value.replace("_", " ")
    else:
        shown = "; ".join(value.found.values()) or "none that guidance asks for"
    at = f", {fact.at.early:%Y-%m-%d %H:%M} UTC" if fact.at else ""
    return f"{shown}{at}" + (f", {fact.source}" if fact.source else "")


def _answer(one: Answer) -> list[str]:
    lines = [f"    {MARKS[criterion.result]} {_criterion(criterion)}" for criterion in one.criteria]
    if one.recommendation:
        lines.append(f"  => {one.recommendation.text} ({one.recommendation.cite})")
    else:
        lines.append("  => one of: " + "; ".join(f"{entry.verdict} ({entry.id})" for entry in one.open))
    if one.needs:
        lines.append(f"  needs: {', '.join(one.needs)}")
    return lines


def _criterion(one: Criterion) -> str:
    parts = [one.text]
    if isinstance(one.value, Quantity):
        parts.append(f"value {quantity(one.value.to(one.number.unit) if one.number else one.value, 2)}")
    elif one.value:
        parts.append(str(one.value))
    if one.limit and one.number:
        parts.append(f"limit {quantity(one.limit, 2)} ({one.number.cite})")
    if one.why:
        parts.append(one.why)
    return ", ".join(parts)
