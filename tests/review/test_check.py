"""The clinician's gate: what it refuses beyond the shape of the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.errors import KnowledgeError
from cds_service.knowledge.load import load_knowledge, site_folder
from cds_service.review.check import Walks, adds_nothing, check_guidance, check_product
from tests.knowledge.sites import FILES, GUIDANCE, SITE, write_files

OWN = "indications/hdn/own.toml"
PRODUCTS = """\
product,title,market,grams_per_mL,vial_sizes_g,steps_mg_per_kg_min,step_minutes,first_step_minutes,max_mg_per_kg_min,\
sorbitol,maltose,sucrose,proline,iga,label_min_age,dilution_flush,source,cite
made_up_5,{title},nowhere,{strength},5,0.5,,30,4,no,no,no,no,not_known,from birth,none,made_up,page 9
"""
SOLD = {"site.toml": SITE.replace("privigen_10_eu", "made_up_5")}


def product_fault(folder: Path, title: str, strength: str) -> str:
    """What the gate says of a site that keeps this product; empty where it says nothing."""
    files = FILES | SOLD | {"products.csv": PRODUCTS.format(title=title, strength=strength)}
    try:
        check_product(load_knowledge(write_files(folder / "own_site", files)))
    except KnowledgeError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("title", "strength", "says"),
    [
        ("Octagam 5%", "0.05", ""),
        ("Riverglobulin 5%", "0.05", "an order for 'Riverglobulin 5%' is not taken for IVIG"),
        ("Octagam 10%", "0.05", "an order for 'Octagam 10%' is taken for another product or strength"),
    ],
)
def test_a_product_whose_order_would_not_be_known_is_refused(
    tmp_path: Path, title: str, strength: str, says: str
) -> None:
    found = product_fault(tmp_path, title, strength)
    assert says in found
    assert bool(found) is bool(says)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('{none = [{all = ["isoimmune", "high"]}]}', '{none = ["isoimmune"]}', "no recommendation is met"),
        ('summary = "Give {dose}', 'summary = "' + "Give it without any delay. " * 6 + "{dose}", "summary of"),
        ('"age > oldest"', '{all = ["age > oldest", "dat is positive", "dat is negative"]}', "no newborn ever reaches"),
    ],
    ids=["a gap", "a summary too long", "an answer never reached"],
)
def test_guidance_with_a_gap_or_a_card_too_long_or_a_dead_answer_is_refused(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in GUIDANCE
    knowledge = load_knowledge(write_files(tmp_path / "own_site", FILES | {OWN: GUIDANCE.replace(old, new)}))
    with pytest.raises(KnowledgeError, match=says):
        check_guidance(knowledge, knowledge.guidance["hdn", "own"])


def test_the_whole_guidance_passes(tmp_path: Path) -> None:
    knowledge = load_knowledge(write_files(tmp_path / "own_site", FILES))
    assert "newborns at every boundary" in check_guidance(knowledge, knowledge.guidance["hdn", "own"])


def test_a_file_walked_for_another_site_says_the_same() -> None:
    walks: Walks = {}
    lines = []
    for site in ("demo", "demo_nz"):
        knowledge = load_knowledge(site)
        guidance = knowledge.guidance["gald", "baseline"]
        lines += [check_guidance(knowledge, guidance, walks), check_guidance(knowledge, guidance)]
    assert list(walks) == ["indications/gald/baseline.toml"]
    assert len(set(lines)) == 1


@pytest.mark.parametrize(("site", "nothing"), [("demo", True), ("demo_uk", True), ("dale", False), ("river", False)])
def test_a_site_with_knowledge_of_its_own_is_walked_on_its_own(site: str, nothing: bool) -> None:
    assert adds_nothing(site_folder(site)) is nothing
