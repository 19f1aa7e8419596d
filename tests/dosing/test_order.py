"""The facts of a drafted order: grams from whatever states them, limits, product; and what is not known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.facts.fact import Fact, Missing
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import Json
from tests.dosing.orders import G_KG, MG, MG_KG, ML, ML_KG, G, dose, facts, order, quantity, remark, setting, value, why

EPIC = (dose(3.4, G, "calculated"), dose(34, ML, "admin-amount"), dose(1, G_KG, "ordered"))


@pytest.mark.parametrize(
    ("stated", "grams"),
    [
        (dose(3.4, G), 3.4),
        (dose(3400, MG), 3.4),
        (dose(1, G_KG), 3.4),
        (dose(500, MG_KG), 1.7),
        (dose(34, ML), 3.4),
        (dose(10, ML_KG), 3.4),
        ({"doseRange": {"low": quantity(1.7, G), "high": quantity(3.4, G)}}, 3.4),
    ],
    ids=str,
)
def test_grams_come_from_every_unit(demo: Knowledge, stated: Json, grams: float) -> None:
    found = facts(demo, order(stated))
    assert value(found, "order_grams") == grams
    assert value(found, "order_dose") == round(grams / 3.4, 4)
    assert value(found, "order_volume") == grams * 10
    assert value(found, "order_entries") == "one"
    assert value(found, "order_range") == "usual"
    assert value(found, "order_signature") == "none"


@given(
    milligrams=st.integers(100, 20000),
    grams_of_weight=st.integers(500, 6000),
    product=st.sampled_from(["gammaplex_10", "octagam_5"]),
)
def test_one_dose_in_another_unit_is_the_same_dose(
    demo: Knowledge, milligrams: int, grams_of_weight: int, product: str
) -> None:
    where = setting(demo, str(Decimal(grams_of_weight) / 1000), product=product)
    grams = Decimal(milligrams) / 1000
    strength = demo.products[product].grams_per_ml
    drafts = [order(dose(milligrams, MG)), order(dose(float(grams), G)), order(dose(float(grams / strength), ML))]
    one, *others = [facts(demo, draft, where) for draft in drafts]
    for other in others:
        for name in ("order_grams", "order_dose", "order_volume", "order_range"):
            assert value(one, name) == value(other, name)


def test_three_statements_of_one_dose_are_compared_and_never_added_up(demo: Knowledge) -> None:
    found = facts(demo, order(*EPIC))
    assert value(found, "order_entries") == "agree"
    assert value(found, "order_grams") == 3.4
    assert value(found, "order_weight") == 3.4
    assert value(found, "order_weight_share") == 1
    assert value(found, "order_doses") == 1
    assert value(found, "order_volume") == 34
    assert remark(found, "order_entries") == "3.4 g; 34 mL = 3.4 g; 1 g/kg = 3.4 g"


@pytest.mark.parametrize("place", range(3))
def test_statements_that_disagree_are_all_named_and_the_grams_are_kept(demo: Knowledge, place: int) -> None:
    stated = [dose(3.4, G, "calculated"), dose(17, ML, "admin-amount"), dose(1, G_KG, "ordered")]
    found = facts(demo, order(*stated[place:], *stated[:place]))
    assert value(found, "order_entries") == "disagree"
    assert value(found, "order_grams") == 3.4
    assert "17 mL = 1.7 g" in remark(found, "order_grams")
    assert "17 mL = 1.7 g" in remark(found, "order_entries")
    assert value(found, "order_volume") == 17


@pytest.mark.parametrize(
    ("stated", "agreement"),
    [
        ((dose(3.4, G), dose(35.7, ML)), "agree"),
        ((dose(3.4, G), dose(35.8, ML)), "disagree"),
        ((dose(3.74, G), dose(1, G_KG)), "agree"),
        ((dose(3.75, G), dose(1, G_KG)), "another_weight"),
        ((dose(5.4, G), dose(1, G_KG)), "another_weight"),
        ((dose(5.5, G), dose(1, G_KG)), "disagree"),
        ((dose(7.48, G), dose(1, G_KG)), "another_weight"),
        ((dose(2.2, G), dose(1, G_KG)), "another_weight"),
        ((dose(2.1, G), dose(1, G_KG)), "disagree"),
        ((dose(3.75, G), dose(34, ML), dose(1, G_KG)), "disagree"),
        ((dose(37.5, ML), dose(1, G_KG)), "another_weight"),
        ((dose(3.4, G), dose(10, ML_KG)), "agree"),
        ((dose(1, G_KG), dose(1000, MG_KG)), "agree"),
        ((dose(1, G_KG), dose(0.5, G_KG)), "disagree"),
        ((dose(3.4, G), dose(3.4, G)), "agree"),
    ],
    ids=str,
)
def test_statements_agree_within_5_percent_and_per_kilogram_within_what_weights_differ(
    demo: Knowledge, stated: tuple[Json, ...], agreement: str
) -> None:
    assert value(facts(demo, order(*stated)), "order_entries") == agreement


def test_statements_that_cannot_be_compared_are_a_doubt(demo: Knowledge) -> None:
    found = facts(demo, order(dose(3.4, G), dose(34, ML)), setting(demo, product=None))
    assert value(found, "order_grams") == 3.4
    assert "cannot be compared" in why(found, "order_entries")


def test_of_several_doses_the_largest_counts(demo: Knowledge) -> None:
    draft = order() | {"dosageInstruction": [{"doseAndRate": [dose(1.7, G)]}, {"doseAndRate": [dose(3.4, G)]}]}
    found = facts(demo, draft)
    assert value(found, "order_doses") == 2
    assert value(found, "order_grams") == 3.4


def test_the_steps_of_one_infusion_are_one_dose(demo: Knowledge) -> None:
    steps: list[Json] = [
        {"timing": {"repeat": {"duration": 30, "durationUnit": "min"}}, "doseAndRate": [{"rateQuantity": each}]}
        for each in (quantity(2, "mL/h"), quantity(8, "mL/h"))
    ]
    steps[0]["doseAndRate"][0] |= dose(3.4, G)
    found = facts(demo, order() | {"dosageInstruction": steps})
    assert value(found, "order_doses") == 1
    assert value(found, "order_grams") == 3.4
    assert value(found, "order_hours") == 1
    assert value(found, "order_rate") == round(8 * 100 / 3.4 / 60, 4)


@pytest.mark.parametrize(
    ("draft", "where", "name", "reason"),
    [
        (order(), {}, "order_grams", "the order states no dose"),
        ({"resourceType": "MedicationRequest", "id": "x"}, {}, "order_grams", "the order states no dose"),
        (order(dose(34, ML)), {"product": None}, "order_grams", "strength of its product is not known"),
        (order(dose(1, G_KG)), {"kg": None}, "order_grams", "no measured weight"),
        (order(dose(3.4, G)), {"kg": None}, "order_dose", "no measured weight"),
        (order(dose(3.4, G)), {"product": None}, "order_volume", "strength of the product ordered is not known"),
        (order(dose(3.4, G)), {"kg": None}, "order_volume_per_kg", "no measured weight"),
        (order(dose(3.4, G)), {"indication": ""}, "order_range", "no usual dose is known"),
        (order(dose(3400, "ug")), {}, "order_grams", "3400 ug has a unit that is not known"),
        (order(dose(3.4, "")), {}, "order_grams", "3.4 has a unit that is not known"),
        (order(dose(-1, G)), {}, "order_grams", "is not a number that a dose can be"),
        (order(dose(3.4, G)), {}, "order_weight", "does not tell which weight"),
        (order(dose(3.4, G)), {}, "order_weight_share", "does not tell which weight"),
        (order(dose(3.4, G), text="for 3.4 kg"), {"kg": None}, "order_weight_share", "no measured weight"),
    ],
    ids=str,
)
def test_what_is_not_known_is_a_doubt_with_its_reason(
    demo: Knowledge, draft: Json, where: dict[str, Any], name: str, reason: str
) -> None:
    assert reason in why(facts(demo, draft, setting(demo, **where)), name)


def test_units_that_contradict_each_other_leave_the_dose_unknown(demo: Knowledge) -> None:
    wrong = {"doseQuantity": quantity(3.4, MG) | {"unit": "g"}}
    found = facts(demo, order(wrong, text="3.4 g over 4 h"))
    assert value(found, "order_units") == "contradictory"
    assert remark(found, "order_units") == "3.4 g, by its code mg, is in two units that disagree"
    for name in ("order_grams", "order_dose", "order_entries", "order_range", "order_volume", "live_vaccine_date"):
        assert "two units that disagree" in why(found, name)
    assert why(found, "order_signature") == "the dose is not known"


def test_a_dose_per_kilogram_is_judged_without_a_weight(demo: Knowledge) -> None:
    found = facts(demo, order(dose(2, G_KG)), setting(demo, None))
    assert value(found, "order_dose") == 2
    assert value(found, "order_range") == "refused_high"
    assert value(found, "live_vaccine_date") == "2027-10-20"


def test_a_dose_in_words_alone_is_read_and_said_to_be(demo: Knowledge) -> None:
    found = facts(demo, order(text="IVIG 1 g/kg (3.4 g) IV over 4 hours for 3.4 kg"))
    assert value(found, "order_read") == "text"
    assert value(found, "order_grams") == 3.4
    assert value(found, "order_entries") == "agree"
    assert value(found, "order_hours") == 4
    assert value(found, "order_weight") == 3.4
    coded = facts(demo, order(dose(3.4, G), text="over 4 hours, weight 3.2 kg"))
    assert value(coded, "order_read") == "coded"
    assert value(coded, "order_hours") == 4
    assert value(coded, "order_weight_share") == round(3.2 / 3.4, 4)


@pytest.mark.parametrize(
    ("indication", "grams_per_kg", "place"),
    [
        ("hdn", "0.19", "refused_low"),
        ("hdn", "0.2", "unusual_low"),
        ("hdn", "0.39", "unusual_low"),
        ("hdn", "0.4", "usual"),
        ("hdn", "1", "usual"),
        ("hdn", "1.1", "unusual_high"),
        ("hdn", "1.5", "unusual_high"),
        ("hdn", "1.51", "refused_high"),
        ("sepsis", "0.5", "none_usual"),
        ("sepsis", "4.1", "refused_high"),
        ("gald", "0.1", "usual"),
        ("gald", "1.3", "unusual_high"),
        ("kawasaki", "0.9", "unusual_low"),
        ("kawasaki", "2", "usual"),
        ("immunodeficiency", "0.15", "unusual_low"),
        ("immunodeficiency", "0.05", "refused_low"),
    ],
)
def test_a_dose_lies_in_the_limits_of_its_indication(
    demo: Knowledge, indication: str, grams_per_kg: str, place: str
) -> None:
    grams = float(Decimal(grams_per_kg) * 3)
    assert value(facts(demo, order(dose(grams, G)), setting(demo, "3", indication)), "order_range") == place


def test_a_dose_rounded_to_what_can_be_drawn_up_is_still_usual(demo: Knowledge) -> None:
    assert value(facts(demo, order(dose(3.5, G))), "order_range") == "usual"
    assert value(facts(demo, order(dose(3.6, G))), "order_range") == "unusual_high"


def test_of_a_range_of_doses_the_graver_end_counts(demo: Knowledge) -> None:
    for low, high, place in ((1.7, 6.8, "refused_high"), (0.3, 3.4, "refused_low"), (1.7, 3.4, "usual")):
        wide = {"doseRange": {"low": quantity(low, G), "high": quantity(high, G)}}
        assert value(facts(demo, order(wide)), "order_range") == place


@pytest.mark.parametrize(
    ("product", "strength", "words"),
    [
        ("gammaplex_10", None, {"order_product": "shelf", "order_sorbitol": "no", "order_iga": "very_low"}),
        ("privigen_10_us", None, {"order_product": "other", "order_proline": "yes", "order_sucrose": "no"}),
        ("flebogamma_5", None, {"order_product": "other", "order_sorbitol": "yes"}),
        ("octagam_10", None, {"order_maltose": "yes", "order_iga": "high"}),
        (None, None, {"order_product": "not_known", "order_maltose": "not_known", "order_iga": "not_known"}),
        (None, "0.1", {"order_product": "not_known"}),
        (None, "0.05", {"order_product": "other", "order_sorbitol": "not_known"}),
    ],
    ids=str,
)
def test_the_product_ordered(demo: Knowledge, product: str | None, strength: str | None, words: dict[str, str]) -> None:
    where = setting(demo, product=product, strength=Decimal(strength) if strength else None)
    found = facts(demo, order(dose(3.4, G)), where)
    assert {name: value(found, name) for name in words} == words


def test_a_strength_without_a_brand_gives_the_volume(demo: Knowledge) -> None:
    where = setting(demo, product=None, strength=Decimal("0.05"))
    assert value(facts(demo, order(dose(68, ML)), where), "order_grams") == 3.4
    assert value(facts(demo, order(dose(3.4, G)), where), "order_volume_per_kg") == 20


def test_indication_and_route_are_as_they_were_found(demo: Knowledge) -> None:
    found = facts(demo, order(), setting(demo, route="other"))
    assert (value(found, "order_indication"), value(found, "order_route")) == ("hdn", "other")
    assert value(facts(demo, order(), setting(demo, indication="")), "order_indication") == "not_known"


@pytest.mark.parametrize("draft", [order(*EPIC, text="over 4 h"), order(), order(text="as directed")], ids=str)
def test_every_fact_of_an_order_is_there_known_or_in_doubt(demo: Knowledge, draft: Json) -> None:
    listed = {name for name, spec in demo.facts.items() if spec.kind == "order"}
    found = facts(demo, draft)
    assert set(found) == listed
    for name, fact in found.items():
        assert fact.name == name
        if isinstance(fact, Fact):
            assert fact.source == "MedicationRequest/draft-1"
            categories = demo.facts[name].categories
            assert not categories or fact.value in categories
        else:
            assert fact.why
            assert set(fact.needs) <= set(demo.facts)
            assert fact.missing in (Missing.ABSENT, Missing.UNUSABLE)


@pytest.mark.parametrize(
    ("milliliters", "place"), [(34, "usual"), (35, "usual"), (40, "over_10"), (68, "over_10"), (72, "over_20")]
)
def test_the_volume_lies_in_its_limits(demo: Knowledge, milliliters: float, place: str) -> None:
    assert value(facts(demo, order(dose(milliliters, ML))), "order_volume_range") == place


def test_the_state_of_the_weight(demo: Knowledge) -> None:
    assert value(facts(demo, order(*EPIC)), "weight_state") == "usable"
    assert value(facts(demo, order(*EPIC), setting(demo, None)), "weight_state") == "none"
    where = setting(demo)
    weight = where.baby.facts["dosing_weight"]
    assert isinstance(weight, Fact)
    weight.remark = "The weight used is 30 h old"
    assert value(facts(demo, order(*EPIC), where), "weight_state") == "doubtful"
