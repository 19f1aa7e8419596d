"""The pages: the committed set is what would be written now, and a page holds what its file says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cds_service.cards.text import unit_name
from cds_service.knowledge.files import sha256
from cds_service.knowledge.load import shipped_sites
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.docs import render, write_docs
from cds_service.review.library import open_library
from cds_service.review.pictures import draw
from tests.knowledge.sites import FILES, GUIDANCE, write_files

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "docs" / "knowledge"
CASES = ROOT / "tests" / "cases"
LINK = re.compile(r"(?<!\\)\]\(([^)#\s]*)(#[^)\s]*)?\)")
OWN = "sites/own_site/hdn/own.md"
SAFETY = """\
title  = "Doses | that look wrong"
answer = "all"

[numbers]
few = {value = 20, unit = "10*9/L", cite = "p. 5"}

[statements]
scarce = "platelets < few"

[[rule]]
id      = "few_platelets"
level   = "block"
cite    = {source = "made_up", place = "p. 6"}
when    = "scarce"
unless  = "conditions in bleeding"
summary = "Few platelets: {platelets}, under {few}"
text    = "**Stop.** Only {platelets}."
offer   = ["delete_draft"]
"""
SIGNED = """\
[[signoff]]
file   = "indications/hdn/own.toml"
sha256 = "{hash}"
who    = "Dr. A. Example (invented)"
role   = "lead | neonatologist"
date   = "2026-11-21"
"""
CASE = """\
[given]
age = "50 h"
dat = "positive"

[[case]]
name    = "high | positive"
given   = {tsb = "16 mg/dL", birth_time = false}
without = ["age"]
expect  = {verdict = "recommended", answer = "give_it", limits = {limit = 15}, needs = [], grams = [2.38, 2.4]}
"""
ORDERS = """\
[order]
dose = "3.4 g"

