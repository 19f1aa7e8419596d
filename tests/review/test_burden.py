"""How many safety cards an ordinary, correct order raises: as few as one can read, and none of most newborns."""

from __future__ import annotations

import pytest

from cds_service.knowledge.load import load_knowledge
from cds_service.review.burden import burden

NEWBORNS = 200
OF_THE_ORDER = {
    rule.id for file in load_knowledge("demo").safety if file.file == "safety/dose.toml" for rule in file.rules
}


@pytest.mark.parametrize("site", ["demo", "demo_uk", "demo_ca", "demo_nz"])
def test_an_ordinary_correct_order_raises_less_than_one_safety_card_and_no_rule_on_most(site: str) -> None:
    found = burden(site, NEWBORNS)
    assert found.orders == NEWBORNS
    assert found.safety_per_order < 1
    assert not [rule for rule, count in found.rules.items() if count > NEWBORNS / 2]
    # The order is the one that the service itself offered: nothing in it may be questioned.
    assert not [rule for rule in found.rules if rule.split()[0] in OF_THE_ORDER]


def test_the_same_newborns_are_drawn_each_time() -> None:
    assert burden("demo", 20).lines() == burden("demo", 20).lines()
