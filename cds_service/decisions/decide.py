"""Guidance and facts make an answer: the first recommendation met, or what is missing to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from cds_service.decisions.logic import Criterion, Judge, Judgment, Result, compared, judgment
from cds_service.facts.fact import Baby, Doubt
from cds_service.knowledge.shapes import (
    GIVES,
    INDICATORS,
    Comparison,
    Dose,
    Follow,
    Guidance,
    In,
    Is,
    Knowledge,
    Note,
    Recommendation,
    Rules,
)

UNDECIDED = "needs-information"


@dataclass(slots=True)
class Answer:
    """What one guideline says of one baby.

    `recommendation` is None where information is missing; `open` then lists the recommendations it may come to.
    `walked` is how many recommendations were looked at on the way, the one that is met among them.
    """

    guidance: Guidance
    verdict: str
    recommendation: Recommendation | None
    open: tuple[Recommendation, ...]
    needs: tuple[str, ...]
    judge: Judge
    walked: int
    indicator: str
    _notes: tuple[Note, ...] | None = None
    _criteria: tuple[Criterion, ...] | None = None

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every comparison of the recommendations looked at, also those that the answer did not hang on, without those
        that only choose notes. Judged in full only where they are shown, and once."""
        if self._criteria is None:
            conditions = course(self.guidance).compared[self.walked]
            self._criteria = tuple([self.judge.criterion(one) for one in conditions])
        return self._criteria

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the guidance has to say of this baby. Judged only where it is shown, and once."""
        if self._notes is None:
            self._notes = tuple([note for note, said in course(self.guidance).notes if said(self.judge)])
        return self._notes

    @property
    def rules(self) -> Rules:
        return self.guidance

    @property
    def gives(self) -> bool:
        return self.verdict in GIVES

    @property
    def not_ruled_out(self) -> tuple[Recommendation, ...]:
        """Answers of the same verdict but more urgent that the record leaves open."""
        chosen = self.recommendation
        if chosen is None:
            return ()
        level = INDICATORS.index(chosen.card.indicator)
        return tuple(entry for entry in self.open if INDICATORS.index(entry.card.indicator) > level)

    @property
    def name(self) -> str:
        return self.recommendation.id if self.recommendation else "needs_information"

    @property
    def dose(self) -> Dose | None:
        entry = self.recommendation
        return self.guidance.doses[entry.dose] if entry and entry.dose else None


@dataclass(slots=True)
class Decision:
    """One indication: the answer whose card is shown, and those of the other guidelines."""

    indication: str
    shown: Answer
    followed: Answer
    beside: tuple[Answer, ...]

    @property
    def answers(self) -> tuple[Answer, ...]:
        return (self.followed, *self.beside)


def decide(knowledge: Knowledge, baby: Baby) -> list[Decision]:
    """Every indication that the site follows, in the site's order."""
    return [_indication(knowledge, follow, baby) for follow in knowledge.site.follows]


def _indication(knowledge: Knowledge, follow: Follow, baby: Baby) -> Decision:
    """The followed guideline's answer is shown, unless it withholds and one beside it gives."""
    followed = answer(knowledge.guidance[follow.indication, follow.guideline], baby)
    beside = tuple(answer(knowledge.guidance[follow.indication, name], baby) for name in follow.beside)
    shown = followed
    if not followed.gives:
        shown = next((one for one in beside if one.gives), followed)
    return Decision(follow.indication, shown, followed, beside)


def answer(guidance: Guidance, baby: Baby) -> Answer:
    """Walks the recommendations in order. An earlier one that is unknown keeps the answer open, unless all
    that are still possible have the verdict of the first one met."""
    judge = Judge(guidance, baby)
    steps = course(guidance)
    unknown: list[Recommendation] = []
    met: Recommendation | None = None
    walked = 0
    for entry, judged in steps.recommendations:
        walked += 1
        result = judged(judge)
        if result is Result.MET:
            met = entry
            break
        if result is Result.UNKNOWN:
            unknown.append(entry)
    needs = tuple(dict.fromkeys(name for entry in unknown for name in judge.needs(entry.when)))
    possible = (*unknown, *((met,) if met else ()))
    settled = met is not None and all(entry.verdict == met.verdict for entry in unknown)
    chosen = met if settled else None
    verdict = chosen.verdict if chosen else UNDECIDED
    raised = [note.indicator for note, said in steps.notes if note.indicator and said(judge)]
    indicator = _indicator(possible if chosen else (), raised)
    weight = baby.facts.get("dosing_weight")
    if verdict in GIVES and isinstance(weight, Doubt):
        needs = tuple(dict.fromkeys((*needs, *weight.needs)))
    return Answer(guidance, verdict, chosen, possible, needs, judge, walked, indicator)


@dataclass(frozen=True, slots=True)
class Course:
    """One guidance file in the order in which it is judged, each entry with the function that judges it. `compared[n]`
    are the comparisons of the first n recommendations."""

    recommendations: tuple[tuple[Recommendation, Judgment], ...]
    notes: tuple[tuple[Note, Callable[[Judge], bool]], ...]
    compared: tuple[tuple[Comparison | Is | In, ...], ...]


@cache
def course(guidance: Guidance) -> Course:
    entries = guidance.recommendations
    return Course(
        tuple((entry, judgment(entry.when, guidance)) for entry in entries),
        tuple((note, _said(note, guidance)) for note in guidance.notes),
        tuple(compared([entry.when for entry in entries[:count]], guidance) for count in range(len(entries) + 1)),
    )


def _said(note: Note, guidance: Guidance) -> Callable[[Judge], bool]:
    """Whether a note is said: its `when` is met, and its `unless`, where it has one, is not."""
    when = judgment(note.when, guidance)
    if note.unless is None:
        return lambda judge: when(judge) is Result.MET
    unless = judgment(note.unless, guidance)
    return lambda judge: when(judge) is Result.MET and unless(judge) is not Result.MET


def _indicator(settled: tuple[Recommendation, ...], raised: list[str]) -> str:
    """The worst of the recommendation's, of those like it that are not ruled out, and of the notes'."""
    levels = [entry.card.indicator for entry in settled] or ["warning"]
    return max([*levels, *raised], key=INDICATORS.index)
