"""The sheet for analysts says what discovery says, for the site and the address that it is written for."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from cds_service.cli import cli
from cds_service.errors import SettingsError
from cds_service.hooks.discovery import SERVICES, discovery
from cds_service.knowledge.load import load_knowledge
from cds_service.knowledge.shapes import Knowledge
from cds_service.review.install_sheet import TRIGGERS, install_sheet

BASE = "https://cds.example.org/ivig"


@pytest.fixture(scope="module")
def sheet(demo: Knowledge) -> str:
    return install_sheet(demo, f"{BASE}/")


def test_every_service_has_its_addresses_audiences_trigger_and_filter(sheet: str) -> None:
    assert set(TRIGGERS) == {service.hook for service in SERVICES.values()}
    for name, service in SERVICES.items():
        for address in (f"{BASE}/cds-services/{name}", f"{BASE}/cds-services/{name}/feedback"):
            assert sheet.count(f"`{address}`") == 2  # as the address to call, and as the audience of its token
        assert f"| hook | `{service.hook}` |" in sheet
        assert TRIGGERS[service.hook] in sheet


def test_the_prefetch_is_that_of_discovery_once(sheet: str, demo: Knowledge) -> None:
    for service in discovery(demo)["services"]:
        for key, template in service["prefetch"].items():
            assert sheet.count(f"`{key}`\n\n```text\n{template}\n```") == 1


def test_every_reason_to_override_has_a_line_to_be_filled_in(sheet: str, demo: Knowledge) -> None:
    for reason in demo.override_reasons:
        assert f"| `{reason.code}` | {reason.display} | `{reason.system}` |   |" in sheet


def test_the_codes_of_the_site_are_printed_and_their_lack_is_said(sheet: str) -> None:
    assert "| Gammaplex 10% | none: a clinician enters it by hand |" in sheet
    river = load_knowledge("river")
    assert river.site.product.orderables
    for code in river.site.product.orderables:
        assert f"`{code.code}` ({code.display}, `{code.system}`)" in install_sheet(river, BASE)


def test_the_site_and_its_knowledge_are_named(sheet: str, demo: Knowledge) -> None:
    assert demo.version in sheet
    assert "Demo hospital (invented)" in sheet


@pytest.mark.parametrize("base", ["", "cds.example.org", "http://cds.example.org", "https://a.example/?x=1", "ftp://a"])
def test_an_address_that_no_ehr_could_call_is_refused(base: str) -> None:
    found = CliRunner().invoke(cli, ["install-sheet", "--base", base])
    assert isinstance(found.exception, SettingsError)
    assert "--base must be an https address" in str(found.exception)


def test_the_command_prints_it(sheet: str) -> None:
    found = CliRunner().invoke(cli, ["install-sheet", "--base", BASE])
    assert found.exit_code == 0
    assert found.output == sheet + "\n"
