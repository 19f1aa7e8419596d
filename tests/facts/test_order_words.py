"""A dosage that is only said in words: doses, times and rates are found, and what stands beside them is not."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.dosing.order import order_facts
from cds_service.knowledge.shapes import Knowledge
from tests.dosing.orders import quantity, setting
from tests.facts.test_order import G, amounts, stated


@pytest.mark.parametrize(
    ("text", "said", "minutes"),
    [
        ("3.4 g", ["3.4 g"], None),
        ("3.4 g IV over 4 h", ["3.4 g"], 240),
        ("1 g/kg", ["1 g/kg"], None),
        ("340 mg/kg IV once over 90 min", ["340 mg/kg"], 90),
        ("34 mL over 4 hours", ["34 mL"], 240),
        ("34mL over 4hrs", ["34 mL"], 240),
        (".5 g/kg", ["0.5 g/kg"], None),
        ("3,4 g", ["3.4 g"], None),
        ("1,700 mg", ["1700 mg"], None),
        ("0.5-1 g/kg over 2 to 4 hours", ["0.5-1 g/kg"], 120),
        ("1 gram per kilogram", ["1 g/kg"], None),
        ("IVIG 10% (100 mg/mL) 1 g/kg/dose", ["1 g/kg"], None),
        ("5 g/50 mL vial: give 3.4 g", ["3.4 g"], None),
        ("3.4 g in 34 mL", ["3.4 g", "34 mL"], None),
        ("1 g/kg = 3.4 g for 3.4 kg", ["1 g/kg", "3.4 g"], None),
        ("weight 3400 g. 1 g/kg", ["1 g/kg"], None),
        ("1 g/kg, maximum 5 g", ["1 g/kg"], None),
        ("1 g/kg; previous dose 1.7 g", ["1 g/kg"], None),
        ("1 g/kg, dispense 2 x 2.5 g vials", ["1 g/kg"], None),
        ("acetaminophen 15 mg/kg, then 1 g/kg IVIG", ["1 g/kg"], None),
        ("1 g/kg, flush with 5 mL", ["1 g/kg"], None),
        ("TSB 18 mg/dL, platelets 20 x10^9/L: 1 g/kg", ["1 g/kg"], None),
        ("3400 mcg", [], None),
        ("as directed", [], None),
        ("TSB 18 mg/dL", [], None),
        ("at 5 mL/h", [], None),
    ],
)
@pytest.mark.parametrize("place", ["text", "patientInstruction", "note"])
def test_doses_in_words(demo: Knowledge, text: str, said: list[str], minutes: int | None, place: str) -> None:
    found = stated(demo, note=[{"text": text}]) if place == "note" else stated(demo, {place: text})
    assert amounts(found) == said
    assert found.read == ("text" if said else "coded")
    if said:
        assert (found.minutes[0] if found.minutes else None) == minutes


def test_a_coded_dose_is_not_overruled_by_words(demo: Knowledge) -> None:
    found = stated(demo, {"doseAndRate": [G], "text": "34 g", "patientInstruction": "1 g"}, note=[{"text": "5 g"}])
    assert amounts(found) == ["3.4 g"]


def test_the_same_figure_per_kilogram_in_words_is_kept_beside_a_whole_dose(demo: Knowledge) -> None:
    whole = {"doseQuantity": quantity(1, "g")}
    assert amounts(stated(demo, {"doseAndRate": [whole], "text": "1 g/kg IV"})) == ["1 g", "1 g/kg"]
    assert amounts(stated(demo, {"doseAndRate": [whole], "text": "0.5 g/kg IV"})) == ["1 g"]


def test_notes_are_the_last_resort(demo: Knowledge) -> None:
    found = stated(demo, {"text": "1 g/kg"}, note=[{"text": "5 g"}])
    assert amounts(found) == ["1 g/kg"]


SAID = st.lists(
    st.sampled_from(
        (
            *(
                "3.4",
                "1",
                "0",
                "0.5",
                "1,000",
                "-",
                "to",
                "/",
                "per",
                "g",
                "mg",
                "mL",
                "kg",
                "g/kg",
                "mL/h",
                "mg/kg/min",
            ),
            *(
                "over",
                "for",
                "x",
                "h",
                "min",
                "doses",
                "daily",
                "q24h",
                "max",
                "weight",
                "vials",
                "in",
                "at",
                "%",
                "\n",
            ),
        )
    ),
    max_size=12,
)


@given(parts=SAID, glue=st.sampled_from(["", " "]))
def test_no_text_stops_the_reading(demo: Knowledge, parts: list[str], glue: str) -> None:
    order_facts(stated(demo, {"text": glue.join(parts)}), setting(demo))


@pytest.mark.parametrize("text", ["over 1" + " " * 50_000, "1" * 50_000, "1 - " * 20_000, "max " * 20_000 + "1 g"])
def test_a_long_text_is_read_at_once(demo: Knowledge, text: str) -> None:
    began = perf_counter()
    found = stated(demo, {"text": text})
    assert perf_counter() - began < 1
    assert not found.doses


@pytest.mark.parametrize(
    ("text", "rates", "minutes"),
    [
        ("1 mL/h over 30 min, then 2 mL/h for 30 min, then 4 mL/h", 3, None),
        ("3.4 g over 4 h: 1 mL/h x 15 min, then 8.5 mL/h", 2, 240),
        ("34 mL at 8.5 mL/h over 4 h", 1, 240),
        ("start 0.5 mL/kg/h, increase every 30 min to 4.8 mL/kg/h", 2, None),
        ("2 to 8 mL/h", 1, None),
    ],
)
def test_the_time_of_a_step_is_not_that_of_the_infusion(
    demo: Knowledge, text: str, rates: int, minutes: int | None
) -> None:
    found = stated(demo, {"doseAndRate": [G], "text": text})
    assert len(found.rates) == rates
    assert (found.minutes and found.minutes[0]) == minutes
    assert found.doses[0].times == 1


@pytest.mark.parametrize(
    ("text", "times", "every"),
    [
        ("1 g/kg", 1, None),
        ("1 g/kg once", 1, None),
        ("1 g/kg x 2", 2, None),
        ("1 g/kg daily x 2 days", 2, 1440),
        ("1 g/kg q24h for 2 doses", 2, 1440),
        ("1 g/kg every 12 hours", None, 720),
        ("1 g/kg daily", None, 1440),
        ("1 g/kg IV q6h", None, 360),
        ("1 g/kg q0h", 1, None),
        ("1 g/kg, vital signs every 15 min, then q4h", 1, None),
        ("1 g/kg for 2 days", 2, None),
        ("1 g/kg; 2 mL/h x 5 min", 1, None),
    ],
)
def test_how_often_in_words(demo: Knowledge, text: str, times: int | None, every: int | None) -> None:
    dose = stated(demo, {"text": text}).doses[0]
    assert (dose.times, dose.every) == (times, every)
