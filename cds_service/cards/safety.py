"""Cards of safety rules: one for each rule that an order for IVIG meets, and what could not be judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cds_service.cards.chart import Chart, bullets
from cds_service.cards.detail import version
from cds_service.cards.draft import Draft
from cds_service.cards.notice import TOPIC_SYSTEM, override_reasons
from cds_service.cards.reasons import leaves, reason
from cds_service.cards.record import fact_record
from cds_service.cards.suggest import Identity, Wording, deletion, dose_suggestions, with_product, worded
from cds_service.cards.text import citation, escape
from cds_service.decisions.logic import Result
from cds_service.decisions.safety import Finding, Findings
from cds_service.dosing.dose import plan
from cds_service.dosing.order import STABILIZERS
from cds_service.facts.fact import Baby, Doubt, Fact, Missing, OnRecord
from cds_service.knowledge.shapes import Cite, Dose, Knowledge, Product

Json = dict[str, Any]
LONGEST_SUMMARY = 139
# What a rule may object to in a product, by the fact of the order that says so.
HAZARDS: dict[str, Callable[[Product], bool]] = {
    **STABILIZERS,
    "order_iga": lambda product: product.iga not in ("very_low", "low"),
}
SAFETY = "org.neonatal-ivig-cds.safety"
EXPECTED = {"order_grams": "dose", "order_hours": "infusion time"}  # of an order that is ready to be given
INDICATOR = {"block": "critical", "warn": "warning", "info": "info"}


@dataclass(slots=True)
class Ordered:
    """One order for IVIG: as it can be sent back, the newborn with the order's facts, and what the rules found.

    `cites` is what a rule may go by: label, guideline, limits. `dose` is the one that is advised for it, None where
    none is or none is due. `proposed`: it is not the clinician's, but what this service would offer on an opened chart.
    """

    draft: Draft
    baby: Baby
    findings: Findings
    cites: Mapping[str, Cite] = field(default_factory=dict)
    dose: Dose | None = None
    proposed: bool = False

    @property
    def barred(self) -> Finding | None:
        """The first rule while which no dose is offered."""
        return next((one for one in self.findings.said if one.rule.bars), None)


@dataclass(slots=True)
class SafetyCards:
    knowledge: Knowledge
    patient_id: str
    identity: Identity

    def cards(self, orders: Iterable[Ordered]) -> list[Json]:
        """A rule that says the same of two orders is said once."""
        found: dict[tuple[str, str], Json] = {}
        for ordered in orders:
            chart = Chart(self.knowledge, ordered.baby)
            for finding in ordered.findings.said:
                if not finding.rule.line:
                    summary = cut(chart.fill(finding.rule.summary, finding))
                    key = (finding.rule.id, summary)
                    if key not in found:
                        found[key] = self._card(chart, finding, summary, ordered, len(found))
        return list(found.values())

    def lines(self, orders: Iterable[Ordered]) -> str:
        """What is said without a card of its own."""
        said: dict[str, None] = {}
        for ordered in orders:
            chart = Chart(self.knowledge, ordered.baby)
            for finding in ordered.findings.said:
                if finding.rule.line:
                    said[f"{chart.fill(finding.rule.text, finding)} {citation(finding.rule.cite)}"] = None
        return f"**For this newborn**\n\n{bullets(said)}" if said else ""

    def _card(self, chart: Chart, finding: Finding, summary: str, ordered: Ordered, place: int) -> Json:
        rule, cite = finding.rule, _cite(finding, ordered)
        topic = f"safety{rule.id.replace('_', '')}{rule.level}"
        told = {one.text: one for one in leaves(finding, rule.when)}
        names = dict.fromkeys(one.fact for one in told.values())
        why = bullets(said for one in told.values() if (said := reason(chart, one, set(names))))
        text = f"{chart.fill(rule.text, finding, room=True)} {citation(cite)}"
        signed = "" if finding.rules.signed_off else " Not signed off by a clinician."
        detail = [text, why, f"{version(self.knowledge)} Safety rule {rule.id}, {rule.level}.{signed}"]
        card: Json = {
            "uuid": self.identity.of("card", topic, str(place)),
            "summary": summary,
            "indicator": INDICATOR[rule.level],
            "detail": "\n\n".join(part for part in detail if part),
            "source": {
                "label": f"IVIG safety: {cite.source.short}",
                **({"url": cite.source.url} if cite.source.url else {}),
                "topic": {"system": TOPIC_SYSTEM, "code": topic[:100], "display": finding.rules.title},
            },
            "overrideReasons": override_reasons(self.knowledge),
            "extension": {SAFETY: self._record(chart, finding, names, cite)},
        }
        if suggestions := self._suggestions(finding, ordered, f"{topic}{place}"):
            card["suggestions"] = suggestions
            card["selectionBehavior"] = "at-most-one"
        return card

    def _record(self, chart: Chart, finding: Finding, names: Iterable[str], cite: Cite) -> Json:
        """The facts that decided, and of those of the order what they were made from."""
        specs = self.knowledge.facts
        told = dict.fromkeys(name for one in names for name in (one, *specs[one].of))
        facts = [
            fact_record(fact, self.knowledge, finding.rules.units.get(name))
            for name in told
            if (fact := chart.baby.known(name)) and not (isinstance(fact.value, OnRecord) and not fact.value.found)
        ]
        record = {"rule": finding.rule.id, "level": finding.rule.level, "facts": facts, "cite": cite.text}
        return {key: value for key, value in record.items() if value != []}

    def _suggestions(self, finding: Finding, ordered: Ordered, topic: str) -> list[Json]:
        draft, offer = ordered.draft, finding.rule.offer
        if draft.order is None:
            return []
        made: list[Json] = []
        product = self._fitting(finding) if "shelf_product" in offer else self.knowledge.site.product
        if product and ordered.dose:
            order = with_product(draft.order, product) if "shelf_product" in offer else draft.order
            mended = "corrected_order" in offer and not ordered.barred and not draft.differs(product)
            if mended or ("shelf_product" in offer and not self._barred_otherwise(ordered, finding)):
                doses = self._wordings(ordered, product)
                made += dose_suggestions(doses, product, order, self.patient_id, self.identity, topic, recommend=False)
        if "delete_draft" in offer and draft.order.get("status") == "draft":
            made.append(deletion(draft.order, self.identity, topic))
        return made

    def _wordings(self, ordered: Ordered, product: Product) -> list[Wording]:
        assert ordered.dose is not None
        found = plan(ordered.dose, ordered.baby, product, self.knowledge.dose_limits[ordered.dose.limits])
        return worded(found, product) if found else []

    def _fitting(self, finding: Finding) -> Product | None:
        """The first product on the site's shelf without what the rule objects to."""
        met = {one.condition.fact for one in finding.criteria if one.result is Result.MET}
        hazards = [holds for name, holds in HAZARDS.items() if name in met]
        return next((one for one in self.knowledge.site.shelf if not any(holds(one) for holds in hazards)), None)

    def _barred_otherwise(self, ordered: Ordered, finding: Finding) -> bool:
        """Whether a rule forbids IVIG that no other product mends."""
        said = (one.rule for one in ordered.findings.said if one is not finding)
        return any(rule.bars and "shelf_product" not in rule.offer for rule in said)


