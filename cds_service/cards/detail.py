"""The body of a card, in markdown: what comes first, the verdict, why, the lines, the dose, what is missing."""

from __future__ import annotations

from functools import cache

from cds_service.cards.chart import Chart, bullets, capital
from cds_service.cards.levels import levels
from cds_service.cards.reasons import missing, one_line, other_guidelines, reasons, verdict
from cds_service.cards.text import citation, escape
from cds_service.decisions.decide import Answer, Decision
from cds_service.decisions.lines import Line
from cds_service.dosing.repeat import doses, hours_ago
from cds_service.knowledge.shapes import Guidance, Knowledge, Monitoring, Note

DISCLAIMER = "Supports, does not replace, clinical judgment. Family and mother's records are not in reach."


def detail(
    chart: Chart,
    decision: Decision,
    dose: str,
    lines: list[Line],
    others: list[Decision],
    *,
    again: str = "",
    remarks: tuple[str, ...] = (),
    order: str = "",
) -> str:
    """The whole body of a card about one indication. `dose` is its part about the dose, `again` what is to be said
    of a further one, `order` the drafted order read back; `others` are the indications without a card of their own."""
    answer = decision.shown
    notes = answer.notes
    parts = [
        *(_note(chart, note, answer) for note in notes if note.first),
        *already(chart, again),
        *remarks,
        bullets(capital(escape(remark)) for remark in chart.baby.remarks),
        verdict(answer),
        reasons(chart, answer),
        levels(chart, answer, lines),
        dose,
        order,
        bullets(_note(chart, note, answer) for note in notes if not note.first),
        missing(chart, answer),
        other_guidelines(decision),
        _also(chart.knowledge, others),
    ]
    return "\n\n".join([part for part in parts if part])


def _note(chart: Chart, note: Note, answer: Answer) -> str:
    return f"{chart.fill(note.text, answer, room=True)} {citation(note.cite)}"


def already(chart: Chart, again: str) -> list[str]:
    """IVIG that is running or given: said before the verdict. What is ordered already is for a safety rule to say."""
    given = chart.baby.known("ivig_given")
    if given is None:
        return []
    count, ago = doses(len(chart.baby.series["ivig_given"])), hours_ago(given, chart.baby.as_of)
    why = f": **{again}**" if again else ""
    return [f"**IVIG already given**: {count}, the last {ago} ({escape(str(given.value))}{chart.where(given)}){why}."]


def _also(knowledge: Knowledge, others: list[Decision]) -> str:
    """A line for each indication that the record points at; the others by name."""
    said = [one_line(knowledge, one) for one in others if one.shown.verdict != "no-sign"]
    if silent := [knowledge.indications[one.indication].short for one in others if one.shown.verdict == "no-sign"]:
        said.append(f"Nothing on record points at: {', '.join(silent)}")
    return f"**Also checked**\n\n{bullets(said)}" if said else ""


@cache
def footer(knowledge: Knowledge, guidance: Guidance) -> str:
    """Where the guidance comes from and how far it was verified; the same on every card about it."""
    source = guidance.source
    signed = "" if guidance.signed_off else " Not signed off by a clinician."
    return (
        f"{moved(guidance)}Source: {source.title}. {source.verified.capitalize()}: {source.how}\n\n"
        f"{version(knowledge)}{signed} {DISCLAIMER}"
    )


def moved(guidance: Guidance) -> str:
    """What this site moved in the guideline, by whose authority, and that it did."""
    overlay = guidance.overlay
    if overlay is None:
        return ""
    rows = bullets(f"{one.was}: here {one.now} {citation(one.cite)}" for one in overlay.moved)
    signed = "" if overlay.signed_off else "\n\nThese changes are not signed off by a clinician."
    return f"**Moved by this site** ({guidance.source.short})\n\n{rows}{signed}\n\n"


@cache
def version(knowledge: Knowledge) -> str:
    return f"Knowledge {knowledge.version}, site {knowledge.site.name}."


@cache
def monitoring_detail(sets: tuple[Monitoring, ...]) -> str:
    """Before, during, when to stop, after: one list each, every line cited."""
    parts = []
    for title, key in (("Before", "before"), ("During", "during"), ("Stop or slow", "stop"), ("After", "after")):
        lines = [f"{line.text} {citation(line.cite)}" for one in sets for line in getattr(one, key)]
        if lines:
            parts.append(f"**{title}**\n\n{bullets(lines)}")
    return "\n\n".join(parts)
