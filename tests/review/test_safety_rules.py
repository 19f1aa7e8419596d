"""The safety rules as a clinician meets them: each is proved by cases, and each card can be read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cds_service.cards.safety import SAFETY
from cds_service.errors import KnowledgeError
from cds_service.knowledge.load import load_knowledge
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.cases import run_folder
from cds_service.review.drawn_orders import check_orders, misread
from tests.knowledge.sites import FILES, write_files

CASES = Path(__file__).parent.parent / "cases" / "safety"
CARD: dict[str, Any] = {
    "summary": "The dose looks ten-fold wrong: 34 g is 10 g/kg; 3.4 g would be 1 g/kg",
    "detail": "**The dose looks ten-fold wrong.**",
    "extension": {SAFETY: {"rule": "tenfold", "level": "block"}},
}


def documents() -> dict[str, dict[str, Any]]:
    """By the name of their file of rules; what only another site shows stands in `<name>_demo_uk.toml`."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(CASES.glob("*.toml")):
        document = tomllib.loads(path.read_text("utf-8"))
        found.setdefault(path.stem.partition("_demo")[0], {"case": []})["case"] += document["case"]
    return found


def test_every_case_of_an_order_holds() -> None:
    assert not [(one.name, one.fault) for one in run_folder(CASES) if one.fault]


def test_every_file_of_rules_has_a_file_of_cases() -> None:
    knowledge = load_knowledge("demo")
    assert {file.file.rpartition("/")[2].removesuffix(".toml") for file in knowledge.safety} == set(documents())


def test_every_rule_that_has_a_card_fires_in_a_case_and_stays_silent_in_its_file() -> None:
    knowledge = load_knowledge("demo")
    expected = {
        stem: [set(case["expect"]["rules"]) for case in document["case"]] for stem, document in documents().items()
    }
    fired = set().union(*(rules for cases in expected.values() for rules in cases))
    carded = {rule.id for file in knowledge.safety for rule in file.rules if not rule.line}
    assert carded == fired
    for file in knowledge.safety:
        stem = file.file.rpartition("/")[2].removesuffix(".toml")
        for rule in file.rules:
            assert any(rule.id not in rules for rules in expected[stem])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, ""),
        ({"summary": "x " * 80}, "a summary of over 139 characters"),
        ({"summary": "cut …"}, "a summary of over 139 characters"),
        ({"summary": ""}, "a summary of over 139 characters"),
        ({"suggestions": []}, "an empty value at card.suggestions"),
        ({"summary": "The dose is {order_dose}"}, "a placeholder that was not filled"),
        ({"summary": "The dose is not known"}, ""),
        ({"summary": "The rate of not known is too fast"}, "a value that is not there"),
        ({"detail": "Dose: unusual_high"}, "a name of the catalogue"),
        ({"detail": "2.2058823 g/kg"}, "not rounded for a reader"),
        ({"detail": "0 g is ordered"}, "not rounded for a reader"),
        ({"detail": "The dose () is wrong"}, "punctuation without words"),
        ({"detail": "Too short.. Never shorten it"}, "punctuation without words"),
    ],
    ids=str,
)
def test_what_a_reader_would_stumble_over_is_found(change: dict[str, Any], says: str) -> None:
    fault = misread(CARD | change)
    assert says in fault
    assert bool(fault) is bool(says)


def test_the_gate_refuses_a_rule_whose_summary_grows_too_long(tmp_path: Path) -> None:
    rules = (
        'title = "A hospital\'s own rule"\nanswer = "all"\n[[rule]]\nid = "talkative"\nlevel = "info"\n'
        'cite = {source = "own", place = "made up"}\nwhen = "order_read is coded"\n'
        f'summary = "{"every word of this summary " * 5}{{order_grams}}"\ntext = "Made up."\n'
    )
    folder = write_files(tmp_path / "own_site", FILES | {"safety/own.toml": rules})
    knowledge: Knowledge = load_knowledge(folder)
    with pytest.raises(KnowledgeError, match="talkative: a summary of over 139 characters"):
        check_orders(knowledge, 20)


def test_the_shipped_rules_read_well_whatever_is_ordered() -> None:
    cards, rules = check_orders(load_knowledge("demo_uk"), 60)
    assert cards > 100
    assert len(rules) > 30
