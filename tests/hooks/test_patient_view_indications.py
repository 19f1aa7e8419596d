"""patient-view with all ten indications: for every clinical case it speaks where that indication is due, and only
there. It falls silent once IVIG is ordered, running, or given within the interval of the dose that is due."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cds_service.cards.build import DECISION
from cds_service.hooks.service import Answerer
from cds_service.knowledge.files import read_toml
from cds_service.review.babies import PATIENT, bundle, draft_order, order_select
from tests.facts.records import SUBJECT, Json
from tests.hooks.calls import DECISIONS, PATIENT_VIEW, answered, topics

CASES = Path(__file__).parent.parent / "cases"
GIVES = ("recommended", "consider")
# The guideline that the demo site follows for each.
FOLLOWED = {"hdn": "aap_2022"}
INDICATIONS = (
    *("hdn", "fnait", "maternal_itp", "sepsis", "enterovirus", "parvovirus", "covid19", "gald", "kawasaki"),
    "immunodeficiency",
)


@cache
def cases_of(indication: str) -> tuple[tuple[str, Json, Json], ...]:
    """(name, newborn, what is expected) of the followed guideline, without those of an order's reason: here is none."""
    document = read_toml(CASES / indication / f"{FOLLOWED.get(indication, 'baseline')}.toml", "cases")
    assert document.get("site", "demo") == "demo"
    found = []
    for case in document["case"]:
        given = {**document.get("given", {}), **case.get("given", {})}
        given = {name: value for name, value in given.items() if name not in case.get("without", ())}
        if "reason" not in given and "ivig_given" not in given:
            found.append((case["name"], given, case["expect"]))
    return tuple(found)


def every() -> Iterator[Any]:
    for indication in INDICATIONS:
        for name, given, expect in cases_of(indication):
            yield pytest.param(indication, given, expect, id=f"{indication}: {name}")


def opened(answerer: Answerer, given: Json, **prefetch: Any) -> Json:
    """The whole answer to an opened chart, with every decision."""
    call = order_select(given, "view", answerer.knowledge.facts)
    call |= {"hook": "patient-view", "context": {"userId": "Practitioner/x", "patientId": PATIENT}}
    call["extension"]["org.neonatal-ivig-cds.explain"] = True
    call["prefetch"] |= prefetch
    status, body = answered(answerer, call, PATIENT_VIEW)
    assert status == 200
    assert "notcheckedfault" not in topics(body["cards"])
    return body


def advised(body: Json) -> set[str]:
    """The indications that have a card which advises IVIG."""
    records = [card["extension"][DECISION] for card in body["cards"] if DECISION in card.get("extension", {})]
    return {one["indication"] for one in records if one["verdict"] in GIVES}


def verdicts(body: Json) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in body["extension"][DECISIONS]:
        found.setdefault(one["indication"], set()).add(one["verdict"])
    return found


@pytest.mark.parametrize(("indication", "given", "expect"), [*every()])
def test_it_speaks_of_an_indication_where_ivig_is_due_and_only_there(
    answerer: Answerer, indication: str, given: Json, expect: Json
) -> None:
    body = opened(answerer, given)
    assert expect["verdict"] in verdicts(body)[indication]
    if expect["verdict"] in GIVES:
        assert indication in advised(body)
    elif indication != "hdn":  # for HDN a guideline beside the followed one may give, and is then shown
        assert indication not in advised(body)
    gives = {name for name, said in verdicts(body).items() if said & set(GIVES)}
    critical = any(card["indicator"] == "critical" for card in body["cards"])
    assert bool(body["cards"]) is (bool(gives) or critical)


@pytest.mark.parametrize("indication", INDICATIONS)
def test_the_cases_hold_newborns_for_whom_it_speaks_and_for_whom_it_is_silent(
    answerer: Answerer, indication: str
) -> None:
    spoken = {bool(opened(answerer, given)["cards"]) for _, given, _ in cases_of(indication)}
    assert spoken == {True, False}


def due(answerer: Answerer, indication: str) -> tuple[Json, Json]:
    """The first newborn for whom this indication alone is due, and its decision."""
    for _, given, expect in cases_of(indication):
        if expect["verdict"] in GIVES:
            body = opened(answerer, given)
            if advised(body) == {indication}:
                records = [card["extension"].get(DECISION, {}) for card in body["cards"] if "extension" in card]
                return given, next(one for one in records if one.get("indication") == indication)
    raise AssertionError(indication)


def dose(**members: Any) -> Json:
    usual = {"resourceType": "MedicationAdministration", "id": "given", "status": "completed", "subject": SUBJECT}
    return (
        usual | {"medicationCodeableConcept": {"text": "IVIG"}, "effectiveDateTime": "2026-11-20T11:00:00Z"} | members
    )


@pytest.mark.parametrize("indication", INDICATIONS)
def test_it_is_silent_where_ivig_is_ordered_running_or_was_just_given(answerer: Answerer, indication: str) -> None:
    given, _ = due(answerer, indication)
    assert opened(answerer, given)["cards"]
    silencing = {
        "ordered": {"ivig_orders": bundle([draft_order() | {"status": "active"}])},
        "running": {"ivig_given": bundle([dose(status="in-progress", effectiveDateTime="2026-11-17T11:00:00Z")])},
        "on hold": {"ivig_given": bundle([dose(status="on-hold", effectiveDateTime="2026-11-17T11:00:00Z")])},
        "given": {"ivig_given": bundle([dose()])},
        "given as a procedure": {
            "more": bundle(
                [
                    {
                        "resourceType": "Procedure",
                        "status": "completed",
                        "subject": SUBJECT,
                        "code": {"text": "IVIG infusion"},
                        "performedDateTime": "2026-11-20T11:00:00Z",
                    }
                ]
            )
        },
    }
    for name, prefetch in silencing.items():
        assert opened(answerer, given, **prefetch)["cards"] == [], name


@pytest.mark.parametrize("indication", INDICATIONS)
@pytest.mark.parametrize(
    "prefetch",
    [
        {"ivig_orders": bundle([draft_order() | {"status": "cancelled"}])},
        {"ivig_orders": bundle([draft_order() | {"status": "active", "doNotPerform": True}])},
        {"ivig_given": bundle([dose(status="not-done")])},
        {"ivig_given": bundle([dose(medicationCodeableConcept={"text": "Rho(D) immune globulin IV"})])},
    ],
    ids=["cancelled", "not to be given", "not done", "look-alike"],
)
def test_what_is_no_ivig_ordered_or_given_does_not_silence_it(
    answerer: Answerer, indication: str, prefetch: Json
) -> None:
    given, _ = due(answerer, indication)
    assert indication in advised(opened(answerer, given, **prefetch))


@pytest.mark.parametrize("indication", INDICATIONS)
def test_the_interval_is_that_of_the_dose_that_is_due_or_a_day(answerer: Answerer, indication: str) -> None:
    given, record = due(answerer, indication)
    window = record["dose"].get("repeat_after_hours", 24)
    assert opened(answerer, given | {"ivig_given": f"{window - 0.1} h"})["cards"] == []
    later = opened(answerer, given | {"ivig_given": f"{window} h"})
    assert bool(later["cards"]) is any(said & set(GIVES) for said in verdicts(later).values())
