"""Phototherapy: read from procedures and orders; whether it runs, how intensive it is, and since when."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.facts.fact import Missing
from tests.conftest import ReadRecord
from tests.facts.records import SNOMED, SUBJECT, Json, changed, doubt_of, record, value_of

LIGHT = {"coding": [{"system": SNOMED, "code": "31394004"}]}
SINCE = {"start": "2026-11-20T02:00:00Z"}
PCS = "http://www.cms.gov/Medicare/Coding/ICD10"


def procedure(**members: Any) -> Json:
    usual = {"resourceType": "Procedure", "id": "light", "status": "in-progress", "subject": SUBJECT}
    return changed(usual, **{"code": {"text": "intensive phototherapy"}, "performedPeriod": SINCE, **members})


def order(**members: Any) -> Json:
    usual = {"resourceType": "ServiceRequest", "id": "light", "status": "active", "intent": "order", "subject": SUBJECT}
    return changed(usual, **{"code": {"text": "intensive phototherapy"}, "occurrencePeriod": SINCE, **members})


@pytest.mark.parametrize(
    ("code", "means"),
    [
        ({"text": "Intensive phototherapy"}, "intensive"),
        ({"text": "continuous intensified phototherapy"}, "intensive"),
        ({"text": "Double phototherapy (blanket and overhead)"}, "intensive"),
        ({"text": "single phototherapy"}, "not_intensive"),
        ({"text": "home phototherapy"}, "not_intensive"),
        ({"text": "Phototherapy"}, "intensity_not_stated"),
        (LIGHT, "intensity_not_stated"),
        (LIGHT | {"text": "triple phototherapy"}, "intensive"),
        ({"coding": [{"system": PCS, "code": "6A600ZZ"}]}, "intensity_not_stated"),
        ({"coding": [{"system": "urn:oid:2.16.840.1.113883.6.96", "code": "31394004"}]}, "intensity_not_stated"),
    ],
    ids=str,
)
@pytest.mark.parametrize("make", [procedure, order], ids=["Procedure", "ServiceRequest"])
def test_intensity_is_read_from_the_words_and_else_not_stated(
    read: ReadRecord, make: Any, code: Json, means: str
) -> None:
    baby = read(record(procedures=[make(code=code)]))
    assert value_of(baby, "phototherapy") == means
    at = baby.facts["phototherapy"].at
    assert at is not None
    assert at.early == datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "code",
    [{"text": "photography"}, {"text": "no phototherapy"}, {"text": "UV light"}, {}, None, "phototherapy"],
    ids=str,
)
def test_what_is_not_phototherapy_is_not_on_record(read: ReadRecord, code: Any) -> None:
    doubt_of(read(record(procedures=[procedure(code=code)])), "phototherapy", Missing.ABSENT)


@pytest.mark.parametrize(
    "text",
    [
        "Non-intensive phototherapy",
        "Phototherapy (not intensive)",
        "Intensive phototherapy discontinued",
        "Intensive phototherapy declined by parents",
        "Consider intensive phototherapy if rising",
        "Stop intensive phototherapy",
        "Weaned from intensive phototherapy to blanket",
        "Parent education on intensive phototherapy",
    ],
)
def test_words_that_take_the_intensity_back_leave_it_unstated(read: ReadRecord, text: str) -> None:
    assert value_of(read(record(procedures=[procedure(code=LIGHT | {"text": text})])), "phototherapy") == (
        "intensity_not_stated"
    )


@pytest.mark.parametrize("status", ["not-done", "preparation", "entered-in-error", "stopped", None, "", 5])
def test_a_procedure_that_is_not_done_is_not_on_record(read: ReadRecord, status: object) -> None:
    doubt_of(read(record(procedures=[procedure(status=status)])), "phototherapy", Missing.ABSENT)


@pytest.mark.parametrize("status", ["draft", "on-hold", "revoked", "completed", "entered-in-error", "unknown", None])
def test_an_order_that_is_not_active_is_not_on_record(read: ReadRecord, status: object) -> None:
    doubt_of(read(record(procedures=[order(status=status)])), "phototherapy", Missing.ABSENT)


def test_an_order_not_to_give_phototherapy_is_not_phototherapy(read: ReadRecord) -> None:
    doubt_of(read(record(procedures=[order(doNotPerform=True)])), "phototherapy", Missing.ABSENT)


@pytest.mark.parametrize(
    "members",
    [
        {"performedPeriod": {**SINCE, "end": "2026-11-20T12:00:00Z"}},
        {"performedPeriod": {**SINCE, "end": "2026-11-20T06:00:00-05:00"}},
        {"status": "completed"},
        {"status": "completed", "performedPeriod": None, "performedDateTime": "2026-11-20T02:00:00Z"},
        {"status": "on-hold"},
    ],
    ids=str,
)
def test_phototherapy_that_has_ended_is_stopped(read: ReadRecord, members: Json) -> None:
    assert value_of(read(record(procedures=[procedure(**members)])), "phototherapy") == "stopped"


def test_completed_phototherapy_is_stopped_also_where_its_end_is_dated_to_the_day(read: ReadRecord) -> None:
    done = procedure(status="completed", performedPeriod={"start": "2026-11-19", "end": "2026-11-20"})
    assert value_of(read(record(procedures=[done])), "phototherapy") == "stopped"


def test_phototherapy_that_ends_later_still_runs(read: ReadRecord) -> None:
    running = procedure(performedPeriod={**SINCE, "end": "2026-11-20T12:00:01Z"})
    assert value_of(read(record(procedures=[running])), "phototherapy") == "intensive"


@pytest.mark.parametrize("make", [procedure, order], ids=["Procedure", "ServiceRequest"])
def test_phototherapy_planned_for_the_future_is_not_on_record(read: ReadRecord, make: Any) -> None:
    period = {"start": "2026-11-20T12:00:01Z"}
    planned = make(performedPeriod=period, occurrencePeriod=period)
    doubt_of(read(record(procedures=[planned])), "phototherapy", Missing.ABSENT)


@pytest.mark.parametrize(
    "members",
    [
        {"occurrencePeriod": None, "occurrenceDateTime": "2026-11-20T02:00:00Z"},
        {"occurrencePeriod": None, "authoredOn": "2026-11-20T02:00:00Z"},
        {"authoredOn": "2026-11-19T02:00:00Z"},
    ],
    ids=str,
)
def test_the_start_of_an_order_is_its_occurrence_and_else_when_it_was_written(read: ReadRecord, members: Json) -> None:
    at = read(record(procedures=[order(**members)])).facts["phototherapy"].at
    assert at is not None
    assert at.early == datetime(2026, 11, 20, 2, tzinfo=UTC)


def test_running_phototherapy_counts_before_stopped_in_every_order(read: ReadRecord) -> None:
    found = [
        procedure(status="completed"),
        procedure(code={"text": "single phototherapy"}),
        order(code={"text": "intensive phototherapy"}),
        procedure(code=LIGHT),
    ]
    for resources in itertools.permutations(found):
        assert value_of(read(record(procedures=list(resources))), "phototherapy") == "intensive"


def test_a_note_may_state_the_intensity(read: ReadRecord) -> None:
    noted = procedure(code=LIGHT, note=[{"text": "double phototherapy since 02:00"}])
    assert value_of(read(record(procedures=[noted])), "phototherapy") == "intensive"


def test_a_note_alone_is_no_phototherapy(read: ReadRecord) -> None:
    noted = procedure(code={"text": "Bath"}, note=[{"text": "after intensive phototherapy"}])
    doubt_of(read(record(procedures=[noted])), "phototherapy", Missing.ABSENT)


def test_phototherapy_that_was_not_asked_for_is_not_obtained_rather_than_absent(read: ReadRecord) -> None:
    sent = record()
    del sent["procedures"]
    doubt_of(read(sent), "phototherapy", Missing.NOT_OBTAINED)