def _cite(finding: Finding, ordered: Ordered) -> Cite:
    """What decided: the label of the product, say, where the rule goes by it."""
    return ordered.cites.get(finding.rule.by, finding.rule.cite)


def cut(summary: str) -> str:
    """At a word, with an ellipsis, where what an order says of itself leaves no room for the whole.

    >>> cut("x " * 80)[-3:], len(cut("x " * 80))
    ('x …', 139)
    """
    if len(summary) <= LONGEST_SUMMARY:
        return summary
    kept = summary[: LONGEST_SUMMARY - 2]
    return f"{kept.rpartition(' ')[0] if ' ' in kept[-40:] else kept} …"


def echo(chart: Chart, ordered: Ordered) -> str:
    """The order read back: g/kg, g, mL, hours, rate and product, so that a slip is seen."""
    facts = [("order_grams", "{}"), ("order_dose", "{}"), ("order_volume", "{}"), ("order_hours", "over {}")]
    facts.append(("order_rate", "at most {}"))
    said = []
    for name, words in facts:
        fact = chart.baby.facts.get(name)
        if isinstance(fact, Fact):
            said.append(words.format(chart.shown(fact)))
    medication = escape(ordered.draft.medication) or "no product in words"
    unsaid = [words for name, words in EXPECTED.items() if not isinstance(chart.baby.facts.get(name), Fact)]
    lacks = f" It states no usable {' and no usable '.join(unsaid)}." if unsaid else ""
    return f"**The order as read**: {'; '.join(part for part in (medication, ', '.join(said)) if part)}.{lacks}"


def _open(ordered: Ordered, names: Iterable[str]) -> list[str]:
    """The facts that kept a rule from being judged, without what the order just does not state: a rule about a rate
    says nothing of an order without one."""
    facts = ordered.baby.facts
    return [name for name in names if not (name.startswith("order_") and name in facts and _absent(facts[name]))]


def _absent(fact: Fact | Doubt) -> bool:
    return isinstance(fact, Doubt) and fact.missing is Missing.ABSENT


def unjudged(knowledge: Knowledge, orders: Sequence[Ordered]) -> str:
    """How many rules were judged, and for want of what some were not: silence is not an all-clear."""
    findings = [one.findings for one in orders]
    if not findings or not findings[0].count:
        return ""
    left = [(rule.id, needs) for one in orders for rule, names in one.findings.unjudged if (needs := _open(one, names))]
    rules = {identity for identity, _ in left}
    titles = dict.fromkeys(knowledge.facts[name].title for _, needs in left for name in needs)
    head = f"**Safety rules**: {findings[0].count} judged"
    if not rules:
        return f"{head}, none left open."
    return f"{head}, of which {len(rules)} could not be decided, for want of: {', '.join(titles)}."
