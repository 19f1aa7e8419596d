"""The report: what was shown, what was done with it, each card once; and what is forgotten by age."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.cli import cli
from cds_service.errors import StoreUnavailable
from cds_service.feedback import writer
from cds_service.feedback.outcome import Reason
from cds_service.feedback.report import NO_REASON, Period, Report, report, shown_cards
from cds_service.feedback.retention import purge
from cds_service.feedback.sheet import as_csv, as_text, rows_as_csv
from cds_service.feedback.shown import Answer
from cds_service.feedback.store import Store
from cds_service.feedback.tables import answers, cards, feedback
from cds_service.store_commands import BY
from tests.feedback.conftest import OpenStore
from tests.feedback.samples import ACCEPTED, ANSWER, AT, DOSE, OVERRIDDEN, RATE, later, rows, wait_for

NEWER = replace(
    ANSWER, at=AT + timedelta(days=1), site="other", knowledge_version="2026.11.3",
    cards=(replace(DOSE, card="card-other"),),
)  # fmt: skip
Fill = Callable[..., Store]


@pytest.fixture
def fill(store: Store) -> Fill:
    def filled(given: list[Answer], *outcomes: object) -> Store:
        store.record(given)
        store.take(outcomes)  # type: ignore[arg-type]
        wait_for(lambda: len(rows(store, answers)) == len(given))
        return store

    return filled


def counted(found: Report) -> dict[tuple[str, ...], tuple[int, int, int, int]]:
    return {
        group: (count.shown, count.accepted, count.overridden, count.unanswered)
        for group, count in found.counts.items()
    }


def test_shown_accepted_overridden_and_unanswered_by_rule_site_and_knowledge(fill: Fill) -> None:
    store = fill([ANSWER, NEWER], ACCEPTED, OVERRIDDEN)
    assert counted(report(store.engine, Period())) == {
        ("hdn/aap_2022", "demo", "2026.11.2"): (1, 1, 0, 0),
        ("hdn/aap_2022", "other", "2026.11.3"): (1, 0, 0, 1),
        ("too_fast", "demo", "2026.11.2"): (1, 0, 1, 0),
    }


def test_a_repeated_answer_and_a_repeated_report_count_once(fill: Fill) -> None:
    store = fill([ANSWER, ANSWER], ACCEPTED, ACCEPTED, later(ACCEPTED), replace(ACCEPTED, suggestions=("s2",)))
    assert counted(report(store.engine, Period(), ["indication"]))[("hdn",)] == (1, 1, 0, 0)


@pytest.mark.parametrize("first_accepted", [True, False])
def test_of_two_outcomes_the_latest_counts_whichever_came_first(fill: Fill, first_accepted: bool) -> None:
    override = replace(OVERRIDDEN, card="card-dose")
    outcomes = [ACCEPTED, later(override)] if first_accepted else [override, later(ACCEPTED)]
    store = fill([ANSWER], *reversed(outcomes))
    assert len(rows(store, feedback)) == 2
    found = counted(report(store.engine, Period(), ["indication"]))[("hdn",)]
    assert found == ((1, 0, 1, 0) if first_accepted else (1, 1, 0, 0))


def test_overrides_are_counted_by_reason(fill: Fill) -> None:
    both = replace(OVERRIDDEN, card="card-dose", reasons=(Reason("a"), Reason("b")))
    store = fill([ANSWER], both, replace(OVERRIDDEN, reasons=()))
    found = report(store.engine, Period(), ["site"]).counts[("demo",)]
    assert dict(found.reasons) == {"a": 1, "b": 1, NO_REASON: 1}


def test_the_same_card_of_another_client_is_another_card(fill: Fill) -> None:
    store = fill([ANSWER, replace(ANSWER, client="ehr-2")], replace(ACCEPTED, client="ehr-2"))
    found = counted(report(store.engine, Period(), ["client", "indication"]))
    assert found[("ehr-1", "hdn")] == (1, 0, 0, 1)
    assert found[("ehr-2", "hdn")] == (1, 1, 0, 0)


def test_feedback_on_unknown_cards_is_counted_apart(fill: Fill) -> None:
    unknown = replace(ACCEPTED, card="never-shown")
    store = fill([ANSWER], unknown, later(unknown), replace(ACCEPTED, client="somebody-else"))
    found = report(store.engine, Period())
    assert found.unknown == 2
    assert sum(count.accepted for count in found.counts.values()) == 0


def test_a_period_and_a_site_are_of_cards_shown(fill: Fill) -> None:
    store = fill([ANSWER, NEWER], later(ACCEPTED, 60 * 24 * 30))
    day = AT + timedelta(days=1)
    assert set(counted(report(store.engine, Period(since=day), ["site"]))) == {("other",)}
    assert counted(report(store.engine, Period(until=day), ["site"])) == {("demo",): (2, 1, 0, 1)}
    assert set(counted(report(store.engine, Period(site="other"), ["site"]))) == {("other",)}


def test_cards_that_decide_nothing_are_named_by_their_topic(fill: Fill) -> None:
    store = fill([replace(ANSWER, cards=(replace(RATE, rule="", level="", topic="monitoringhdn"),))])
    assert set(counted(report(store.engine, Period(), ["rule"]))) == {("monitoringhdn",)}


def test_every_group_can_be_asked_for(fill: Fill) -> None:
    store = fill([ANSWER])
    assert all(report(store.engine, Period(), [name]).counts for name in BY)


def test_the_text_can_be_read(fill: Fill) -> None:
    store = fill([ANSWER], OVERRIDDEN, replace(ACCEPTED, card="unknown"))
    assert list(as_text(report(store.engine, Period()))) == [
        "rule          site  knowledge  shown  accepted  overridden  unanswered",
        "hdn/aap_2022  demo  2026.11.2      1         0           0           1",
        "too_fast      demo  2026.11.2      1         0           1           0",
        "    overridden: expert-contradicts: 1",
        "feedback on cards that are not known to have been shown: 1",
    ]


def test_the_csv_has_a_column_for_each_reason(fill: Fill) -> None:
    store = fill([ANSWER], OVERRIDDEN)
    table = list(csv.DictReader(StringIO(as_csv(report(store.engine, Period(), ["rule"])))))
    assert [row["overridden: expert-contradicts"] for row in table] == ["0", "1"]


def test_the_rows_hold_the_six_columns(fill: Fill) -> None:
    reason = Reason("x", "", "Advice contradicts")
    store = fill([ANSWER, NEWER], ACCEPTED, replace(OVERRIDDEN, reasons=(reason,), comment="not kept"))
    dose, rate, silent = csv.DictReader(StringIO("".join(rows_as_csv(shown_cards(store.engine, Period())))))
    assert list(dose) == ["intervention", "action_taken", "feedback", "user", "date", "location"]
    assert dose["intervention"] == "hdn/aap_2022: consider (2026.11.2)"
    assert dose["action_taken"] == "accepted: update MedicationRequest"
    assert rate["action_taken"] == "overridden"
    assert rate["feedback"] == "Advice contradicts; (comment not kept)"
    assert silent["action_taken"] == "unanswered"
    assert (rate["date"], rate["location"]) == ("2026-11-20T22:20:00Z", "demo/ehr-1/north")
    assert len(dose["user"]) == 64


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "\r=", " \n="])
def test_no_cell_begins_like_a_formula(fill: Fill, sign: str) -> None:
    reason = Reason(f"{sign}cmd|'/C calc'!A0", "", f"{sign}HYPERLINK(1)")
    store = fill([ANSWER], replace(OVERRIDDEN, reasons=(reason,)))
    written = "".join(rows_as_csv(shown_cards(store.engine, Period()))) + as_csv(report(store.engine, Period()))
    cells = [cell for row in csv.reader(StringIO(written, newline="")) for cell in row]
    assert f"'{sign.strip()}HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.lstrip().startswith(sign.strip())]


def test_what_is_too_old_is_forgotten_and_nothing_else(fill: Fill) -> None:
    store = fill([ANSWER] * 1100 + [NEWER], ACCEPTED, replace(OVERRIDDEN, received=AT + timedelta(days=2)))
    assert purge(store.engine, AT + timedelta(hours=1)) == {"answers": 1100, "feedback": 1}
    assert [row.site for row in rows(store, answers)] == ["other"]
    assert [row.card for row in rows(store, cards)] == ["card-other"]
    assert [row.card for row in rows(store, feedback)] == ["card-rate"]


def test_it_is_forgotten_without_being_asked(url: str, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PURGE_EVERY", 0.0)
    store = open_store(url, keep_days=30)
    now = datetime.now(UTC)
    store.take([replace(ACCEPTED, received=now - timedelta(days=31)), later(ACCEPTED, received=now)])
    store.record([replace(ANSWER, at=now - timedelta(days=29)), replace(ANSWER, at=now - timedelta(days=31))])
    wait_for(lambda: len(rows(store, feedback)) == len(rows(store, answers)) == 1)


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    monkeypatch.setenv("CDS_DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> str:
        result = CliRunner().invoke(cli, arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    return command


def test_the_commands(fill: Fill, run: Callable[..., str]) -> None:
    assert "nothing was shown" in run("feedback", "report")
    fill([ANSWER], ACCEPTED)
    lines = run("feedback", "report", "--by", "indication", "--since", "2026-11-20").splitlines()
    assert lines[-1].split() == ["hdn", "1", "1", "0", "0"]
    assert run("feedback", "report", "--format", "csv").startswith("rule,site,knowledge,shown,accepted")
    assert len(run("feedback", "report", "--rows", "--site", "demo").splitlines()) == 3
    assert "nothing was shown" in run("feedback", "report", "--until", "2026-11-01")
    assert run("feedback", "purge", "--days", "99999") == "answers: 0 removed\nfeedback: 0 removed\n"
    assert run("feedback", "purge", "--days", "0").startswith("answers: 1 removed")
    assert run("store", "upgrade") == "the store's schema is 0001\n"


def test_a_store_that_cannot_be_reached_is_said_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", "postgresql://somebody:secret@127.0.0.1:1/name")
    failed = CliRunner().invoke(cli, ["feedback", "report"]).exception
    assert isinstance(failed, StoreUnavailable)
    assert "secret" not in str(failed)