[[case]]
name   = "scarce"
given  = {platelets = "19 10*9/L"}
beside = [{dose = "1 g"}]
more   = [{resourceType = "Device"}]
expect = {rules = {few_platelets = "block"}, offers = ["Delete"]}
"""


@pytest.fixture(scope="module")
def shipped() -> Mapping[str, str]:
    return render(open_library(shipped_sites(), CASES))


@pytest.fixture
def own(tmp_path: Path) -> Mapping[str, str]:
    """The pages of a made-up hospital with a guideline, a signature, a safety rule and a case of its own."""
    more = {"sources.toml": FILES["sources.toml"].replace('"verified"', '"second-hand"'), "safety/own.toml": SAFETY}
    folder = Path(write_files(tmp_path / "own_site", FILES | more))
    digest = sha256(folder / "indications" / "hdn" / "own.toml")
    write_files(folder, {"signoffs.toml": SIGNED.replace("{hash}", digest)})
    write_files(tmp_path / "cases", {"hdn/own.toml": CASE, "safety/own.toml": ORDERS})
    return render(open_library((str(folder),), tmp_path / "cases"))


def test_the_committed_pages_are_what_the_knowledge_says(shipped: Mapping[str, str]) -> None:
    held = {path.relative_to(COMMITTED).as_posix(): path for path in COMMITTED.rglob("*") if path.is_file()}
    stale = sorted(set(held) ^ set(shipped))
    stale += sorted(name for name in set(held) & set(shipped) if held[name].read_text("utf-8") != shipped[name])
    assert not stale, f"docs/knowledge is not what the knowledge says now; run `make docs` and commit it: {stale}"


def test_every_guidance_file_has_a_page_that_the_index_names(shipped: Mapping[str, str], demo: Knowledge) -> None:
    for indication, guideline in demo.guidance:
        assert f"({indication}/{guideline}.md)" in shipped["README.md"]
        assert f"{indication}/{guideline}.md" in shipped
    assert demo.version in shipped["README.md"]


def test_the_index_tells_what_changed_last(shipped: Mapping[str, str]) -> None:
    newest = re.search(r"^## (\S+)$", (ROOT / "cds_service" / "knowledge" / "CHANGES.md").read_text("utf-8"), re.M)
    assert newest is not None
    assert f"## What changed in {newest[1]}" in shipped["README.md"]


def test_every_link_leads_somewhere(shipped: Mapping[str, str]) -> None:
    for page, text in shipped.items():
        for path, anchor in LINK.findall(text) if page.endswith(".md") else ():
            where = (Path(page).parent / path).as_posix() if path else page
            parts: list[str] = []
            for part in where.split("/"):
                if part == "..":
                    parts.pop()
                else:
                    parts.append(part)
            target = "/".join(parts)
            assert target in shipped, f"{page}: {path}"
            if anchor:
                headings = re.findall(r"^#+ (.+)$", shipped[target], re.M)
                slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
                assert anchor[1:] in slugs, f"{page}: {path}{anchor}"


def test_every_row_of_a_table_has_as_many_cells_as_its_head(shipped: Mapping[str, str]) -> None:
    for page, text in shipped.items():
        cells = 0
        for line in text.splitlines():
            if not line.startswith("|") or not page.endswith(".md"):
                cells = 0
                continue
            found = len(re.findall(r"(?<!\\)\|", line))
            cells = cells or found
            assert found == cells, f"{page}: {line}"


def test_no_page_is_built_of_anything_from_outside(shipped: Mapping[str, str]) -> None:
    for page, text in shipped.items():
        assert "<script" not in text
        assert not re.search(r"!\[[^]]*\]\((?!\S*charts/)", text), page


def test_a_page_says_all_that_its_file_says(own: Mapping[str, str]) -> None:
    page = own[OWN]
    for words in (
        "# IVIG by the made-up guideline",
        "| asks for | a positive DAT and bilirubin of 15 or more |",
        "| followed by | own_site (Made-up hospital) |",
        "### 2. A positive DAT and a high bilirubin",
        "**recommended** ▲ *(Made-up 2026, p. 2; second-hand)* `give`",
        "Dose: ▲ 0.7 g/kg over 3 h *(Made-up 2026, p. 4; second-hand)*. The guideline states no repeat dose. `ivig`",
        "Card (warning): “Give ‹dose›: bilirubin ‹total serum bilirubin›, limit 15 mg/dL”",
        "### Term: isoimmune",
        "| `limit` | 15 mg/dL (the limit) | Made-up 2026 | p. 2 | ▲ second-hand |",
        "- number `oldest` (10 days): ▲ *(Made-up 2026, p. 1; second-hand)*",
        "- Signed off by Dr. A. Example (invented), lead \\| neonatologist, on 2026-11-21.",
        "- **Made-up 2026** (▲ second-hand). A guideline that nobody follows.",
    ):
        assert words in page, words
    assert "Not signed off" not in page


def test_cases_are_told_in_words(own: Mapping[str, str]) -> None:
    row = (
        "| high \\| positive | tsb 16 mg/dL, birth time no; without age | verdict recommended, answer `give_it`, "
        "limits (limit 15), needs none, grams 2.38 and 2.4 |"
    )
    assert row in own[OWN]
    assert "unless it says otherwise: age 50 h, dat positive." in own[OWN]
    assert "No cases are written for this file." in own["hdn/nice_cg98.md"]


def test_safety_rules_have_a_page_too(own: Mapping[str, str]) -> None:
    page = own["sites/own_site/safety/own.md"]
    for words in (
        "# Doses \\| that look wrong",
        "**block** (a card, critical) ▲ *(Made-up 2026, p. 6; second-hand)* `few_platelets`",
        "- [Scarce](#term-scarce) `scarce`",
        "Unless:\n\n- Active conditions on record: one or more of the list",
        "Card: “Few platelets: ‹platelet count›, under 20 ×10⁹/L”",
        "> **Stop.** Only ‹platelet count›.",
        "Offers: delete draft.",
        "unless it says otherwise: ordered: dose 3.4 g.",
        "| scarce | platelets 19 10\\*9/L; beside it: dose 1 g; with a further Device | "
        "rules (few platelets block), offers Delete |",
        "- rule `few_platelets`: ▲ *(Made-up 2026, p. 6; second-hand)*",
    ):
        assert words in page, words
    assert "[Doses \\| that look wrong](sites/own_site/safety/own.md)" in own["README.md"]


def test_a_page_says_what_its_file_says_and_beside_it_what_hospitals_moved(shipped: Mapping[str, str]) -> None:
    page = shipped["fnait/baseline.md"]
    assert "| `severe` | 20 ×10⁹/L |" in page
    assert "- number `severe`, 10 to 30 ×10⁹/L: ▲ *(own rule, needs sign-off: " in page
    assert "- `river` (River hospital (invented), United States): 20 x10^9/L moved to 25 x10^9/L ▲ *(River memo" in page
    assert "`river` (moved)" in shipped["README.md"]


def test_the_pages_of_one_hospital_hold_its_own_figures() -> None:
    page = render(open_library(("river",), CASES))["fnait/baseline.md"]
    assert "| `severe` | 25 ×10⁹/L |" in page
    assert "20 x10^9/L moved to 25 x10^9/L" in page


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "own_site", FILES | {"indications/hdn/own.toml": GUIDANCE})
    for out in ("one", "two"):
        names = write_docs((folder,), tmp_path / out, CASES)
    assert names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_each_line_of_a_picture_is_named_where_it_ends_and_no_name_lies_on_another(demo: Knowledge) -> None:
    for name, table in demo.tables.items():
        root = ElementTree.fromstring(draw(table, f"<{name}>"))
        title = root.find("{*}title")
        assert title is not None
        assert title.text == f"<{name}>"
        texts = [one for one in root.iter() if one.tag.endswith("text")]
        named = [one for one in texts if one.get("dy") and not one.get("text-anchor")]
        aged = len(next(iter(table.cells.values()))[table.gestations[-1]]) > 1
        assert len(named) == len(table.cells) * (len(table.gestations) if aged else 1)
        heights = sorted(float(one.attrib["y"]) for one in named)
        assert all(after - before >= 12 for before, after in pairwise(heights))
        assert f"{table.unit.quantity}, {unit_name(table.unit)}" in {one.text for one in texts}
