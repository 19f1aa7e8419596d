"""Discovery, and its prefetch templates: within what CDS Hooks 2.0.1 recommends, so that any client can fill them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest

from cds_service.knowledge.load import shipped_sites
from tests.test_examples import client_of

Json = dict[str, Any]
README = Path(__file__).parent.parent.parent / "README.md"
# Hooks that HL7 publishes; any other would need a reverse-domain name.
STANDARD = {"patient-view", "order-select", "order-sign"}
TOKEN = re.compile(r"\{\{(.*?)\}\}")
# Required, primitive, and at the root of every one of the three contexts. `encounterId` may be absent.
TOKENS = {"context.patientId", "context.userId"}
READ = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]+")
SEARCH = re.compile(r"[A-Z][A-Za-z]+\?\S+")
# Parameters that refer, hold tokens or dates; and the two that say how much comes back.
REFERENCES = {"patient", "subject"}
TOKENED = {"code", "status", "category", "clinical-status", "verification-status"}
DATED = {"date", "authoredon", "effective-time", "recorded-date", "onset-date", "_lastUpdated"}
RESULT = {"_count", "_sort"}
PREFIX = re.compile(r"(eq|lt|gt|ge|le)?(\d{4}-\d{2}-\d{2}|\{\{today\(\) [+-] \d+ days\}\})")
PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?&=,%+;$@!*'()]+")


def services(site: str = "demo") -> list[Json]:
    found: list[Json] = client_of(site).get("/cds-services").get_json()["services"]
    return found


def templates() -> list[tuple[str, str]]:
    """Every template that any shipped site asks for."""
    asked = {
        (key, query) for site in shipped_sites() for one in services(site) for key, query in one["prefetch"].items()
    }
    return sorted(asked)


def test_every_service_says_who_it_is() -> None:
    for service in services():
        for member in ("id", "hook", "title", "description", "usageRequirements"):
            assert service[member].strip()
        assert re.fullmatch(r"\d+\.\d+\.\d+", service["version"])
        assert all(isinstance(query, str) and query for query in service["prefetch"].values())


def test_an_id_answers_one_hook_and_its_address_exists() -> None:
    ids = [service["id"] for service in services()]
    assert len(set(ids)) == len(ids)
    for service in services():
        wrong = client_of("demo").post(f"/cds-services/{service['id']}", json={"hook": "no-such-hook"})
        assert wrong.status_code == 400


def test_every_hook_is_one_that_hl7_publishes() -> None:
    assert {service["hook"] for service in services()} == STANDARD


def test_the_requirements_of_use_name_newborns_prefetch_and_the_hooks_that_must_fire() -> None:
    for service in services():
        said = service["usageRequirements"].lower()
        for word in ("newborn", "prefetch", "fhir server", "which of these hooks"):
            assert word in said


def test_the_readme_says_what_the_service_does_reads_and_does_not_do() -> None:
    text = README.read_text("utf-8")
    for service in services():
        assert f"`{service['id']}`" in text
        for key in service["prefetch"]:
            assert f"`{key}`" in text
    assert "## Limits" in text


@pytest.mark.parametrize(("key", "query"), templates())
def test_a_template_is_a_read_or_a_search_of_one_type_at_a_relative_address(key: str, query: str) -> None:
    bare = TOKEN.sub("x", query)
    assert READ.fullmatch(bare) or SEARCH.fullmatch(bare)
    assert "://" not in query.partition("?")[0]
    assert PLAIN.fullmatch(bare), "every other character is percent-encoded"


@pytest.mark.parametrize(("key", "query"), templates())
def test_a_template_needs_nothing_that_a_call_may_leave_out(key: str, query: str) -> None:
    """One that a client cannot fill is left out by it; so none hangs on an optional field, or on another key."""
    found = [token for token in TOKEN.findall(query) if not token.startswith("today()")]
    assert set(found) <= TOKENS
    assert "{{context.patientId}}" in query, "each is about this newborn alone"
    assert "%" not in "".join(found)


@pytest.mark.parametrize(("key", "query"), templates())
def test_a_template_stays_in_the_recommended_subset_of_search(key: str, query: str) -> None:
    for name, value in parse_qsl(query.partition("?")[2], keep_blank_values=True):
        parameter, _, modifier = name.partition(":")
        assert modifier in ("", "in")
        assert parameter in REFERENCES | TOKENED | DATED | RESULT
        assert value
        if parameter in DATED:
            assert PREFIX.fullmatch(unquote(value))
        if parameter == "_count":
            assert int(value) > 0


@pytest.mark.parametrize(("key", "query"), templates())
def test_a_template_asks_for_results_by_code_and_not_without_end(key: str, query: str) -> None:
    asked = dict(parse_qsl(query.partition("?")[2]))
    if query.startswith("Observation?"):
        assert asked["code"]
        assert asked["_count"]
