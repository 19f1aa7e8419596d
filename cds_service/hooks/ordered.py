"""Judges every order for IVIG of a call: reads it, adds its facts to the newborn's, and asks the safety rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from cds_service.cards.draft import Draft
from cds_service.cards.safety import Ordered
from cds_service.cards.suggest import new_order, product_concept, worded
from cds_service.cards.text import escape, number
from cds_service.decisions.decide import Decision
from cds_service.decisions.logic import Result
from cds_service.decisions.safety import judge_safety
from cds_service.dosing.dose import plan
from cds_service.dosing.order import order_facts
from cds_service.dosing.product import candidates, ordered_product
from cds_service.dosing.setting import OrderSetting
from cds_service.facts.fact import Baby, Doubt, Fact
from cds_service.facts.gather import FactReader
from cds_service.facts.ivig import ingredient_strengths, ingredients, medication_of
from cds_service.facts.order import LINES, StatedOrder, stated_order
from cds_service.facts.words import Phrases, tokens
from cds_service.fhir.conform import conforming
from cds_service.fhir.read import Json, as_list, as_text, label, texts, title, words
from cds_service.hooks.orders import Drafts
from cds_service.hooks.reasons import Reasons, reasons_of
from cds_service.knowledge.shapes import Cite, Dose, DoseLimits, Knowledge

NO_INDICATION = "not_known"
NOT_POINTED = ("no-sign", "out-of-scope", "not-indicated")


@dataclass(frozen=True)
class Orders:
    """Judges the orders of one call. Built once per site."""

    knowledge: Knowledge
    reader: FactReader

    @cached_property
    def stabilizers(self) -> Phrases:
        return Phrases(self.knowledge.codelists["stabilizer"])

    @cached_property
    def strengths(self) -> tuple[Decimal, Decimal]:
        """The g/mL that an immunoglobulin is believed to have: half the weakest to twice the strongest product listed.
        The factor is our own choice; it is to part a strength from a slip of the EHR, as 100 mg in 100 mL."""
        known = [one.grams_per_ml for one in self.knowledge.products.values()]
        return min(known) / 2, max(known) * 2

    def oddities(self, drafts: Drafts) -> Iterable[str]:
        """What the orders state that was not read, or not believed, beside what was."""
        for order in drafts.ivig:
            stated = stated_order(order, self.knowledge.spellings)
            if stated.doses and stated.unread and stated.units == "plain":
                said = escape("; ".join(stated.unread))
                yield f"**Part of the order's dose was not read**: {said}. Check that it means the same as the rest."
            low, high = self.strengths
            for one in sorted(ingredient_strengths(order, drafts.medications)):
                if not low <= one <= high:
                    yield (
                        f"The order's medication states a strength of {number(one, 4)} g/mL, which no immunoglobulin "
                        "has: it was not used."
                    )

    def judged(self, drafts: Drafts, baby: Baby, decisions: list[Decision]) -> tuple[Ordered, ...]:
        return tuple(self._ordered(order, drafts, baby, decisions) for order in drafts.ivig)

    def reasons(self, drafts: Drafts, as_of: datetime) -> Reasons:
        """What all the orders say they are for, and where the problem list takes it back."""
        found = Reasons()
        for order in drafts.ivig:
            one = self._reasons(order, drafts, as_of)
            found.stated.extend(one.stated)
            found.named.extend(one.named)
            found.remarks.extend(one.remarks)
        for name in self.reader.contradicted(found.stated, drafts.conditions, as_of):
            found.remarks.append(
                f"**The order's reason is refuted or resolved on record** ({escape(name)}): check both."
            )
        return found

    def _reasons(self, order: Json, drafts: Drafts, as_of: datetime) -> Reasons:
        return reasons_of(order, drafts.conditions, lambda condition: self.reader.holds(condition, as_of))

    def against_the_record(self, drafts: Drafts, baby: Baby, decisions: list[Decision]) -> Iterable[str]:
        """Where an order gives another reason than what IVIG is advised for: both are named, neither is taken for
        right. And where it is for something that this site follows no guideline for."""
        advised = [one.indication for one in decisions if one.shown.gives]
        followed = {one.indication for one in decisions}
        for order in drafts.ivig:
            named = self.reader.indications(self._reasons(order, drafts, baby.as_of).named)
            if named and advised and not set(named) & set(advised):
                said, due = self._shorts(named), self._shorts(advised)
                yield f"**The order gives {said} as its reason; on record IVIG is advised for {due}**: check both."
            if named and not set(named) & followed:
                yield f"This site follows no guideline for {self._shorts(named)}: whether IVIG is due was not judged."

    def _shorts(self, indications: Iterable[str]) -> str:
        return " and ".join(self.knowledge.indications[one].short for one in indications)

    def _ordered(self, order: Json, drafts: Drafts, baby: Baby, decisions: list[Decision]) -> Ordered:
        draft = self.draft(order, drafts)
        stated = stated_order(order, self.knowledge.spellings)
        setting = self._setting(order, draft, drafts, baby, decisions)
        setting, facts = self._best(stated, setting, self._indications(order, drafts, baby, decisions), decisions)
        with_order = replace(baby, facts={**baby.facts, **facts})
        return Ordered(draft, with_order, judge_safety(self.knowledge, with_order), _cites(setting))

    def _best(
        self, stated: StatedOrder, setting: OrderSetting, indications: list[str], decisions: list[Decision]
    ) -> tuple[OrderSetting, dict[str, Fact | Doubt]]:
        """The order's facts for the first of its indications; for another where its dose is usual there."""
        found = []
        for indication in indications:
            dose, limits, gives = self._dose(indication, decisions)
            meant = replace(setting, indication=indication, dose=dose, limits=limits, gives=gives)
            found.append((meant, order_facts(stated, meant)))
            lies = found[-1][1]["order_range"]
            if isinstance(lies, Fact) and lies.value == "usual":
                return found[-1]
        return found[0]

    def proposed(self, baby: Baby, decisions: list[Decision], patient_id: str) -> tuple[Ordered, ...]:
        """What would be offered on an opened chart, judged as an order is: the first advised dose of the site's
        product, without a dose where there is no weight."""
        knowledge, product = self.knowledge, self.knowledge.site.product
        dose = next((one.shown.dose for one in decisions if one.shown.dose), None)
        if dose is None:
            return ()
        found = plan(dose, baby, product, knowledge.dose_limits[dose.limits])
        order: Json = {"resourceType": "MedicationRequest", "medicationCodeableConcept": product_concept(product)}
        if found:
            order = new_order(worded(found, product)[-1], product, patient_id)
        judged = self._ordered(order, Drafts(ivig=[order]), baby, decisions)
        return (replace(judged, draft=Draft(None, product.title), proposed=True),)

    def draft(self, order: Json, drafts: Drafts) -> Draft:
        """The order as it can be sent back, which it can where it is valid R4 and has an id to be known by."""
        kept = conforming(order)
        concept = medication_of(order, drafts.medications)
        beside = [*texts(as_list(order.get("dosageInstruction"))[:LINES]), *texts(as_list(order.get("note"))[:LINES])]
        brands, strengths = self.reader.medications.product(concept, *beside)
        low, high = self.strengths
        strengths = strengths or frozenset(
            one for one in ingredient_strengths(order, drafts.medications) if low <= one <= high
        )
        return Draft(kept if kept and "id" in kept else None, title(concept), brands, strengths)

    def _setting(
        self, order: Json, draft: Draft, drafts: Drafts, baby: Baby, decisions: list[Decision]
    ) -> OrderSetting:
        knowledge = self.knowledge
        shelf = knowledge.site.product
        meant = candidates(knowledge.products.values(), shelf, draft.brands, draft.strengths)
        return OrderSetting(
            specs=knowledge.facts,
            baby=baby,
            product=ordered_product(meant),
            strength=strength_of(draft.strengths),
            shelf=shelf,
            limits=None,
            others=tuple(_others(order, drafts, baby)),
            route=self.reader.medications.route(order, drafts.medications),
            zone=knowledge.site.zone,
            source=label(order),
            candidates=meant,
            advised=any(one.shown.gives for one in decisions),
            contains=self._contains(order, drafts),
            named=bool(draft.brands or draft.strengths),
        )

    def _contains(self, order: Json, drafts: Drafts) -> frozenset[str]:
        """Stabilizers that the medication names, in its words or as its ingredients."""
        said = [words(medication_of(order, drafts.medications)), *ingredients(order, drafts.medications)]
        return frozenset(one for text in said for one in self.stabilizers.means(tokens(text)))

    def _indications(self, order: Json, drafts: Drafts, baby: Baby, decisions: list[Decision]) -> list[str]:
        """What the order may be for: what it says, also where this site follows no guideline for that; else what is
        advised; else what the record points at."""
        reasons = self._reasons(order, drafts, baby.as_of).named
        followed = {one.indication for one in decisions}
        named = sorted(self.reader.indications(reasons), key=lambda one: one not in followed)
        advised = [one.indication for one in decisions if one.shown.gives]
        pointed = [one.indication for one in decisions if one.shown.verdict not in NOT_POINTED and _pointed(one)]
        if named:
            return [one for one in named if one in advised] or named
        return advised or pointed or [NO_INDICATION]

    def _dose(self, indication: str, decisions: list[Decision]) -> tuple[Dose | None, DoseLimits | None, bool]:
        """The dose of the guideline that speaks for the indication, the limits that hold for it, and whether it is
        given."""
        limits = self.knowledge.dose_limits
        decision = next((one for one in decisions if one.indication == indication), None)
        if decision is None:
            return None, limits.get(indication), False
        shown = decision.shown
        dose = shown.dose or next(iter(shown.guidance.doses.values()), None)
        return dose, limits.get(shown.dose.limits if shown.dose else indication), shown.gives


def _pointed(decision: Decision) -> bool:
    nothing = decision.shown.guidance.statements.get("no_sign")
    return nothing is not None and decision.shown.judge.result(nothing) is Result.NOT_MET


def _cites(setting: OrderSetting) -> dict[str, Cite]:
    """What a rule goes by, where it is known for this order."""
    found = {"label": setting.label, "guideline": setting.dose, "limits": setting.limits}
    return {name: one.cite for name, one in found.items() if one}


def strength_of(strengths: frozenset[Decimal]) -> Decimal | None:
    return next(iter(strengths)) if len(strengths) == 1 else None


def _others(order: Json, drafts: Drafts, baby: Baby) -> Iterable[tuple[str, str]]:
    """The other IVIG orders, as (id, status): those that come with this one, and those active on record. One without an
    id on record may be this one, where this one has none either."""
    beside = [as_text(one.get("id")) for one in drafts.ivig if one is not order]
    yield from ((identity, "draft") for identity in beside)
    for fact in baby.series.get("ivig_order", ()):
        identity = fact.source.partition("/")[2]
        if (identity or order.get("id")) and identity not in beside:
            yield identity, str(fact.value)
