"""What goes wrong around a running service: a worker is killed, the store goes, a token comes twice, a server hangs."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.fhir.faults import silent
from tests.fhir.servers import serving
from tests.served.running import FEEDBACK, ORDER_SELECT, WORKERS, Running, given_call, outcome

MARGIN = 0.1  # seconds after the deadline in which an answer must have left
TRIES = 3  # on a busy machine one measurement of time says little


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("served")) as running:
        yield running


def test_a_call_of_a_known_client_is_answered(served: Running) -> None:
    answer = served.post(ORDER_SELECT, given_call())
    assert answer.status_code == 200
    assert answer.json()["cards"]


def test_a_token_opens_once_whichever_worker_takes_it(served: Running) -> None:
    bearer = served.bearer(ORDER_SELECT)
    statuses = [served.post(ORDER_SELECT, given_call(), bearer).status_code for _ in range(12)]
    assert statuses == [200] + [401] * 11


def test_calls_go_on_when_a_worker_is_killed(served: Running) -> None:
    before = served.workers()
    assert len(before) == WORKERS
    os.kill(before[0], signal.SIGKILL)
    answers = 0
    for _ in range(40):
        try:
            assert served.post(ORDER_SELECT, given_call()).json()["cards"]
        except requests.ConnectionError:
            continue  # it was on its way to the one that was killed
        answers += 1
    assert answers >= 30
    until(lambda: len(served.workers()) == WORKERS and before[0] not in served.workers(), "a worker is replaced")


def test_a_worker_that_is_killed_again_and_again_does_not_end_the_service(served: Running) -> None:
    for _ in range(2):
        until(lambda: len(served.workers()) == WORKERS, "there are two")
        os.kill(served.workers()[-1], signal.SIGKILL)
        time.sleep(1)
    until(lambda: len(served.workers()) == WORKERS, "a worker is replaced")
    assert served.post(ORDER_SELECT, given_call()).json()["cards"]


def test_a_second_service_does_not_share_the_port(served: Running) -> None:
    command = [sys.executable, "-m", "cds_service", "serve"]
    second = subprocess.run(
        command, env=os.environ | served.settings, capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 2
    assert "CDS_PORT" in second.stderr.splitlines()[-1]
    assert "listening" not in second.stderr


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """They would answer by old rules, beside those of the next start."""
    with Running(tmp_path) as running:
        workers = running.workers()
        os.kill(running.process.pid, signal.SIGKILL)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "they end")


def test_cards_come_without_the_store_and_feedback_is_refused_until_it_is_back(tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        aside = tmp_path / "aside"
        assert running.post(FEEDBACK, {"feedback": [outcome(1)]}).status_code == 200
        running.store.parent.rename(aside)
        running.store.parent.write_text("no folder", "ascii")
        refused = running.post(FEEDBACK, {"feedback": [outcome(2)]})
        assert (refused.status_code, refused.json()["resourceType"]) == (503, "OperationOutcome")
        assert running.post(ORDER_SELECT, given_call()).json()["cards"]
        assert running.ready() == "degraded"
        running.store.parent.unlink()
        aside.rename(running.store.parent)
        until(lambda: running.post(FEEDBACK, {"feedback": [outcome(3)]}).status_code == 200, "feedback is taken again")
        until(lambda: running.ready() == "ok", "the service is ready again")
    assert kept(running) >= {"card-1", "card-3"}


def test_feedback_that_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    with Running(tmp_path) as running:
        stop = threading.Event()

        def send(start: int) -> None:
            for number in range(start, start + 5_000):
                if stop.is_set():
                    return
                try:
                    answer = running.post(FEEDBACK, {"feedback": [outcome(number)]})
                except requests.RequestException:
                    return
                if answer.status_code == 200:
                    acknowledged.append(f"card-{number}")

        senders = [threading.Thread(target=send, args=(start,)) for start in (0, 10_000, 20_000, 30_000)]
        for sender in senders:
            sender.start()
        until(lambda: len(acknowledged) >= 40, "feedback is taken")
        running.kill()
        stop.set()
        for sender in senders:
            sender.join()
    assert set(acknowledged) <= kept(running)


def test_a_fhir_server_that_hangs_costs_no_more_than_the_deadline_and_no_other_call(tmp_path: Path) -> None:
    with serving(silent) as server, Running(tmp_path, fhir_base=server.base, CDS_DEADLINE_MS="400") as running:
        bare = given_call(prefetch={}, fhirServer=server.base)
        took = []
        for _ in range(TRIES):
            began = time.monotonic()
            answer = running.post(ORDER_SELECT, bare)
            took.append(time.monotonic() - began)
            assert answer.status_code == 200
            assert "not checked" in answer.json()["cards"][0]["detail"]
        assert min(took) < 0.4 + MARGIN
        waiting = [threading.Thread(target=running.post, args=(ORDER_SELECT, bare)) for _ in range(16)]
        for one in waiting:
            one.start()
        answered = running.post(ORDER_SELECT, given_call())
        assert answered.json()["cards"][0]["suggestions"]
        for one in waiting:
            one.join()


def test_without_the_key_set_nobody_is_let_in_and_it_is_said_in_the_log(tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        (tmp_path / "keys.json").write_text('{"keys": []}', "ascii")
        refused = running.post(ORDER_SELECT, given_call())
        assert (refused.status_code, refused.json()["resourceType"]) == (401, "OperationOutcome")
        until(lambda: '"cause":"key"' in running.log.read_text("utf-8"), "the log says why")


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_jumped_lets_no_token_in(served: Running, hours: int) -> None:
    elsewhere = datetime.now(UTC) + timedelta(hours=hours)
    bearer = served.signer.bearer(aud=f"{served.base}{ORDER_SELECT}", at=elsewhere)
    assert served.post(ORDER_SELECT, given_call(), bearer).status_code == 401


def kept(running: Running) -> set[str]:
    copy = running.store.with_name("copy.sqlite")
    for file in running.store.parent.glob("store.sqlite*"):
        shutil.copy(file, file.with_name(file.name.replace("store.sqlite", "copy.sqlite")))
    with sqlite3.connect(copy) as connection:
        return {card for (card,) in connection.execute("select card from feedback")}


def until(holds: Callable[[], bool], what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")
