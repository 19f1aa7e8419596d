"""Real workers: what they print, and what the parent tells of all of them at /metrics."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
import requests

from tests.observe.canaries import FORMS, leaked, planted
from tests.observe.watched import events
from tests.test_examples import request_of

SIGN = "/cds-services/neonatal-ivig-order-sign"
SELECT = "/cds-services/neonatal-ivig-order-select"
ANSWERS = re.compile(r"ivig_cds_answers_total\{.*status=\"200\"\} ([\d.]+)")


@dataclass
class Served:
    process: subprocess.Popen[str]
    base: str
    metrics: str
    said: Path

    def counted(self) -> float:
        """Answers with 200, over all workers that there were."""
        said = requests.get(self.metrics, timeout=10).text
        return sum(float(one) for one in ANSWERS.findall(said))

    def started(self) -> int:
        """How many workers have become ready, since the start."""
        whole, _, _ = self.said.read_text("utf-8").rpartition("\n")
        return sum(one["event"] == "start" for one in events(whole))

    def gauges(self, worker: int) -> list[Path]:
        return list(self.said.parent.glob(f"ivig-cds-metrics-*/gauge_live*_{worker}.db"))

    def workers(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(one) for one in tasks.read_text("ascii").split()]


def until(found: object, seconds: float = 20.0) -> None:
    """Waits for what takes a moment."""
    end = time.monotonic() + seconds
    while not found():  # type: ignore[operator]
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    said = folder / "said"
    command = [sys.executable, "-m", "tests.observe.served"]
    environment = os.environ | {"TMPDIR": str(folder), "CDS_DATABASE_URL": f"sqlite:///{folder}/store.db"}
    with (
        said.open("w", encoding="utf-8") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment) as process,
    ):
        assert process.stdout is not None
        ports = process.stdout.readline().split()
        found = Served(process, f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}/metrics", said)
        try:
            until(lambda: found.started() == 2)
            yield found
            process.send_signal(signal.SIGTERM)
            process.wait(20)
        finally:
            process.kill()
    assert not list(folder.glob("ivig-cds-metrics-*")), "the figures are not left behind"


def test_the_figures_of_all_workers_are_added_up(served: Served) -> None:
    call = orjson.dumps(request_of("hdn/sign-tenfold"))
    before = served.counted()
    for _ in range(20):  # a connection each, so that both workers get some
        answer = requests.post(served.base + SIGN, call, headers={"Content-Type": "application/json"}, timeout=10)
        assert answer.status_code == 200
    until(lambda: served.counted() >= before + 20)
    text = requests.get(served.metrics, timeout=10).text
    assert 'ivig_cds_safety_rules_total{level="block",rule="tenfold"} 20.0' in text
    assert "ivig_cds_knowledge{" in text
    assert requests.get(served.base + "/metrics", timeout=10).status_code == 404


def test_nothing_of_a_call_is_printed_or_counted(served: Served) -> None:
    for canary in FORMS:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {canary}", "X-Request-ID": canary}
        call = orjson.dumps(planted(request_of("hdn/given"), canary))
        answer = requests.post(f"{served.base}{SELECT}?{canary}", call, headers=headers, timeout=10)
        assert answer.status_code == 200
        assert not leaked(str(answer.headers))
        for path in (f"/{canary}", SELECT):
            answer = requests.post(served.base + path, canary.encode(), headers=headers, timeout=10)
            assert answer.status_code >= 400
            assert not leaked(answer.text + str(answer.headers))
        answer = requests.get(f"{served.base}/broken/{canary}", headers=headers, timeout=10)
        assert answer.status_code == 500
        assert not leaked(answer.text + str(answer.headers))
    printed = served.said.read_text("utf-8")
    assert not leaked(printed)
    assert not leaked(requests.get(served.metrics, timeout=10).text)
    told = events(printed)  # every line of every process is one of ours
    assert {"library", "start", "call", "refused", "fault"} <= {one["event"] for one in told}
    assert any(one.get("message", "").startswith("Listening at") for one in told)


def test_the_figures_of_a_killed_worker_stay_and_its_gauges_go(served: Served) -> None:
    before, ready, killed = served.counted(), served.started(), served.workers()[-1]
    assert served.gauges(killed)
    os.kill(killed, signal.SIGKILL)
    until(lambda: served.started() == ready + 1)
    assert served.counted() >= before
    assert not served.gauges(killed)
