"""A new hospital's folder is written whole, and the shipped worked examples of hospitals hold their own cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.cli import cli
from cds_service.errors import KnowledgeError
from cds_service.knowledge.files import PACKAGE
from cds_service.knowledge.load import load_knowledge
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.cases import run_folder
from cds_service.review.check import check_site
from cds_service.review.new_site import new_site


def run(*words: str) -> str:
    result = CliRunner().invoke(cli, ["site", "new", *words], catch_exceptions=False, standalone_mode=False)
    return result.output


def test_a_new_site_passes_the_gate_unchanged_and_says_what_comes_next(tmp_path: Path) -> None:
    folder = tmp_path / "our_hospital"
    said = run(str(folder), "--like", "demo_uk").splitlines()
    assert [line.split()[:2] for line in said[1:]] == [
        ["ivig-cds", "check"],
        ["ivig-cds", "check"],
        ["ivig-cds", "serve"],
    ]
    assert all(str(folder) in line for line in said)
    assert check_site(str(folder)).lines[0].startswith("site our_hospital: knowledge")


@pytest.mark.parametrize("like", ["demo", "demo_uk", "river", "dale"])
def test_a_new_site_follows_what_its_pattern_follows(tmp_path: Path, like: str) -> None:
    new_site(tmp_path / "own", like)
    own, pattern = load_knowledge(str(tmp_path / "own")), load_knowledge(like)
    assert own.site.follows == pattern.site.follows
    assert [one.name for one in own.site.shelf] == [one.name for one in pattern.site.shelf]
    assert own.site.zone == pattern.site.zone
    assert not any(one.overlay for one in own.guidance.values())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    with pytest.raises(KnowledgeError, match="it is there already, and nothing is overwritten"):
        new_site(tmp_path / "own", "demo")
    assert not list((tmp_path / "own").iterdir())


@pytest.mark.parametrize(
    ("name", "like", "says"),
    [("our hospital", "demo", "letters, digits, _ and - are allowed"), ("own", "nowhere", "no site.toml there")],
)
def test_a_faulty_name_or_pattern_leaves_nothing_behind(tmp_path: Path, name: str, like: str, says: str) -> None:
    with pytest.raises(KnowledgeError, match=says):
        new_site(tmp_path / name, like)
    assert not (tmp_path / name).exists()


def test_the_examples_in_the_new_folder_load_once_they_are_no_comments(tmp_path: Path) -> None:
    new_site(tmp_path / "own", "demo")
    overlay = tmp_path / "own" / "overlays" / "fnait" / "baseline.toml"
    lines = overlay.read_text("utf-8").partition("#\n")[2].splitlines()
    overlay.write_text("\n".join(line.removeprefix("#").strip() for line in lines), "utf-8")
    rows = (tmp_path / "own" / "README.md").read_text("utf-8").split("```")[1]
    for block in rows.strip().split("\n\n"):
        name, _, text = block.partition("\n")
        with (tmp_path / "own" / name).open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    knowledge = load_knowledge(str(tmp_path / "own"))
    moved = knowledge.guidance["fnait", "baseline"].overlay
    assert moved is not None
    assert len(moved.moved) == 2
    assert knowledge.override_reasons[-1].code == "asked-transfusion"
    assert knowledge.site.product.orderables[0].code == "900101"


@pytest.mark.parametrize("site", ["river", "dale"])
def test_the_worked_examples_of_hospitals_hold_their_cases(site: str) -> None:
    results = run_folder(PACKAGE / "sites" / site / "cases")
    assert results
    assert [f"{one.name}: {one.fault}" for one in results if one.fault] == []


def test_the_worked_examples_bring_one_of_each(demo: Knowledge) -> None:
    for name in ("river", "dale"):
        own = load_knowledge(name)
        assert any(one.overlay for one in own.guidance.values())
        assert len(own.override_reasons) == len(demo.override_reasons) + 1
        assert own.site.product.orderables
        assert len(own.codelists["platelets"].codes) == len(demo.codelists["platelets"].codes) + 1
        assert "invented" in own.site.title
