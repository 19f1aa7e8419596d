"""patient-view: speaks where IVIG is due or bilirubin is at exchange level, and is silent otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.hooks.service import Answerer
from cds_service.review.babies import bundle, draft_order
from tests.facts.records import GIVEN, SUBJECT
from tests.hooks.calls import PATIENT_VIEW, answered, cards, topics, view_call

FNAIT = {"age": "20 h", "gestation": "38+0", "platelets": "19 10*9/L", "weight": "3.2 kg"}


def spoken(answerer: Answerer, given: dict[str, Any], **prefetch: Any) -> list[str]:
    return topics(cards(answerer, view_call(given, **prefetch), PATIENT_VIEW))


@pytest.mark.parametrize(
    ("given", "first"),
    [
        (GIVEN, "hdnaap2022maygivewarning"),
        ({**GIVEN, "tsb": "20.1 mg/dL"}, "hdnaap2022atexchangelevelcritical"),
        ({**GIVEN, "tsb": "15 mg/dL", "earlier_tsb": "14 mg/dL", "earlier_drawn": "6 h"}, "hdnbaselinerisingdespite"),
        (FNAIT, "fnaitbaselineseverewarning"),
        ({**FNAIT, "platelets": "25 10*9/L"}, "fnaitbaselinehighriskwarning"),
        ({**GIVEN, "dat": "negative", "tsb": "21 mg/dL"}, "hdnaap2022datnegativecritical"),
        (
            {key: value for key, value in GIVEN.items() if key != "dat"} | {"tsb": "21 mg/dL"},
            "hdnaap2022needsinformation",
        ),
    ],
    ids=[
        "may give",
        "exchange",
        "rising",
        "platelets",
        "consider",
        "dat negative at exchange",
        "dat missing at exchange",
    ],
)
def test_it_speaks_where_ivig_is_due_or_bilirubin_is_at_exchange_level(
    answerer: Answerer, given: dict[str, Any], first: str
) -> None:
    assert spoken(answerer, given)[0].startswith(first)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"age": "48 h", "gestation": "38+0"},
        {**GIVEN, "tsb": "10 mg/dL"},
        {**GIVEN, "dat": "negative"},
        {key: value for key, value in GIVEN.items() if key != "gestation"},
        {**FNAIT, "platelets": "30 10*9/L"},
        {"age": "40 d", "gestation": "40+0", "tsb": "25 mg/dL", "dat": "positive"},
    ],
    ids=str,
)
def test_it_is_silent_where_nothing_is_due_or_not_known(answerer: Answerer, given: dict[str, Any]) -> None:
    assert spoken(answerer, given) == []


@pytest.mark.parametrize(
    ("ago", "speaks"), [("0 h", False), ("6 h", False), ("11.9 h", False), ("12 h", True), ("30 h", True)]
)
def test_it_is_silent_until_a_dose_that_was_given_may_be_repeated(answerer: Answerer, ago: str, speaks: bool) -> None:
    assert bool(spoken(answerer, {**GIVEN, "ivig_given": ago})) is speaks


@pytest.mark.parametrize(("ago", "speaks"), [("12 h", False), ("23.9 h", False), ("24 h", True)])
def test_the_interval_is_that_of_the_dose_that_is_due(answerer: Answerer, ago: str, speaks: bool) -> None:
    assert bool(spoken(answerer, {**FNAIT, "ivig_given": ago})) is speaks


def administration(**members: Any) -> dict[str, Any]:
    usual = {"resourceType": "MedicationAdministration", "id": "given", "status": "completed", "subject": SUBJECT}
    return (
        usual | {"medicationCodeableConcept": {"text": "IVIG"}, "effectiveDateTime": "2026-11-18T12:00:00Z"} | members
    )


@pytest.mark.parametrize("status", ["in-progress", "on-hold"])
def test_it_is_silent_while_ivig_runs_however_long_ago_it_began(answerer: Answerer, status: str) -> None:
    assert spoken(answerer, GIVEN, ivig_given=bundle([administration(status=status)])) == []


def test_it_is_silent_where_ivig_was_given_at_an_unknown_time(answerer: Answerer) -> None:
    assert spoken(answerer, GIVEN, ivig_given=bundle([administration(effectiveDateTime=None)])) == []


@pytest.mark.parametrize(
    "members", [{"status": "not-done"}, {"medicationCodeableConcept": {"text": "Rho(D) IG"}}], ids=str
)
def test_a_dose_that_was_not_given_or_is_not_ivig_does_not_silence_it(
    answerer: Answerer, members: dict[str, Any]
) -> None:
    sent = bundle([administration(effectiveDateTime="2026-11-20T11:00:00Z", **members)])
    assert spoken(answerer, GIVEN, ivig_given=sent)


def test_it_is_silent_where_ivig_is_ordered(answerer: Answerer) -> None:
    assert spoken(answerer, GIVEN, ivig_orders=bundle([draft_order() | {"status": "active"}])) == []
    assert spoken(answerer, GIVEN, ivig_orders=bundle([draft_order() | {"status": "cancelled"}]))


def test_it_offers_a_new_order_because_there_is_no_draft(answerer: Answerer) -> None:
    first = cards(answerer, view_call(), PATIENT_VIEW)[0]
    assert [one["actions"][0]["type"] for one in first["suggestions"]] == ["create", "create"]


def test_drafts_are_neither_asked_for_nor_read(answerer: Answerer) -> None:
    call = view_call()
    call["context"] |= {"selections": 5, "draftOrders": "x"}
    assert answered(answerer, call, PATIENT_VIEW) == answered(answerer, view_call(), PATIENT_VIEW)


def test_a_silent_answer_still_explains_itself_where_that_is_asked_for(answerer: Answerer) -> None:
    call = view_call({**GIVEN, "tsb": "10 mg/dL"})
    call["extension"]["org.neonatal-ivig-cds.explain"] = True
    body = answered(answerer, call, PATIENT_VIEW)[1]
    assert body["cards"] == []
    assert body["extension"]["org.neonatal-ivig-cds.decisions"][0]["verdict"] == "not-yet"
