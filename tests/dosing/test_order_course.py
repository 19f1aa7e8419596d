"""An order among others: doses given, orders beside it, vials dispensed, vaccines after it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cds_service.facts.fact import Doubt, Fact, Missing
from cds_service.facts.moments import Span
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import Json
from tests.dosing.orders import G_KG, ML, G, dose, dosed, facts, order, quantity, remark, setting, value, why

ONE = order(dose(3.4, G))


@pytest.mark.parametrize(
    ("hours", "kind"),
    [
        ([], "first"),
        ([12], "due"),
        ([11.9], "too_soon"),
        ([40, 20], "too_many"),
        ([None], "unknown"),
    ],
    ids=str,
)
def test_whether_a_further_dose_is_due_is_said_as_on_the_cards(
    demo: Knowledge, hours: list[float | None], kind: str
) -> None:
    aap = demo.guidance["hdn", "aap_2022"].doses["ivig"]
    where = setting(demo, given=[dosed(demo, one) for one in hours], dose=aap)
    assert value(facts(demo, ONE, where), "order_repeat") == kind


def test_a_running_infusion_is_under_way_and_without_a_guideline_a_repeat_is_unknown(demo: Knowledge) -> None:
    running = setting(demo, given=[dosed(demo, 1, status="in-progress")])
    assert value(facts(demo, ONE, running), "order_repeat") == "under_way"
    found = facts(demo, ONE, setting(demo, given=[dosed(demo, 100)]))
    assert value(found, "order_repeat") == "unknown"
    assert "no guideline followed here" in remark(found, "order_repeat")


def test_what_was_given_is_in_doubt_where_the_record_was_not_had(demo: Knowledge) -> None:
    where = setting(demo)
    for name in ("ivig_given", "ivig_order"):
        where.baby.facts[name] = Doubt(name, Missing.NOT_OBTAINED, "the record was not sent", (name,))
    found = facts(demo, ONE, where)
    for name in ("order_repeat", "order_course", "order_duplicate"):
        assert why(found, name) == "the record was not sent"


@pytest.mark.parametrize(
    ("given", "total"),
    [
        ([], 1),
        ([(24, "1.7 g")], 1.5),
        ([(24, "1700 mg")], 1.5),
        ([(24, "0.5 g/kg")], 1.5),
        ([(167, "3.4 g"), (24, "3.4 g")], 3),
        ([(169, "3.4 g")], 1),
        ([(169, "")], 1),
    ],
    ids=str,
)
def test_a_course_is_7_days_with_this_order(demo: Knowledge, given: list[tuple[float, str]], total: float) -> None:
    where = setting(demo, given=[dosed(demo, hours, amount) for hours, amount in given])
    assert value(facts(demo, ONE, where), "order_course") == total


def test_an_earlier_dose_of_unknown_size_leaves_the_course_open(demo: Knowledge) -> None:
    found = facts(demo, ONE, setting(demo, given=[dosed(demo, 24)]))
    assert why(found, "order_course") == "how much was given 24 h ago is not on record (MedicationAdministration/x)"
    found = facts(demo, ONE, setting(demo, given=[dosed(demo, None, "1.7 g")]))
    assert why(found, "order_course") == "a dose on record has no time"


@pytest.mark.parametrize(
    ("timing", "doses", "course"),
    [
        ({"count": 2}, 2, 2),
        ({"count": 2, "frequency": 1, "period": 1, "periodUnit": "d"}, 2, 2),
        (
            {"frequency": 1, "period": 24, "periodUnit": "h", "boundsDuration": {"value": 2, "unit": "d"}},
            2,
            2,
        ),
        ({"frequency": 2}, 2, 2),
        ({"count": 6, "frequency": 1, "period": 4, "periodUnit": "wk"}, 6, 1),
        ({"duration": 4, "durationUnit": "h"}, 1, 1),
    ],
    ids=str,
)
def test_the_doses_of_an_order_add_up_in_its_course(demo: Knowledge, timing: Json, doses: int, course: float) -> None:
    found = facts(demo, order(dose(3.4, G), timing=timing))
    assert value(found, "order_doses") == doses
    assert value(found, "order_course") == course


def test_a_repetition_without_an_end_is_a_doubt(demo: Knowledge) -> None:
    found = facts(demo, order(dose(3.4, G), timing={"frequency": 1, "period": 1, "periodUnit": "d"}))
    assert "states no end" in why(found, "order_doses")
    monthly = facts(demo, order(dose(1.7, G), timing={"frequency": 1, "period": 4, "periodUnit": "wk"}))
    assert value(monthly, "order_course") == 0.5


def test_doses_in_words(demo: Knowledge) -> None:
    assert value(facts(demo, order(text="1 g/kg daily x 2 doses")), "order_doses") == 2
    assert value(facts(demo, order(text="1 g/kg once")), "order_doses") == 1
    assert "states no end" in why(facts(demo, order(text="1 g/kg daily")), "order_doses")


@pytest.mark.parametrize(
    ("others", "kind"),
    [
        ((), "none"),
        ((("draft-1", "draft"),), "none"),
        ((("draft-2", "draft"),), "draft"),
        ((("draft-2", "draft"), ("a", "active")), "active"),
        ((("a", "on-hold"),), "active"),
        ((("a", "completed"),), "none"),
    ],
    ids=str,
)
def test_another_order_for_ivig_is_a_duplicate(demo: Knowledge, others: tuple[tuple[str, str], ...], kind: str) -> None:
    assert value(facts(demo, ONE, setting(demo, others=others)), "order_duplicate") == kind


def test_the_order_that_this_one_follows_is_no_duplicate(demo: Knowledge) -> None:
    draft = order(dose(3.4, G), priorPrescription={"reference": "MedicationRequest/a"})
    assert value(facts(demo, draft, setting(demo, others=(("a", "active"),))), "order_duplicate") == "none"


@pytest.mark.parametrize(("dispensed", "share"), [((5, G), 1.4706), ((34, ML), 1), ((3400, "mg"), 1)])
def test_what_is_dispensed_is_measured_by_what_is_ordered(
    demo: Knowledge, dispensed: tuple[float, str], share: float
) -> None:
    draft = order(dose(3.4, G), dispenseRequest={"quantity": quantity(*dispensed)})
    assert value(facts(demo, draft), "order_vials") == share


def test_vials_in_other_units_are_not_compared(demo: Knowledge) -> None:
    draft = order(dose(3.4, G), dispenseRequest={"quantity": {"value": 1, "unit": "vial"}})
    assert "in g or mL" in why(facts(demo, draft), "order_vials")
    per_kg = order(dose(3.4, G), dispenseRequest={"quantity": quantity(1, G_KG)})
    assert "per kilogram" in why(facts(demo, per_kg), "order_vials")


@pytest.mark.parametrize(
    ("grams", "kg", "date", "late"),
    [
        (1.36, "3.4", "2027-07-20", "no"),  # 0.4 g/kg: 8 months
        (1.4, "3.4", "2027-07-20", "no"),  # the same, rounded to what can be drawn up
        (1.7, "3.4", "2027-09-20", "no"),  # 0.5 g/kg: 10 months
        (3.4, "3.4", "2027-09-20", "no"),
        (3.5, "3.4", "2027-09-20", "no"),
        (5, "3.4", "2027-10-20", "no"),
        (6.8, "3.4", "2027-10-20", "no"),
    ],
)
def test_live_vaccines_wait_by_the_dose(demo: Knowledge, grams: float, kg: str, date: str, late: str) -> None:
    found = facts(demo, order(dose(grams, G)), setting(demo, kg))
    assert value(found, "live_vaccine_date") == date
    assert value(found, "live_vaccine_late") == late


def test_the_wait_goes_by_the_course(demo: Knowledge) -> None:
    found = facts(demo, ONE, setting(demo, given=[dosed(demo, 24, "3.4 g")]))
    assert value(found, "live_vaccine_date") == "2027-10-20"


def test_vaccines_are_late_past_the_first_birthday(demo: Knowledge) -> None:
    for day, late in ((21, "no"), (20, "no"), (19, "yes")):
        born = datetime(2026, 10, day, 12, tzinfo=UTC)
        where = setting(demo, birth=Span(born, born))
        assert value(facts(demo, order(dose(6.8, G)), where), "live_vaccine_late") == late
    assert "date of birth" in why(facts(demo, ONE, setting(demo, birth=None)), "live_vaccine_late")


def test_the_wait_begins_on_the_local_day(demo: Knowledge) -> None:
    where = setting(demo, zone=ZoneInfo("Pacific/Auckland"))
    found = facts(demo, ONE, where)
    assert isinstance(found["live_vaccine_date"], Fact)
    assert value(found, "live_vaccine_date") == "2027-09-21"


@pytest.mark.parametrize(
    ("before", "place"), [("0 g", "usual"), ("3.4 g", "usual"), ("4.2 g", "over_2"), ("12 g", "over_4")]
)
def test_a_course_lies_in_its_limits_with_room_for_rounding(demo: Knowledge, before: str, place: str) -> None:
    earlier = [dosed(demo, 24, before)] if before != "0 g" else []
    assert value(facts(demo, ONE, setting(demo, given=earlier)), "order_course_range") == place
