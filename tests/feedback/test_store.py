"""What the store remembers, on both databases."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cds_service.errors import SettingsError
from cds_service.feedback import soon, writer
from cds_service.feedback import tokens as tokens_module
from cds_service.feedback.outcome import Reason
from cds_service.feedback.store import Store
from cds_service.feedback.tables import answers, cards, feedback, tokens
from tests.feedback.conftest import KEY, OpenStore
from tests.feedback.samples import (
    ACCEPTED,
    ANSWER,
    AT,
    INSTANCE,
    OVERRIDDEN,
    PATIENT,
    USER,
    later,
    python,
    rows,
    wait_for,
)

UNTIL = datetime.now(UTC) + timedelta(minutes=5)


def test_every_answer_is_remembered_with_its_cards(store: Store) -> None:
    silent = replace(ANSWER, cards=())
    store.record([ANSWER])
    store.record([silent])
    wait_for(lambda: len(rows(store, answers)) == 2)
    (row,) = [one for one in rows(store, answers) if one.id in {card.answer for card in rows(store, cards)}]
    assert (row.at, row.service, row.client, row.tenant, row.site) == (
        AT, "neonatal-ivig-order-sign", "ehr-1", "north", "demo"
    )  # fmt: skip
    dose, rate = sorted(rows(store, cards), key=lambda card: card.place)
    assert (dose.indication, dose.guideline, dose.recommendation, dose.verdict) == (
        "hdn", "aap_2022", "may_give", "consider"
    )  # fmt: skip
    assert dose.suggestions == {"s1": "update MedicationRequest", "s2": "update MedicationRequest"}
    assert (rate.rule, rate.level, rate.indicator) == ("too_fast", "block", "critical")


def test_ids_are_hashed_and_differ_between_sites_clients_and_kinds(store: Store) -> None:
    others = [replace(ANSWER, site="other"), replace(ANSWER, client="ehr-2"), replace(ANSWER, tenant="south")]
    store.record([ANSWER, ANSWER, *others, replace(ANSWER, user=PATIENT)])
    wait_for(lambda: len(rows(store, answers)) == 6)
    found = rows(store, answers)
    assert len({row.patient for row in found}) == 4
    assert len({row.user for row in found} & {row.patient for row in found}) == 0
    assert all(len(row.patient) == len(row.user) == len(row.hook_instance) == 64 for row in found)


def test_no_id_is_in_the_files(tmp_path: Path, open_store: OpenStore) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    store.record([ANSWER])
    store.seen("https://ehr.example/fhir", "token-id-1", UNTIL)
    store.take([replace(OVERRIDDEN, comment="written about the baby")])
    wait_for(lambda: rows(store, answers))
    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"card-dose" in held
    for text in (PATIENT, USER, INSTANCE, "token-id-1", "written about"):
        assert text.encode() not in held


def test_the_key_beside_the_file_stays_the_same(tmp_path: Path) -> None:
    hashes = set()
    for _ in range(2):
        store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
        store.record([ANSWER])
        wait_for(lambda store=store: rows(store, answers))
        hashes |= {row.patient for row in rows(store, answers)}
        store.close()
    assert len(hashes) == 1
    assert (tmp_path / "store.sqlite.key").stat().st_mode & 0o777 == 0o600


def test_what_is_kept_is_for_its_owner_alone(tmp_path: Path, open_store: OpenStore) -> None:
    folder = tmp_path / "data"
    store = open_store(f"sqlite:///{folder / 'store.sqlite'}")
    store.take([ACCEPTED])
    assert folder.stat().st_mode & 0o777 == 0o700
    names = {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm"}
    assert {file.name for file in folder.iterdir()} >= names
    assert {(folder / name).stat().st_mode & 0o777 for name in names} == {0o600}


def test_the_default_store_is_in_the_users_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    store = Store()
    store.close()
    assert (tmp_path / "ivig-cds" / "store.sqlite").is_file()


@pytest.mark.parametrize("key", ["", "short"])
def test_postgresql_needs_a_key_of_length(key: str) -> None:
    with pytest.raises(SettingsError, match="CDS_ID_KEY"):
        Store("postgresql://ivig@/nowhere?host=/nowhere", key)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://secret@host/name", "secret", "http://x:y"])
def test_other_urls_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Store(url, KEY)
    assert "secret" not in str(refused.value)


def test_feedback_is_there_when_take_returns(store: Store) -> None:
    store.take([ACCEPTED, replace(OVERRIDDEN, reasons=(Reason("a", "s", "A"), Reason("b")))])
    taken = {row.card: row for row in rows(store, feedback)}
    assert taken["card-dose"].suggestions == ["s1"]
    assert taken["card-rate"].reasons == [
        {"code": "a", "system": "s", "display": "A"},
        {"code": "b", "system": "", "display": ""},
    ]
    assert taken["card-rate"].outcome_at == AT


def test_a_repeat_adds_nothing_and_anything_else_does(store: Store) -> None:
    repeated = replace(ACCEPTED, received=AT + timedelta(days=1))
    store.take([ACCEPTED, ACCEPTED])
    store.take([repeated])
    assert len(rows(store, feedback)) == 1
    store.take([replace(ACCEPTED, suggestions=("s2",)), later(ACCEPTED), replace(ACCEPTED, client="ehr-2")])
    assert len(rows(store, feedback)) == 4


def test_nothing_to_take_is_taken(store: Store) -> None:
    store.take([])


@pytest.mark.parametrize("keep", [True, False])
def test_a_comment_is_kept_only_where_asked_for(url: str, open_store: OpenStore, keep: bool) -> None:
    store = open_store(url, keep_comments=keep)
    store.take([replace(OVERRIDDEN, comment="mother asked to wait")])
    (row,) = rows(store, feedback)
    assert row.commented
    assert row.comment == ("mother asked to wait" if keep else "")


def test_a_token_is_new_once(store: Store) -> None:
    assert not store.seen("https://ehr.example", "a", UNTIL)
    assert store.seen("https://ehr.example", "a", UNTIL)
    assert not store.seen("https://other.example", "a", UNTIL)
    assert {row.until for row in rows(store, tokens)} == {UNTIL}


def test_of_many_threads_one_finds_a_token_new(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        soon, "ANSWER_WITHIN", 10.0
    )  # who wins is asked here, not how fast, on a machine that may be busy
    monkeypatch.setattr(tokens_module, "QUICK", 10.0)

    def ask(number: int) -> int:
        return sum(not store.seen("issuer", f"jti-{each}", UNTIL) for each in range(number % 2, 20))

    with ThreadPoolExecutor(32) as threads:
        assert sum(threads.map(ask, range(32))) == 20


RACE = """
import sys, time
from datetime import UTC, datetime
from cds_service.feedback.store import Store
store = Store(sys.argv[1], sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
print(sum(not store.seen("issuer", f"jti-{each}", datetime.now(UTC)) for each in range(200)), flush=True)
store.close()
"""


def test_of_two_processes_exactly_one_finds_each_token_new(url: str) -> None:
    racers = [python(RACE, url, KEY, stdin=-1) for _ in range(2)]
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=30) for racer in racers]
    won = [int(out) for out, _ in said]
    assert sum(won) == 200, said


def test_tokens_that_ran_out_are_forgotten_with_an_hours_grace(
    url: str, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "TOKENS_EVERY", 0.0)
    store = open_store(url)
    now = datetime.now(UTC)
    for minutes in (-90, -30, 30):
        assert not store.seen("issuer", str(minutes), now + timedelta(minutes=minutes))
    store.record([ANSWER])
    wait_for(lambda: len(rows(store, tokens)) == 2)
    assert store.seen("issuer", "-30", now)


def test_many_threads_record_and_take_at_once(store: Store) -> None:
    def work(number: int) -> None:
        for each in range(5):
            store.record([replace(ANSWER, hook_instance=f"{number}-{each}")])
            store.take([replace(ACCEPTED, card=f"card-{number}-{each}")])

    with ThreadPoolExecutor(32) as threads:
        list(threads.map(work, range(32)))
    assert len(rows(store, feedback)) == 160
    wait_for(lambda: len(rows(store, answers)) == 160)
    assert store.dropped == 0


def test_what_waits_is_written_at_close(store: Store, url: str, open_store: OpenStore) -> None:
    store.record([ANSWER] * 1200)
    store.close()
    again = open_store(url)
    assert len(rows(again, answers)) == 1200
    assert store.dropped == 0


def test_what_comes_after_close_is_counted_as_lost(store: Store) -> None:
    store.close()
    store.record([ANSWER])
    assert store.dropped == 1


ENDS = """
import sys
from cds_service.feedback.store import Store
from tests.feedback.samples import ANSWER
store = Store(sys.argv[1], sys.argv[2])
store.record([ANSWER] * 3)
"""


def test_what_waits_is_written_where_a_process_ends_without_closing(url: str, open_store: OpenStore) -> None:
    process = python(ENDS, url, KEY)
    assert process.communicate(timeout=30) == ("", "")
    assert len(rows(open_store(url), answers)) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_store_made_before_a_fork_works_on_both_sides(store: Store) -> None:
    store.record([ANSWER])
    assert not store.seen("issuer", "parent", UNTIL)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            store.record([ANSWER])
            store.take([ACCEPTED])
            new = not store.seen("issuer", "child", UNTIL) and store.seen("issuer", "parent", UNTIL)
            store.close()
            status = 0 if new else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    wait_for(lambda: len(rows(store, answers)) == 2)
    assert store.seen("issuer", "child", UNTIL)
    store.take([OVERRIDDEN])
    assert len(rows(store, feedback)) == 2


def test_recording_costs_who_asks_next_to_nothing(store: Store) -> None:
    """Nothing is opened, hashed or written by the thread that answers."""
    began = time.thread_time()
    for _ in range(2_000):
        store.record([ANSWER])
    assert time.thread_time() - began < 0.2
    assert threading.current_thread().name != "ivig-cds-store"


def test_it_is_ready(store: Store) -> None:
    assert store.ready()
