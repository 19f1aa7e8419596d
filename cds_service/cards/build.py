"""Cards from decisions: one for each indication that is advised, else one that says what was checked and why not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from cds_service.cards.chart import Chart
from cds_service.cards.detail import detail, footer, monitoring_detail, version
from cds_service.cards.doses import dose
from cds_service.cards.notice import TOPIC_SYSTEM, override_reasons
from cds_service.cards.record import decision_record
from cds_service.cards.suggest import Identity, dose_suggestions, monitoring_suggestions, worded
from cds_service.cards.text import escape, number
from cds_service.decisions.decide import Answer, Decision
from cds_service.decisions.lines import lines
from cds_service.decisions.logic import Result
from cds_service.dosing.dose import Plan, plan
from cds_service.dosing.repeat import barred
from cds_service.facts.fact import Baby
from cds_service.knowledge.shapes import INDICATORS, Guidance, Knowledge, Product, Recommendation

Json = dict[str, Any]
LONGEST_SUMMARY = 139
DECISION = "org.neonatal-ivig-cds.decision"
DECISIONS = "org.neonatal-ivig-cds.decisions"
WITHHELD_ORDER = ("needs-information", "not-yet", "not-recommended", "out-of-scope", "not-indicated", "no-sign")
# By convention the statement of a guidance file that holds where nothing on record points at its indication.
NO_SIGN = "no_sign"
DRAFT_REFUSED = (
    "The draft order cannot be sent back changed (it is not valid FHIR R4, or has no id): enter the dose by hand."
)
SORBITOL = " **It contains sorbitol: contraindicated under 2 years of age.**"
NOT_RULED_OUT = ". Worse not ruled out"
MONITORING_SUMMARY = (
    "Monitoring for IVIG ({}): vital signs at 15 and 30 min, then hourly; when to stop; laboratory follow-up"
)


@dataclass(slots=True)
class Draft:
    """The IVIG order that the clinician is writing. `order` is None where it cannot be sent back changed.

    `medication` is what it calls its medication, `brands` and `strengths` (g/mL) what its words and codes name.
    """

    order: Json | None
    medication: str = ""
    brands: frozenset[str] = frozenset()
    strengths: frozenset[Decimal] = frozenset()

    @property
    def product(self) -> str:
        """`privigen, 10 %`."""
        percents = [f"{number(one * 100, 2)} %" for one in sorted(self.strengths)]
        return ", ".join([*sorted(self.brands), *percents])

    def differs(self, product: Product) -> bool:
        """Whether it names another brand or strength, so that volume and rates do not hold for it."""
        return not (self.brands <= {product.brand} and self.strengths <= {product.grams_per_ml})

    def sorbitol(self, products: Iterable[Product]) -> bool:
        """Whether a product of this brand contains sorbitol; of this strength, where the brand has it."""
        named = [one for one in products if one.brand in self.brands]
        exact = [one for one in named if one.grams_per_ml in self.strengths]
        return any(one.sorbitol for one in exact or named)


@dataclass(slots=True)
class Deck:
    """Builds the cards of one call. `draft` is None where nothing is being ordered."""

    knowledge: Knowledge
    baby: Baby
    patient_id: str
    seed: str
    draft: Draft | None = None
    remarks: tuple[str, ...] = ()
    identity: Identity = field(init=False)

    def __post_init__(self) -> None:
        self.identity = Identity(self.seed)

    def cards(self, decisions: list[Decision]) -> list[Json]:
        """Worst first. A withheld answer at exchange level keeps a card of its own: it must not be hidden."""
        advised = [one for one in decisions if one.shown.gives]
        alarming = [one for one in decisions if not one.shown.gives and one.shown.indicator == "critical"]
        if not advised:
            ranked = sorted(decisions, key=_telling)
            return [self._card(ranked[0], ranked[1:])]
        carded = [*alarming, *advised]
        others = [one for one in decisions if one not in carded]
        cards = [self._card(one, others if one is carded[-1] else [], self._also(one, advised)) for one in carded]
        cards.append(self._monitoring(advised))
        return sorted(cards, key=lambda card: -INDICATORS.index(card["indicator"]))

    def _also(self, decision: Decision, advised: list[Decision]) -> tuple[str, ...]:
        """On each of two cards that advise IVIG: that there is the other."""
        shorts = [self.knowledge.indications[one.indication].short for one in advised if one is not decision]
        if not shorts or decision not in advised:
            return ()
        other = " and ".join(shorts)
        return (f"**IVIG is also advised for {other}**, on a card of its own. The doses add up: order it once.",)

    def records(self, decisions: list[Decision]) -> list[Json]:
        """Every decision, not only those on cards."""
        return [self._record(answer, self._plan(answer)) for one in decisions for answer in one.answers]

    def _plan(self, answer: Answer) -> Plan | None:
        if answer.dose is None:
            return None
        limits = self.knowledge.dose_limits[answer.dose.limits]
        return plan(answer.dose, self.baby, self.knowledge.site.product, limits)

    def _record(self, answer: Answer, dose_plan: Plan | None) -> Json:
        return decision_record(self.knowledge, answer, dose_plan, lines(answer))

    def _card(self, decision: Decision, others: list[Decision], also: tuple[str, ...] = ()) -> Json:
        answer = decision.shown
        chart = Chart(self.knowledge, self.baby)
        dose_plan = self._plan(answer)
        wordings = worded(dose_plan, self.knowledge.site.product) if dose_plan else []
        watched = lines(answer)
        beside = [line for one in decision.answers if one is not answer for line in lines(one)]
        titles = {line.number.title for line in watched}
        shown = [*watched, *(line for line in beside if line.number.title not in titles)]
        again = barred(answer.dose, self.baby.series.get("ivig_given", ()), self.baby.as_of) if answer.dose else ""
        ordered, writable = self._ordered()
        dosed = dose(chart, answer, dose_plan, wordings, ordered) if answer.dose else ""
        body = detail(chart, decision, dosed, shown, others, again=again, remarks=(*also, *self.remarks))
        topic = topic_code(answer)
        card: Json = {
            "uuid": self.identity.of("card", topic),
            "summary": _already(again, self._summary(chart, answer, dose_plan), answer),
            "indicator": answer.indicator,
            "detail": f"{body}\n\n{footer(self.knowledge, answer.guidance)}",
            "source": {
                **_source(answer.guidance, answer.recommendation),
                "topic": {"system": TOPIC_SYSTEM, "code": topic, "display": answer.guidance.title},
            },
            "overrideReasons": override_reasons(self.knowledge),
            "extension": {DECISION: decision_record(self.knowledge, answer, dose_plan, watched)},
        }
        if others and not answer.gives:
            # This card speaks for all of them: its own indication only heads it.
            card["extension"][DECISIONS] = [self._record(one.shown, None) for one in others]
        if dose_plan and writable and not again:
            card["suggestions"] = dose_suggestions(
                wordings,
                self.knowledge.site.product,
                self.draft.order if self.draft else None,
                self.patient_id,
                self.identity,
                topic,
                recommend=answer.verdict == "recommended",
            )
            card["selectionBehavior"] = "at-most-one"
        return card

    def _ordered(self) -> tuple[str, bool]:
        """What to say of the product that the draft names, and whether a dose may be written into the draft."""
        draft, product = self.draft, self.knowledge.site.product
        if draft is None:
            return "", True
        named = escape(draft.medication) or "no product in words"
        if draft.differs(product):
            text = (
                f"**The draft names {named} ({draft.product}), another product or strength than {product.title}.** "
                "The grams hold; volume and infusion steps do not, and no dose is written into the draft."
            )
            return text + (SORBITOL if draft.sorbitol(self.knowledge.products.values()) else ""), False
        if draft.order is None:
            return DRAFT_REFUSED, False
        if not draft.brands:
            return (
                f"**The draft names {named}.** Volume and infusion steps are for {product.title}.",
                True,
            )
        return "", True

    def _summary(self, chart: Chart, answer: Answer, dose_plan: Plan | None) -> str:
        loudest = next((note for note in answer.notes if note.summary), None)
        if loudest and not answer.gives:
            return chart.fill(loudest.summary, answer)
        if answer.recommendation:
            said = chart.fill(answer.recommendation.card.summary, answer, dose_plan)
            worse = f". Not ruled out: {answer.not_ruled_out[0].text}" if answer.not_ruled_out else ""
            fitting = (text for text in (said + worse, said + NOT_RULED_OUT) if worse and len(text) <= LONGEST_SUMMARY)
            return next(fitting, said)
        indication = self.knowledge.indications[answer.guidance.indication]
        titles: dict[str, str] = {}
        for name in answer.needs:
            spec = self.knowledge.facts[name]
            titles.setdefault(spec.asks, spec.title)  # two facts may be answered by the same thing
        return fit(f"IVIG for {indication.short} cannot be judged, missing: ", list(titles.values()))

    def _monitoring(self, advised: list[Decision]) -> Json:
        sets = tuple(dict.fromkeys(each for one in advised for each in one.shown.guidance.monitoring))
        topic = "monitoring" + "".join(one.indication for one in advised)
        shorts = " and ".join(self.knowledge.indications[one.indication].short for one in advised)
        return {
            "uuid": self.identity.of("card", topic),
            "summary": MONITORING_SUMMARY.format(shorts),
            "indicator": "info",
            "detail": f"{monitoring_detail(sets)}\n\n{version(self.knowledge)}",
            "source": {
                "label": "Monitoring of IVIG in newborns",
                "topic": {"system": TOPIC_SYSTEM, "code": topic, "display": "Monitoring of IVIG in newborns"},
            },
            "overrideReasons": override_reasons(self.knowledge),
            "suggestions": monitoring_suggestions(sets, self.patient_id, self.identity, topic),
            "selectionBehavior": "any",
        }


@cache
def _source(guidance: Guidance, entry: Recommendation | None) -> Json:
    """The guideline, and beside it the document that this recommendation goes back to where that is another."""
    source = guidance.source
    cited = entry.cite.source if entry else source
    named = cited if cited.name not in ("own", source.name) else source
    label = source.short if named is source else f"{source.short}; {named.short}"
    out: Json = {"label": f"{label}: {guidance.title}"}
    if url := named.url or source.url:
        out["url"] = url
    return out


def _already(again: str, summary: str, answer: Answer) -> str:
    """A dose that is not due is said in the summary; what is urgent stays before it."""
    if not again:
        return summary
    texts = (f"{summary}. IVIG already given: {again}", f"{summary}. IVIG already given")
    if answer.indicator != "critical":
        texts = (f"IVIG already given: {again}. {summary}", f"IVIG already given: {again}")
    return next((text for text in texts if len(text) <= LONGEST_SUMMARY), summary)


def topic_code(answer: Answer) -> str:
    """Letters and digits, at most 100, another one for another clinical state: an override of a milder state
    must not hide a worse one."""
    return _topic(answer.guidance.indication, answer.guidance.guideline, answer.name, answer.indicator)


@cache
def _topic(*parts: str) -> str:
    return "".join(character for part in parts for character in part if character.isalnum())[:100]


def fit(start: str, words: list[str]) -> str:
    """As many words as fit a summary; the rest is counted, and named in the detail."""
    for shown in range(len(words), 0, -1):
        rest = len(words) - shown
        text = start + ", ".join(words[:shown]) + (f" and {rest} more" if rest else "")
        if len(text) <= LONGEST_SUMMARY:
            return text
    return f"{start}{len(words)} facts"


def _telling(decision: Decision) -> tuple[bool, bool, int]:
    """Which withheld decision heads the card: critical first, then those that the record points at."""
    answer = decision.shown
    nothing = answer.guidance.statements.get(NO_SIGN)
    pointed = nothing is None or answer.judge.result(nothing) is Result.NOT_MET
    return answer.indicator != "critical", not pointed, WITHHELD_ORDER.index(answer.verdict)
