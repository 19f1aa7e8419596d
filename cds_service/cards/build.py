"""Cards from decisions: one for each indication that is advised, else one that says what was checked and why not."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

from cds_service.cards.chart import Chart
from cds_service.cards.detail import detail, footer, monitoring_detail, version
from cds_service.cards.doses import dose as dose_detail
from cds_service.cards.draft import Draft
from cds_service.cards.notice import TOPIC_SYSTEM, override_reasons
from cds_service.cards.record import decision_record
from cds_service.cards.safety import LONGEST_SUMMARY, Ordered, SafetyCards, echo, unjudged
from cds_service.cards.source import source, topic_code, topic_of
from cds_service.cards.suggest import Identity, Wording, deletion, dose_suggestions, monitoring_suggestions, worded
from cds_service.cards.text import escape
from cds_service.decisions.decide import Answer, Decision
from cds_service.decisions.lines import lines
from cds_service.decisions.logic import Result
from cds_service.dosing.dose import Plan, plan
from cds_service.dosing.repeat import barred
from cds_service.facts.fact import Baby
from cds_service.knowledge.shapes import INDICATORS, Dose, Knowledge

Json = dict[str, Any]
DECISION = "org.neonatal-ivig-cds.decision"
DECISIONS = "org.neonatal-ivig-cds.decisions"
WITHHELD_ORDER = ("needs-information", "not-yet", "not-recommended", "out-of-scope", "not-indicated", "no-sign")
# By convention the statement of a guidance file that holds where nothing on record points at its indication.
NO_SIGN = "no_sign"
DRAFT_REFUSED = (
    "The draft order cannot be sent back changed (it is not valid FHIR R4, or has no id): enter the dose by hand."
)
NOTHING_FOUND = "IVIG is ordered, and nothing on record points at any of the {} indications that were looked for"
NOT_RULED_OUT = ". Worse not ruled out"
MONITORING_SUMMARY = (
    "Monitoring for IVIG ({}): vital signs at 15 and 30 min, then hourly; when to stop; laboratory follow-up"
)


@dataclass(slots=True)
class Deck:
    """Builds the cards of one call. `draft`, the order that a dose may be written into, is None where nothing is being
    ordered; `orders` are all of them, with what the safety rules say. `signing` is about an order to be signed."""

    knowledge: Knowledge
    baby: Baby
    patient_id: str
    seed: str
    draft: Draft | None = None
    remarks: tuple[str, ...] = ()
    orders: tuple[Ordered, ...] = ()
    signing: bool = False
    identity: Identity = field(init=False)
    _planned: dict[Dose, tuple[Plan | None, list[Wording]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.identity = Identity(self.seed)

    def cards(self, decisions: list[Decision]) -> list[Json]:
        """Worst first. A withheld answer at exchange level keeps a card of its own: it must not be hidden."""
        advised = [one for one in decisions if one.shown.gives]
        for ordered in self.orders:
            ordered.dose = self._advised_for(ordered, advised)
        safety = SafetyCards(self.knowledge, self.patient_id, self.identity)
        alarming = [one for one in decisions if not one.shown.gives and one.shown.indicator == "critical"]
        if advised:
            carded = [*alarming, *advised]
            others = [one for one in decisions if one not in carded]
            cards = [
                self._card(
                    one,
                    others if one is carded[-1] else [],
                    self._also(one, advised),
                    self._read_back() if one is carded[0] else "",
                )
                for one in carded
            ]
            cards.append(self._monitoring(advised, safety.lines(self.orders)))
        else:
            cards = [self._withheld(decisions, safety.lines(self.orders))]
        return sorted([*cards, *safety.cards(self.orders)], key=lambda card: -INDICATORS.index(card["indicator"]))

    def _withheld(self, decisions: list[Decision], beside: str) -> Json:
        """The one card where nothing is advised. An order that is signed all the same is never a mere remark."""
        reasons = {fact.value for one in self.orders if (fact := one.baby.known("order_indication"))}
        ranked = sorted(decisions, key=lambda one: _telling(one, reasons))
        card = self._card(ranked[0], ranked[1:], (), "\n\n".join(part for part in (self._read_back(), beside) if part))
        if self.orders and all(one.shown.verdict == "no-sign" for one in decisions):
            card["summary"] = NOTHING_FOUND.format(len(decisions))
        if self.signing and card["indicator"] == "info":
            card["indicator"] = "warning"
        order = self.draft.order if self.draft else None
        if ranked[0].shown.verdict == "not-recommended" and order and order.get("status") == "draft":
            card["suggestions"] = [deletion(order, self.identity, card["source"]["topic"]["code"])]
            card["selectionBehavior"] = "at-most-one"
        return card

    def _read_back(self) -> str:
        """The orders as they were read, and what the safety rules left open."""
        said = [echo(Chart(self.knowledge, one.baby), one) for one in self.orders if not one.proposed]
        return "\n\n".join(part for part in (*said, unjudged(self.knowledge, self.orders)) if part)

    def _advised_for(self, ordered: Ordered, advised: list[Decision]) -> Dose | None:
        """The advised dose for one order: of the indication that it is for, else none; none either where no further
        dose is due."""
        reason = ordered.baby.known("order_indication")
        fitting = next((one.shown for one in advised if reason and one.indication == reason.value), None)
        dose = fitting.dose if fitting else None
        if dose and barred(dose, self.baby.series.get("ivig_given", ()), self.baby.as_of):
            return None
        return dose

    def _barred(self) -> str:
        """Why no dose is offered, by a safety rule; empty where none forbids it."""
        for ordered in self.orders:
            if found := ordered.barred:
                return Chart(self.knowledge, ordered.baby).fill(found.rule.summary, found)
        return ""

    def _also(self, decision: Decision, advised: list[Decision]) -> tuple[str, ...]:
        """On each of two cards that advise IVIG: that there is the other."""
        shorts = [self.knowledge.indications[one.indication].short for one in advised if one is not decision]
        if not shorts or decision not in advised:
            return ()
        other = " and ".join(shorts)
        return (f"**IVIG is also advised for {other}**, on a card of its own. The doses add up: order it once.",)

    def records(self, decisions: list[Decision]) -> list[Json]:
        """Every decision, not only those on cards."""
        return [self._record(answer, self._plan(answer)[0]) for one in decisions for answer in one.answers]

    def _plan(self, answer: Answer) -> tuple[Plan | None, list[Wording]]:
        """The dose of an answer for this newborn, and in words. Computed once: card and orders show the same."""
        dose = answer.dose
        if dose is None:
            return None, []
        if dose not in self._planned:
            product = self.knowledge.site.product
            planned = plan(dose, self.baby, product, self.knowledge.dose_limits[dose.limits])
            self._planned[dose] = planned, worded(planned, product) if planned else []
        return self._planned[dose]

    def _record(self, answer: Answer, dose_plan: Plan | None) -> Json:
        return decision_record(self.knowledge, answer, dose_plan, lines(answer))

    def _card(self, decision: Decision, others: list[Decision], also: tuple[str, ...] = (), order: str = "") -> Json:
        answer = decision.shown
        chart = Chart(self.knowledge, self.baby)
        dose_plan, wordings = self._plan(answer)
        watched = lines(answer)
        beside = [line for one in decision.answers if one is not answer for line in lines(one)]
        titles = {line.number.title for line in watched}
        shown = [*watched, *(line for line in beside if line.number.title not in titles)]
        again = barred(answer.dose, self.baby.series.get("ivig_given", ()), self.baby.as_of) if answer.dose else ""
        ordered, writable = self._ordered()
        forbidden = self._barred() if answer.dose else ""
        dosed = dose_detail(chart, answer, dose_plan, wordings, ordered) if answer.dose else ""
        body = detail(
            chart,
            decision,
            dosed,
            shown,
            others,
            again=again,
            remarks=(*_forbidden(forbidden), *also, *self.remarks),
            order=order,
        )
        topic = topic_code(answer)
        card: Json = {
            "uuid": self.identity.of("card", topic),
            "summary": _already(again, self._summary(chart, answer, dose_plan), answer),
            "indicator": answer.indicator,
            "detail": f"{body}\n\n{footer(self.knowledge, answer.guidance)}",
            "source": {
                **source(answer.guidance, answer.recommendation),
                "topic": {"system": TOPIC_SYSTEM, "code": topic, "display": answer.guidance.title},
            },
            "overrideReasons": override_reasons(self.knowledge),
            "extension": {DECISION: decision_record(self.knowledge, answer, dose_plan, watched)},
        }
        if others and not answer.gives:
            # This card speaks for all of them: its own indication only heads it.
            card["extension"][DECISIONS] = [self._record(one.shown, None) for one in others]
        if dose_plan and writable and not again and not forbidden:
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
            return text, False
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

    def _monitoring(self, advised: list[Decision], beside: str) -> Json:
        sets = tuple(dict.fromkeys(each for one in advised for each in one.shown.guidance.monitoring))
        topic = topic_of("monitoring", *(one.indication for one in advised))
        shorts = " and ".join(self.knowledge.indications[one.indication].short for one in advised)
        return {
            "uuid": self.identity.of("card", topic),
            "summary": MONITORING_SUMMARY.format(shorts),
            "indicator": "info",
            "detail": "\n\n".join(part for part in (beside, monitoring_detail(sets), version(self.knowledge)) if part),
            "source": {
                "label": "Monitoring of IVIG in newborns",
                "topic": {"system": TOPIC_SYSTEM, "code": topic, "display": "Monitoring of IVIG in newborns"},
            },
            "overrideReasons": override_reasons(self.knowledge),
            "suggestions": monitoring_suggestions(sets, self.patient_id, self.identity, topic),
            "selectionBehavior": "any",
        }


def _already(again: str, summary: str, answer: Answer) -> str:
    """A dose that is not due is said in the summary; what is urgent stays before it."""
    if not again:
        return summary
    texts = (f"{summary}. IVIG already given: {again}", f"{summary}. IVIG already given")
    if answer.indicator != "critical":
        texts = (f"IVIG already given: {again}. {summary}", f"IVIG already given: {again}")
    return next((text for text in texts if len(text) <= LONGEST_SUMMARY), summary)


def _forbidden(why: str) -> tuple[str, ...]:
    return (f"**No dose is offered while this holds**: {why}.",) if why else ()


def fit(start: str, words: list[str]) -> str:
    """As many words as fit a summary; the rest is counted, and named in the detail."""
    for shown in range(len(words), 0, -1):
        rest = len(words) - shown
        text = start + ", ".join(words[:shown]) + (f" and {rest} more" if rest else "")
        if len(text) <= LONGEST_SUMMARY:
            return text
    return f"{start}{len(words)} facts"


def _telling(decision: Decision, reasons: Set[object]) -> tuple[bool, bool, bool, int]:
    """Which withheld decision heads the card: critical first, then what the order is for, then those that the record
    points at."""
    answer = decision.shown
    nothing = answer.guidance.statements.get(NO_SIGN)
    pointed = nothing is None or answer.judge.result(nothing) is Result.NOT_MET
    named = decision.indication in reasons
    return answer.indicator != "critical", not named, not pointed, WITHHELD_ORDER.index(answer.verdict)
