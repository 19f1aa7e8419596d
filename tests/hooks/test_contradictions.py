"""Contradictions in the record and in the order are named on the card, with both sides, and not resolved."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.hooks.service import Answerer
from cds_service.knowledge.load import load_knowledge, shipped_sites
from cds_service.review.babies import bundle, order_select, order_sign
from cds_service.review.orders import order
from tests.facts.records import GESTATION, GIVEN, WEIGHT, Json, measured, said
from tests.hooks.calls import ORDER_SELECT, answered, topics

ORDER_SIGN = "neonatal-ivig-order-sign"
AGAINST = "**The DAT is negative, yet"  # isoimmune hemolytic disease, or immune hemolysis, is on the problem list


def signed(answerer: Answerer, stated: Json, given: Json = GIVEN, **prefetch: Any) -> list[Json]:
    call = order_sign(order_select(given, "x"), order({"over": "4 h", "medication": "Gammaplex 10%"} | stated, "test"))
    call["prefetch"] |= prefetch
    found: list[Json] = answered(answerer, call, ORDER_SIGN)[1]["cards"]
    return found


def details(found: list[Json]) -> str:
    return "\n".join(f"{card['summary']}\n{card['detail']}" for card in found)


def rules(found: list[Json]) -> list[str]:
    return [topic.removeprefix("safety") for topic in topics(found) if topic.startswith("safety")]


@pytest.mark.parametrize("site", shipped_sites())
def test_a_negative_dat_against_an_isoimmune_diagnosis_is_named_at_every_site(site: str) -> None:
    answerer = Answerer(load_knowledge(site), accept_as_of=True)
    given = {**GIVEN, "dat": "negative"}
    for problems, named in ((["P55.1"], True), (["P59.9"], False)):
        call = order_select(given | {"conditions": problems}, "dat")
        found = answered(answerer, call, ORDER_SELECT)[1]["cards"]
        assert (AGAINST in details(found)) is named


def test_it_is_named_whether_the_diagnosis_is_on_record_or_the_reason_of_the_order(answerer: Answerer) -> None:
    found = signed(answerer, {"dose": "3.4 g", "reason": "P55.1"}, {**GIVEN, "dat": "negative"})
    assert AGAINST in details(found)


def test_two_weights_of_one_day_are_named_on_an_order_and_the_dose_is_questioned(answerer: Answerer) -> None:
    weights = [
        said(GESTATION, "38+0", effectiveDateTime=None),
        measured(WEIGHT, 3.4, "kg", ago="1 h", id="a"),
        measured(WEIGHT, 2.6, "kg", ago="5 h", id="b"),
    ]
    found = signed(answerer, {"dose": "3.4 g"}, measurements=bundle(weights))
    assert "weightoldwarn" in rules(found)
    assert "3.4 kg and 2.6 kg" in details(found)
    assert "weightoldwarn" not in rules(signed(answerer, {"dose": "3.4 g"}))


def test_grams_in_words_and_milligrams_in_code_are_one_contradiction_that_is_not_read(answerer: Answerer) -> None:
    found = signed(answerer, {"dose": "3.4 mg", "unit_text": "g"})
    assert rules(found) == ["contradictoryunitsblock"]
    assert "3.4 g, by its code mg" in details(found)
    assert "It states no usable dose" in details(found)


def test_grams_and_milligrams_that_mean_the_same_are_no_contradiction(answerer: Answerer) -> None:
    found = signed(answerer, {"calculated": "3.4 g", "administered": "3400 mg"})
    assert not {"entriesdisagreeblock", "contradictoryunitsblock"} & set(rules(found))


def test_grams_and_milligrams_of_one_figure_are_named_and_neither_is_taken_for_right(answerer: Answerer) -> None:
    found = signed(answerer, {"calculated": "3.4 g", "administered": "3.4 mg"})
    assert {"entriesdisagreeblock", "milligramsblock"} & set(rules(found))
    for part in ("3.4 g", "3.4 mg"):
        assert part in details(found)


def test_a_dose_per_kilogram_against_the_dose_beside_it_is_named(answerer: Answerer) -> None:
    found = signed(answerer, {"calculated": "3.4 g", "ordered": "0.5 g/kg"})
    assert any(rule.startswith(("entriesdisagree", "weightdiffers", "pounds")) for rule in rules(found))
    for part in ("3.4 g", "0.5 g/kg"):
        assert part in details(found)
