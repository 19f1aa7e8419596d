"""Cards from decisions: one for each indication that is advised, else one that says what was checked and why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cds_service.cards.detail import Writer, monitoring_detail
from cds_service.cards.record import decision_record
from cds_service.cards.suggest import Identity, dose_suggestions, monitoring_suggestions
from cds_service.decisions.decide import Answer, Decision
from cds_service.decisions.lines import lines
from cds_service.decisions.logic import Result
from cds_service.dosing.dose import Plan, plan
from cds_service.facts.fact import Baby
from cds_service.knowledge.shapes import INDICATORS, Knowledge, Note

Json = dict[str, Any]
LONGEST_SUMMARY = 139
TOPIC_SYSTEM = "urn:org.neonatal-ivig-cds:topic"
DECISION = "org.neonatal-ivig-cds.decision"
DECISIONS = "org.neonatal-ivig-cds.decisions"
REASONS_SYSTEM = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
WITHHELD_ORDER = (
    "needs-information",
    "not-yet",
    "not-recommended",
    "out-of-scope",
    "not-indicated",
    "no-sign",
)
INFUSION = "infusion"
DRAFT_REFUSED = "\n\nThe draft order is not valid FHIR R4, so it cannot be sent back changed: enter the dose by hand."


@dataclass(frozen=True, slots=True)
class Deck:
    """Builds the cards of one call.

    `draft` is the IVIG order that the clinician is writing, as valid R4; `draft_refused` says that there is one
    that cannot be sent back changed, so that no dose is suggested into it.
    """

    knowledge: Knowledge
    baby: Baby
    patient_id: str
    seed: str
    draft: Json | None = None
    draft_refused: bool = False
    remarks: tuple[str, ...] = ()

    def cards(self, decisions: list[Decision]) -> list[Json]:
        """Worst first. A withheld answer at exchange level keeps a card of its own: it must not be hidden."""
        advised = [one for one in decisions if one.shown.gives]
        alarming = [one for one in decisions if not one.shown.gives and one.shown.indicator == "critical"]
        if not advised:
            ranked = sorted(decisions, key=_telling)
            return [self._card(ranked[0], ranked[1:])]
        carded = [*alarming, *advised]
        others = [one for one in decisions if one not in carded]
        cards = [self._card(one, others if one is carded[-1] else []) for one in carded]
        cards.append(self._monitoring(advised))
        return sorted(cards, key=lambda card: -INDICATORS.index(card["indicator"]))

    def records(self, decisions: list[Decision]) -> list[Json]:
        """Every decision, not only those on cards."""
        return [self._record(answer, self._plan(answer)) for one in decisions for answer in one.answers]

    def _plan(self, answer: Answer) -> Plan | None:
        if answer.dose is None:
            return None
        limits = self.knowledge.dose_limits[answer.guidance.indication]
        return plan(answer.dose, self.baby, self.knowledge.site.product, limits)

    def _record(self, answer: Answer, dose_plan: Plan | None) -> Json:
        return decision_record(self.knowledge, answer, dose_plan, lines(answer))

    def _card(self, decision: Decision, others: list[Decision]) -> Json:
        answer = decision.shown
        writer = Writer(self.knowledge, self.baby)
        dose_plan = self._plan(answer)
        watched = lines(answer)
        detail = writer.answer(decision, answer, dose_plan, watched) + self._also(others) + self._footer(answer)
        topic = topic_code(answer)
        card: Json = {
            "uuid": Identity(self.seed).of("card", topic),
            "summary": self._summary(writer, answer, dose_plan),
            "indicator": answer.indicator,
            "detail": detail,
            "source": self._source(answer, topic),
            "overrideReasons": self._reasons(),
            "extension": {DECISION: decision_record(self.knowledge, answer, dose_plan, watched)},
        }
        if others:
            card["extension"][DECISIONS] = [self._record(one.shown, None) for one in others]
        if dose_plan and self.draft_refused:
            card["detail"] += DRAFT_REFUSED
        elif dose_plan:
            card["suggestions"] = dose_suggestions(
                dose_plan,
                self.knowledge.site.product,
                self.draft,
                self.patient_id,
                Identity(f"{self.seed}|{topic}"),
                recommend=answer.verdict == "recommended",
            )
            card["selectionBehavior"] = "at-most-one"
        return card

    def _summary(self, writer: Writer, answer: Answer, dose_plan: Plan | None) -> str:
        note = _loudest(answer)
        if note and not answer.gives:
            return writer.fill(note.summary, answer)
        if answer.recommendation:
            return writer.fill(answer.recommendation.card.summary, answer, dose_plan)
        indication = self.knowledge.indications[answer.guidance.indication]
        return fit(
            f"IVIG for {indication.short} cannot be judged, missing: ",
            [self.knowledge.facts[name].title for name in answer.needs],
        )

    def _source(self, answer: Answer, topic: str) -> Json:
        source = answer.guidance.source
        cited = answer.recommendation.cite.source if answer.recommendation else source
        named = cited if cited.name not in ("own", source.name) else source
        label = source.short if named is source else f"{source.short}; {named.short}"
        out: Json = {"label": f"{label}: {answer.guidance.title}"}
        if named.url or source.url:
            out["url"] = named.url or source.url
        out["topic"] = {"system": TOPIC_SYSTEM, "code": topic, "display": answer.guidance.title}
        return out

    def _reasons(self) -> list[Json]:
        return [
            {"code": reason.code, "system": REASONS_SYSTEM, "display": reason.display}
            for reason in self.knowledge.override_reasons
        ]

    def _also(self, others: list[Decision]) -> str:
        rows = [_one_line(one, self.knowledge) for one in others]
        return "\n\n**Also checked**\n\n" + "\n".join(f"- {row}" for row in rows) if rows else ""

    def _footer(self, answer: Answer) -> str:
        signed = "" if answer.guidance.signed_off else " Not signed off by a clinician."
        how = answer.guidance.source.how
        remarks = "".join(f"\n\n{remark}" for remark in self.remarks)
        return (
            f"{remarks}\n\nSource: {answer.guidance.source.title}. {answer.guidance.source.verified.capitalize()}: {how}"
            f"\n\nKnowledge {self.knowledge.version}, site {self.knowledge.site.name}.{signed} "
            "Supports, does not replace, clinical judgment. Family and mother's records are not in reach."
        )

    def _monitoring(self, advised: list[Decision]) -> Json:
        names = [INFUSION, *dict.fromkeys(one.indication for one in advised)]
        sets = [self.knowledge.monitoring[name] for name in names if name in self.knowledge.monitoring]
        topic = "monitoring" + "".join(name for name in names if name != INFUSION)
        shorts = " and ".join(self.knowledge.indications[one.indication].short for one in advised)
        return {
            "uuid": Identity(self.seed).of("card", topic),
            "summary": f"Monitoring for IVIG ({shorts}): vital signs at 15 and 30 min, then hourly; when to stop; laboratory follow-up",
            "indicator": "info",
            "detail": monitoring_detail(sets)
            + f"\n\nKnowledge {self.knowledge.version}, site {self.knowledge.site.name}.",
            "source": {
                "label": "Monitoring of IVIG in newborns",
                "topic": {"system": TOPIC_SYSTEM, "code": topic, "display": "Monitoring of IVIG in newborns"},
            },
            "overrideReasons": self._reasons(),
            "suggestions": monitoring_suggestions(sets, self.patient_id, Identity(f"{self.seed}|{topic}")),
            "selectionBehavior": "any",
        }


def topic_code(answer: Answer) -> str:
    """Letters and digits, at most 100, another one for another clinical state: an override of a milder state
    must not hide a worse one."""
    parts = (answer.guidance.indication, answer.guidance.guideline, answer.name, answer.indicator)
    return "".join(character for part in parts for character in part if character.isalnum())[:100]


def fit(start: str, words: list[str]) -> str:
    """As many words as fit a summary; the rest is counted, and named in the detail."""
    for shown in range(len(words), 0, -1):
        rest = len(words) - shown
        text = start + ", ".join(words[:shown]) + (f" and {rest} more" if rest else "")
        if len(text) <= LONGEST_SUMMARY:
            return text
    return f"{start}{len(words)} facts"


def _loudest(answer: Answer) -> Note | None:
    return next((note for note in answer.notes if note.summary), None)


def _telling(decision: Decision) -> tuple[bool, bool, int]:
    """Which withheld decision heads the card: critical first, then those that the record points at."""
    answer = decision.shown
    pointed = all(
        answer.judge.result(entry.when) is Result.NOT_MET
        for entry in answer.guidance.recommendations
        if entry.verdict == "no-sign"
    )
    return answer.indicator != "critical", not pointed, WITHHELD_ORDER.index(answer.verdict)


def _one_line(decision: Decision, knowledge: Knowledge) -> str:
    answer = decision.shown
    title = knowledge.indications[decision.indication].title
    needs = ", ".join(knowledge.facts[name].title for name in answer.needs)
    said = answer.recommendation.text if answer.recommendation else f"missing {needs}"
    return f"{title[0].upper()}{title[1:]} ({answer.guidance.source.short}): {answer.verdict}; {said}"
