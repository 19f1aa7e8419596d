"""What each type of resource says of one newborn: which concepts name it, whether it holds now, and since when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from cds_service.facts.ivig import medication_of
from cds_service.facts.moments import Span, parse
from cds_service.fhir.read import Json, as_dict, as_list, as_text, codings, words

INACTIVE = frozenset({"inactive", "remission", "resolved"})
ERROR = frozenset({"entered-in-error"})
UNCONFIRMED = frozenset({"provisional", "differential", "unconfirmed"})
NEVER = frozenset({"entered-in-error", "not-done", "draft", "cancelled", "preparation", "proposed", "rejected"})
DONE = frozenset({"in-progress", "completed", "stopped", "on-hold", "unknown"})

Medications = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Form:
    """`concepts` are what the resource is about; `holds` says whether it counts at a moment; `begun`, as a FHIR date,
    since when or at what time; `doubted` whether the record itself calls it unconfirmed."""

    concepts: Callable[[Json, Medications], list[object]]
    holds: Callable[[Json, datetime, tzinfo], bool]
    begun: Callable[[Json], str]
    doubted: Callable[[Json], bool] = lambda resource: False


def doubted(resource: Json) -> bool:
    """Whether the record itself calls it unconfirmed."""
    return bool(status_words(resource.get("verificationStatus")) & UNCONFIRMED)


def refuted(resource: Json) -> bool:
    """Whether the record says that it is not so."""
    return "refuted" in status_words(resource.get("verificationStatus"))


def severe(resource: Json) -> bool:
    """An allergy of high criticality, or with a reaction that was severe or anaphylactic."""
    if as_text(resource.get("criticality")) == "high":
        return True
    for reaction in as_list(resource.get("reaction")):
        shown = words(as_dict(reaction).get("manifestation")).lower()
        if as_text(as_dict(reaction).get("severity")) == "severe" or "anaphyla" in shown:
            return True
    return False


def status_words(concept: object) -> set[str]:
    """Codes of a status; words where there is none."""
    coded = {value for _, value, _ in codings(concept)}
    return coded or {part.strip().lower() for part in (as_text(concept) or words(concept)).split(" ; ")}


def time_of(resource: Json, zone: tzinfo) -> Span | None:
    """When it began or was done; None where that is not known."""
    form = FORMS.get(as_text(resource.get("resourceType")))
    text = form.begun(resource) if form else ""
    return parse(text, zone) if text else None


def _code(resource: Json, medications: Medications) -> list[object]:
    return [resource.get("code")]


def _problem_holds(resource: Json, as_of: datetime, zone: tzinfo) -> bool:
    if status_words(resource.get("clinicalStatus")) & INACTIVE:
        return False
    if status_words(resource.get("verificationStatus")) & ERROR:
        return False
    ended = as_text(resource.get("abatementDateTime"))
    span = parse(ended, zone) if ended else None
    return span is None or span.early > as_of


def _onset(resource: Json) -> str:
    return as_text(resource.get("onsetDateTime")) or as_text(as_dict(resource.get("onsetPeriod")).get("start"))


def _allergy(resource: Json, medications: Medications) -> list[object]:
    reactions = as_list(resource.get("reaction"))
    return [resource.get("code"), *(as_dict(one).get("substance") for one in reactions)]


def _performed(resource: Json) -> str:
    period = as_dict(resource.get("performedPeriod"))
    # The end, where there is one: what matters is how long ago it was over.
    return as_text(resource.get("performedDateTime")) or as_text(period.get("end")) or as_text(period.get("start"))


def _procedure_holds(resource: Json, as_of: datetime, zone: tzinfo) -> bool:
    if as_text(resource.get("status")) not in DONE:
        return False
    text = _performed(resource)
    span = parse(text, zone) if text else None
    return span is None or span.early <= as_of


def _medication(resource: Json, medications: Medications) -> list[object]:
    """What is given, and by which route: `intramuscular` is a phrase as much as a drug's name is."""
    dosages = [*as_list(resource.get("dosageInstruction")), resource.get("dosage")]
    return [medication_of(resource, medications), *(as_dict(one).get("route") for one in dosages)]


def _ordered_now(resource: Json, as_of: datetime, zone: tzinfo) -> bool:
    return as_text(resource.get("status")) == "active" and resource.get("doNotPerform") is not True


def _event(resource: Json, medications: Medications) -> list[object]:
    suspects = [as_dict(as_dict(one).get("instance")) for one in as_list(resource.get("suspectEntity"))]
    return [resource.get("event"), *({"text": text} for one in suspects if (text := as_text(one.get("display"))))]


def _event_holds(resource: Json, as_of: datetime, zone: tzinfo) -> bool:
    return as_text(resource.get("actuality")) != "potential"


def _provisions(resource: Json) -> list[Json]:
    """A consent's provision and those inside it."""
    found, inner = [], [as_dict(resource.get("provision"))]
    while inner:
        one = inner.pop()
        found.append(one)
        inner += [as_dict(each) for each in as_list(one.get("provision"))]
    return found


def _consent(resource: Json, medications: Medications) -> list[object]:
    """What is refused: the code of every provision that denies; where none has one, the consent's own category."""
    denied = [one for one in _provisions(resource) if as_text(one.get("type")) == "deny"]
    coded = [code for one in denied for code in as_list(one.get("code"))]
    refused = denied or as_text(resource.get("status")) == "rejected"
    return coded or (as_list(resource.get("category")) if refused else [])


def _consent_holds(resource: Json, as_of: datetime, zone: tzinfo) -> bool:
    return as_text(resource.get("status")) in ("active", "rejected")


def _active(resource: Json, as_of: datetime, zone: tzinfo) -> bool:
    return as_text(resource.get("status")) not in NEVER | {"inactive"}


FORMS = {
    "Condition": Form(_code, _problem_holds, _onset, doubted),
    # An allergy is seldom confirmed, and unconfirmed is how most are written down: only one that is refuted is none.
    "AllergyIntolerance": Form(_allergy, _problem_holds, _onset),
    "Procedure": Form(_code, _procedure_holds, _performed),
    "MedicationRequest": Form(_medication, _ordered_now, lambda resource: as_text(resource.get("authoredOn"))),
    "AdverseEvent": Form(_event, _event_holds, lambda resource: as_text(resource.get("date"))),
    "Consent": Form(_consent, _consent_holds, lambda resource: as_text(resource.get("dateTime"))),
    "Device": Form(lambda resource, _: [resource.get("type")], _active, lambda _: ""),
    "Flag": Form(_code, _active, lambda _: ""),
}
