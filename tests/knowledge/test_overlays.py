"""A hospital moves what a guideline lets vary, within its bounds, and the card cites the hospital for it."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from cds_service.hooks.service import Answerer
from cds_service.knowledge.load import load_knowledge
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.babies import order_select
from cds_service.review.check import guidance_hashes
from tests.knowledge.sites import FILES, GUIDANCE, fault, write_files

OWN, OVER = "indications/hdn/own.toml", "overlays/hdn/own.toml"
BOUNDS = 'may_vary = {from = 12, to = 18, source = "own", cite = "a test"}'
LOOSE = (
    GUIDANCE.replace('cite = "p. 2"}', f'cite = "p. 2", {BOUNDS}}}')
    .replace('"the limit", value', '"15 mg/dL", value')
    .replace('asks       = "a positive DAT and bilirubin of 15 or more"', 'asks = "bilirubin of {limit} or more"')
    .replace("a positive DAT and a high bilirubin", "a positive DAT and bilirubin of {limit} or more, {oldest} days")
    + 'may_vary = {amount = {from = 0.5, to = 1}, over = {from = 2, to = 4}, source = "own", cite = "a test"}\n'
)
MOVE = """\
source = "made_up"
[numbers]
limit = {value = 16.5, unit = "mg/dL", cite = "memo, page 1"}
[doses.ivig]
amount = {from = 0.5, to = 0.7, unit = "g/kg"}
over   = {value = 4, unit = "h"}
cite   = "memo, page 2"
"""
LIMIT = 'limit = {value = 16.5, unit = "mg/dL", cite = "memo, page 1"}'
AMOUNT = 'amount = {from = 0.5, to = 0.7, unit = "g/kg"}'
MOVED = FILES | {OWN: LOOSE, OVER: MOVE}


def moved(folder: Path, files: dict[str, str] = MOVED) -> Knowledge:
    return load_knowledge(write_files(folder / "own_site", files))


def card(knowledge: Knowledge, given: dict[str, Any]) -> dict[str, Any]:
    baby = {"age": "50 h", "gestation": "38+0", "dat": "positive", "weight": "3.4 kg", **given}
    call = orjson.dumps(order_select(baby, "own"))
    reply = Answerer(knowledge, accept_as_of=True).reply("neonatal-ivig-order-select", call)
    found: dict[str, Any] = orjson.loads(reply.body)["cards"][0]
    return found


def test_a_moved_limit_and_a_moved_dose_hold(tmp_path: Path) -> None:
    guidance = moved(tmp_path).guidance["hdn", "own"]
    number, dose = guidance.numbers["limit"], guidance.doses["ivig"]
    assert (number.value, number.title) == (Decimal("16.5"), "16.5 mg/dL")
    assert (dose.low, dose.high, dose.hours) == (Decimal("0.5"), Decimal("0.7"), Decimal(4))
    assert (number.may_vary.low, number.may_vary.high) == (12, 18) if number.may_vary else False
    assert set(dose.may_vary) == {"amount", "over"}


def test_without_an_overlay_the_guideline_holds(tmp_path: Path) -> None:
    guidance = moved(tmp_path, FILES | {OWN: LOOSE}).guidance["hdn", "own"]
    assert guidance.numbers["limit"].value == 15
    assert guidance.asks == "bilirubin of 15 or more"
    assert guidance.overlay is None


def test_the_texts_say_the_moved_figure(tmp_path: Path) -> None:
    guidance = moved(tmp_path).guidance["hdn", "own"]
    give = next(one for one in guidance.recommendations if one.id == "give")
    assert guidance.asks == "bilirubin of 16.5 or more"
    assert give.text == "a positive DAT and bilirubin of 16.5 or more, 10 days"


@pytest.mark.parametrize(("tsb", "summary"), [("16.5 mg/dL", "Give 1.7–2.38 g"), ("16.4 mg/dL", "Not yet")])
def test_the_moved_limit_decides(tmp_path: Path, tsb: str, summary: str) -> None:
    assert card(moved(tmp_path), {"tsb": tsb})["summary"].startswith(summary)


def test_the_citation_follows_the_moved_figure_and_names_the_guidelines(tmp_path: Path) -> None:
    found = card(moved(tmp_path), {"tsb": "17 mg/dL"})
    limit = "Made-up 2026, memo, page 1; moved by this site from 15 mg/dL: Made-up 2026, p. 2"
    assert limit in found["detail"]
    assert "memo, page 2; moved by this site from 0.7 g/kg over 3 h: Made-up 2026, p. 4" in found["detail"]
    assert "Made-up 2026, memo, page 1; moved by this site from: Made-up 2026, p. 2)" in found["detail"]
    assert "**Moved by this site** (Made-up 2026)" in found["detail"]
    assert "this site's 4 h" in found["detail"]
    criteria = found["extension"]["org.neonatal-ivig-cds.decision"]["criteria"]
    assert next(one["cite"] for one in criteria if one["text"] == "tsb >= limit") == limit


def test_a_recommendation_that_does_not_hang_on_the_moved_limit_keeps_its_citation(tmp_path: Path) -> None:
    guidance = moved(tmp_path).guidance["hdn", "own"]
    places = {one.id: one.cite.place for one in guidance.recommendations}
    assert places["too_old"] == "p. 1"
    assert places["wait"].startswith("memo, page 1; moved by this site from:")


def signoff(file: str, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f'[[signoff]]\nfile = "{file}"\nsha256 = "{digest}"\nwho = "Dr. A"\nrole = "lead"\ndate = "2026-11-21"\n'


@pytest.mark.parametrize(
    ("signatures", "guidance_signed", "overlay_signed"),
    [
        (signoff(OWN, LOOSE), True, False),
        (signoff(OVER, MOVE), False, True),
        (signoff(OWN, LOOSE) + signoff(OVER, MOVE), True, True),
    ],
    ids=["the guideline", "the overlay", "both"],
)
def test_an_overlay_needs_a_signature_of_its_own(
    tmp_path: Path, signatures: str, guidance_signed: bool, overlay_signed: bool
) -> None:
    knowledge = moved(tmp_path, MOVED | {"signoffs.toml": signatures})
    assert (OWN not in knowledge.unsigned, OVER not in knowledge.unsigned) == (guidance_signed, overlay_signed)
    detail = card(knowledge, {"tsb": "17 mg/dL"})["detail"]
    assert ("Not signed off by a clinician" not in detail) is guidance_signed
    assert ("These changes are not signed off by a clinician" not in detail) is overlay_signed


def test_an_overlay_changed_after_it_was_signed_stops_the_load(tmp_path: Path) -> None:
    files = {OWN: LOOSE, OVER: MOVE + "# a remark\n", "signoffs.toml": signoff(OVER, MOVE)}
    assert f"{OVER} was changed after 2026-11-21" in fault(tmp_path, files)


def test_the_version_and_the_hashes_cover_overlays(tmp_path: Path) -> None:
    first = moved(tmp_path / "a")
    other = moved(tmp_path / "b", MOVED | {OVER: MOVE + "# a remark\n"})
    assert first.version != other.version != moved(tmp_path / "c", FILES | {OWN: LOOSE}).version
    names = [name for name, _ in guidance_hashes((str(tmp_path / "a" / "own_site"),))]
    assert OVER in names


def test_an_overlay_of_comments_alone_moves_nothing(tmp_path: Path) -> None:
    knowledge = moved(tmp_path, FILES | {OWN: LOOSE, OVER: "# later\n"})
    assert knowledge.guidance["hdn", "own"].overlay is None
    assert OVER not in knowledge.unsigned


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (LIMIT, LIMIT.replace("16.5", "18.1"), "numbers.limit: 18.1 mg/dL is out of bounds; it may vary from 12 to 18"),
        (LIMIT, LIMIT.replace("16.5", "11.9"), "numbers.limit: 11.9 mg/dL is out of bounds"),
        (LIMIT, LIMIT.replace("16.5", "nan"), "numbers.limit"),
        (LIMIT, LIMIT.replace("16.5", "15.0"), "numbers.limit: 15 is the guideline's own value"),
        (LIMIT, LIMIT.replace("mg/dL", "umol/L"), "in umol/L; write it in the guideline's unit: mg/dL"),
        (LIMIT, LIMIT.replace("limit =", "oldest ="), "oldest may not vary; what may vary: limit"),
        (LIMIT, LIMIT.replace("limit =", "ceiling ="), "ceiling is not in the guideline; what may vary: limit"),
        (LIMIT, LIMIT.replace(', cite = "memo, page 1"', ""), "numbers.limit: 'cite' is a required"),
        (LIMIT, LIMIT.replace("}", ", minus = 2}"), "numbers.limit: unknown key minus; allowed: cite, unit, value"),
        (
            AMOUNT,
            AMOUNT.replace("0.5", "0.4"),
            "doses.ivig.amount: 0.4 g/kg is out of bounds; it may vary from 0.5 to 1",
        ),
        (AMOUNT, AMOUNT.replace("0.7", "1.1"), "doses.ivig.amount: 1.1 g/kg is out of bounds"),
        (AMOUNT, AMOUNT.replace("g/kg", "mg/kg"), "in mg/kg; write it in the guideline's unit: g/kg"),
        (AMOUNT, AMOUNT.replace("0.5", "0.7"), "doses.ivig.amount: this is the guideline's own value"),
        (AMOUNT, AMOUNT + "\nrepeat = {at_most = 3}", "unknown key repeat; allowed: amount, cite, over"),
        ("value = 4", "value = 5", "doses.ivig.over: 5 h is out of bounds; it may vary from 2 to 4 h"),
        ("[doses.ivig]", "[doses.other]", "doses.other: other is not in the guideline; what may vary: ivig"),
        ('source = "made_up"', "", "'source' is a dependency of 'numbers'"),
        (
            'source = "made_up"',
            'source = "aap_2022"',
            "source 'aap_2022' is not in the site's own sources.toml; there: made_up",
        ),
        ('source = "made_up"', 'source = "nobody"', "source 'nobody' is not in the site's own sources.toml"),
        ("[numbers]", "[statements]", "unknown key statements; allowed: doses, numbers, source"),
        (MOVE, 'source = "made_up"\n', "it moves nothing"),
        (MOVE, "[numbers", "not valid TOML"),
    ],
    ids=lambda text: text[:50].replace("\n", " "),
)
def test_anything_else_in_an_overlay_stops_the_load(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in MOVE
    message = fault(tmp_path, {OWN: LOOSE, OVER: MOVE.replace(old, new)})
    assert message.startswith(OVER)
    assert says in message


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("overlays/hdn/gone.toml", "there is no such guidance to move; there is: "),
        ("overlays/hdn/aap_2022.toml", "limit is not in the guideline; what may vary: nothing"),
        ("overlays/own.toml", "an overlay is a file overlays/<indication>/<guideline>.toml"),
        ("overlays/hdn/own.tml", "an overlay is a file overlays/<indication>/<guideline>.toml"),
        ("overlays/hdn/own/more.toml", "an overlay is a file overlays/<indication>/<guideline>.toml"),
    ],
)
def test_an_overlay_of_nothing_stops_the_load(tmp_path: Path, name: str, says: str) -> None:
    message = fault(tmp_path, {OWN: LOOSE, name: MOVE})
    assert message.startswith(name)
    assert says in message


def test_an_overlay_of_a_guideline_that_is_not_followed_stops_the_load(tmp_path: Path) -> None:
    move = 'source = "made_up"\n[numbers]\nsevere = {value = 25, unit = "10*9/L", cite = "x"}\n'
    message = fault(tmp_path, {"overlays/fnait/baseline.toml": move})
    assert "the site does not follow fnait/baseline; it shows: hdn/nice_cg98, hdn/own" in message


def test_a_moved_dose_stays_within_the_hard_limits(tmp_path: Path) -> None:
    files = {OWN: LOOSE.replace("to = 1}, over", "to = 9}, over"), OVER: MOVE.replace("to = 0.7", "to = 8")}
    assert "doses.ivig: outside the hard limits" in fault(tmp_path, files)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("from = 12", "from = 15.5", "numbers.limit: 15 mg/dL is out of bounds; it may vary from 15.5 to 18"),
        ("from = 12", "from = 18", "numbers.limit: may_vary must rise"),
        ("over = {from = 2, to = 4}", "over = {from = 3.5, to = 4}", "doses.ivig.over: 3 h is out of bounds"),
        ('to = 18, source = "own"', 'to = 18, source = "nobody"', "source 'nobody' is not known"),
        (
            "bilirubin of {limit} or more, {oldest}",
            "bilirubin of 15 or more, {oldest}",
            "give.text: 15 stands in the text",
        ),
        ('asks = "bilirubin of {limit}', 'asks = "bilirubin of 15', "asks: 15 stands in the text, but limit may vary"),
        ("limit {limit}", "limit 15 mg/dL", "give.summary: 15 stands in the text"),
        ("{oldest} days", "{tsb} days", "give.text: constant number 'tsb' is not known; known: limit, oldest"),
    ],
    ids=lambda text: text[:40],
)
def test_a_guideline_that_lets_vary_says_so_consistently(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in LOOSE
    message = fault(tmp_path, {OWN: LOOSE.replace(old, new)})
    assert message.startswith(OWN)
    assert says in message


def test_bounds_on_a_time_that_the_guideline_does_not_state_stop_the_load(tmp_path: Path) -> None:
    text = "\n".join(line for line in LOOSE.splitlines() if not line.startswith("over "))
    assert "doses.ivig.over: the guideline states no over" in fault(tmp_path, {OWN: text})


def test_a_cell_of_a_table_may_not_vary(tmp_path: Path) -> None:
    at = '{gestation = "gestational_weeks", age = "age_at_tsb"}'
    cell = f'table = "aap2022_exchange_risk", read = "exchange", unit = "mg/dL", at = {at}'
    text = LOOSE.replace('value = 15, unit = "mg/dL"', cell)
    assert "numbers.limit: unknown key" in fault(tmp_path, {OWN: text})
