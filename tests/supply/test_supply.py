"""The bill of materials is whole and the same each time; an audit that could not be made is no all-clear."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from cds_service import __version__
from tests.supply.audit import CLEAN, FAULTS, NOT_CHECKED, judge
from tests.supply.sbom import completed, read

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


@pytest.fixture(scope="module")
def bill() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return completed(read(LOCK))


def test_every_locked_package_is_listed_with_its_hashes(bill: Any) -> None:
    text = LOCK.read_text("utf-8")
    listed = {one["name"]: one for one in bill["components"]}
    assert {name: one["version"] for name, one in listed.items()} == dict(LOCKED.findall(text))
    hashes = {
        each["content"] for one in listed.values() for file in one["externalReferences"] for each in file["hashes"]
    }
    assert hashes == set(re.findall(r"sha256:([0-9a-f]{64})", text))


def test_nearly_every_package_has_a_license(bill: Any) -> None:
    without = {one["name"] for one in bill["components"] if "licenses" not in one}
    assert len(without) <= 2, without


def test_it_names_this_release_and_no_place_on_the_network(bill: Any) -> None:
    assert bill["metadata"]["component"]["name"] == "neonatal-ivig-cds"
    assert bill["metadata"]["component"]["version"] == __version__
    said = json.dumps({key: value for key, value in bill.items() if key != "$schema"})
    assert "://" not in said
    assert "timestamp" not in said
    assert "serialNumber" not in bill


def test_it_is_valid(bill: Any) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None


FINE = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "X-1", "fix_versions": ["3"], "description": "", "aliases": []}]}
SKIPPED = {"name": "c", "skip_reason": "could not be audited"}


@pytest.mark.parametrize(
    ("packages", "code", "line"),
    [
        ([FINE], CLEAN, "1 of 1 packages checked, 0 known faults"),
        ([FINE, BAD], FAULTS, "b 2: X-1, mended in 3"),
        ([FINE, SKIPPED], NOT_CHECKED, "not checked: c: could not be audited"),
        ([BAD, SKIPPED], FAULTS, "not checked: c: could not be audited"),
        ([], NOT_CHECKED, "not checked: nothing is locked"),
    ],
)
def test_an_audit_is_clean_only_where_all_was_checked(packages: Any, code: int, line: str) -> None:
    lines, found = judge(json.dumps({"dependencies": packages}), "")
    assert found == code
    assert line in lines


@pytest.mark.parametrize("said", ["", "{", "[]", "{}"])
def test_an_audit_without_an_answer_is_not_clean(said: str) -> None:
    assert judge(said, "some\nerror: no route") == (["not checked: error: no route"], NOT_CHECKED)
