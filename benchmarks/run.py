"""How fast the service answers, measured against the least that Flask can do on the same machine.

    make bench                                       about eight minutes; wants `wrk` (apt-get install wrk)
    make bench BENCH_FLAGS="--seconds 2 --rounds 1"  a quick look

Three servers take turns, never two at once: "pure", the service as it runs from this checkout (`python -m cds_service
serve`, two workers, site `demo`); "compiled", the same from the package that `make compiled` builds; and "floor", the
least that Flask can do (`floor.py`, same server, same settings). `make bench` compiles first; where there is no C
compiler it says so, and two servers take turns. The floor parses each call and answers the bytes that the service
answered to the smallest one. `wrk` posts the same order-select call to each over 1 and 16
connections. Every call to the service is answered with a dose: the answer is checked before anything is timed, and an
answer other than 200 while timing stops the run, as does a server that does not run the modules that its name says.
Each figure is the median over the rounds.

Reading it:

- "of floor" is the server's requests per second divided by the floor's. Compare this one between machines; the
  absolute figures are only as good as the machine is idle.
- One connection shows the time that one clinician waits. Sixteen show what the machine can carry; their p50 and p99
  are mostly waiting in line.
- Memory is the resident memory of every process of the server, after the load, shared pages counted for each.
- Cold start is from starting the process to the first 200 on `GET /cds-services`.
- "Above the base" is the time that one more Observation, or Condition in words alone, costs: the p50 less the p50 of
  the smallest call, divided by the number added. The cost is linear where this column stays level down the table.

Nothing here passes or fails on time. It listens on 127.0.0.1 only and writes only into a temporary folder.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmarks.bodies import Body, order_select_body
from benchmarks.floor import ANSWER
from benchmarks.report import (
    COMPILED,
    FLOOR,
    GROWING,
    LARGE,
    PURE,
    SMALL,
    WORDED,
    WORKERS,
    Figures,
    Results,
    print_results,
)

HOST = "127.0.0.1"
PATH = "/cds-services/neonatal-ivig-order-select"
ROOT = Path(__file__).parent.parent
LOADS = [(body, 1) for body in (*GROWING, *WORDED)] + [(SMALL, 16), (LARGE, 16)]  # with connections
ANSWER_FILE = "answer.json"  # what the floor answers
COMPILED_MODULE = re.compile(r"/cds_service/\S+\.so\b")  # libraries bring compiled modules of their own
WARM_UP_SECONDS = 1
START_SECONDS = 60  # to give up after


@dataclass(frozen=True)
class Running:
    port: int
    group: int
    cold_start_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement (default 5)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each server (default 3)")
    parser.add_argument("--compiled", type=Path, help="folder of the compiled package, to measure it too")
    given = parser.parse_args()
    packages = {PURE: ROOT, FLOOR: ROOT}
    if given.compiled:
        packages = {PURE: ROOT, COMPILED: given.compiled.resolve(), FLOOR: ROOT}
    if not shutil.which("wrk"):
        sys.exit("`wrk` drives the load and is not installed: apt-get install wrk")
    # so that an end from outside also stops the server that is running
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as folder:
        bodies = {body: Path(folder) / f"{body.observations}-{body.conditions}.json" for body, _ in LOADS}
        for body, file in bodies.items():
            file.write_bytes(order_select_body(*body))
        results = measure(packages, bodies, given.seconds, given.rounds, Path(folder))
        sizes = {body: file.stat().st_size for body, file in bodies.items()}
    print_results(results, sizes)


def measure(packages: dict[str, Path], bodies: dict[Body, Path], seconds: int, rounds: int, folder: Path) -> Results:
    """Of each server in `packages`, which holds the folder that it imports from."""
    results = Results(
        tuple(packages),
        {(server, *load): Figures() for server in packages for load in LOADS},
        {server: [] for server in packages},
        {server: [] for server in packages},
    )
    fixed = folder / ANSWER_FILE
    for number in range(rounds):
        for server, package in packages.items():
            say(f"round {number + 1} of {rounds}: {server}")
            with running(server, package, folder) as found:
                results.cold_start_s[server].append(found.cold_start_s)
                check_modules(server, found.group)
                for body, file in bodies.items():
                    answer = checked_answer(server, found.port, file.read_bytes())
                    if server == PURE and body == SMALL:
                        fixed.write_bytes(answer)
                for body, connections in LOADS:
                    drive(found.port, bodies[body], connections, WARM_UP_SECONDS)
                    seen = drive(found.port, bodies[body], connections, seconds)
                    figures = results.loads[server, body, connections]
                    figures.per_second.append(seen["requests"] / (seen["microseconds"] / 1e6))
                    figures.p50_ms.append(seen["p50"] / 1000)
                    figures.p99_ms.append(seen["p99"] / 1000)
                results.memory_mib[server].append(memory_mib(found.group))
    return results


@contextmanager
def running(
    server: str, package: Path, folder: Path, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Running]:
    """The server, answering, with further settings; stopped with all its processes however the block ends."""
    port = free_port()
    command = ["cds_service", "serve"]
    if server == FLOOR:
        command = ["benchmarks.floor", "--port", str(port), "--workers", str(WORKERS)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")} | {
        "CDS_ACCEPT_AS_OF": "true",  # the newborn's age is fixed by the call
        "CDS_AUTH": "off",
        "CDS_DATABASE_URL": f"sqlite:///{folder / 'store.sqlite'}",
        "CDS_HOST": HOST,
        "CDS_PORT": str(port),
        "CDS_SITE": "demo",
        "CDS_WORKERS": str(WORKERS),
        "PYTHONPATH": str(package),
        ANSWER: str(folder / ANSWER_FILE),
        **settings,
    }
    with tempfile.TemporaryFile() as log:
        began = time.perf_counter()
        # its own folder: no `.env` of this checkout is read; its own process group: all of it can be stopped
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_for_first_answer(process, port, began)
            yield Running(port, process.pid, time.perf_counter() - began)
        except Exception:
            log.seek(0)
            say(log.read().decode(errors="replace"))
            raise
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    try:
        process.terminate()
        process.wait(10)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if group_members(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
        return port


def wait_for_first_answer(process: subprocess.Popen[bytes], port: int, began: float) -> None:
    while time.perf_counter() - began < START_SECONDS:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it answered")
        try:
            status, _ = request(port, "GET", "/cds-services")
        except OSError:
            status = 0
        if status == 200:
            return
        time.sleep(0.005)
    raise RuntimeError(f"the server did not answer within {START_SECONDS} s")


def request(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def check_modules(server: str, group: int) -> None:
    """The server runs compiled modules if and only if its name says so."""
    compiled = any(COMPILED_MODULE.search((folder / "maps").read_text()) for folder in group_members(group))
    if compiled != (server == COMPILED):
        raise RuntimeError(f"{server} runs {'compiled' if compiled else 'no compiled'} modules")


def checked_answer(server: str, port: int, body: bytes) -> bytes:
    """What is timed is the whole work: an answer with a dose in grams, computed or fixed."""
    status, answer = request(port, "POST", PATH, body)
    if status != 200:
        raise RuntimeError(f"{server} answered {status}: {answer[:500]!r}")
    cards = json.loads(answer)["cards"]
    if not cards or not re.search(r"\d g\b", cards[0]["summary"]):
        raise RuntimeError(f"{server} answered no dose: {[card['summary'] for card in cards]}")
    return answer


def drive(port: int, body: Path, connections: int, seconds: int) -> dict[str, int]:
    """What `wrk` measured; see post.lua."""
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
    command += [
        "--timeout",
        "10s",
        "--script",
        str(Path(__file__).with_name("post.lua")),
        f"http://{HOST}:{port}{PATH}",
    ]
    done = subprocess.run(
        command, env=os.environ | {"BENCH_BODY": str(body)}, stdout=subprocess.PIPE, text=True, check=True
    )
    seen: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    if seen["errors"] or not seen["requests"]:
        raise RuntimeError(f"{seen['errors']} of {seen['requests']} calls were not answered with 200")
    return seen


def group_members(group: int) -> list[Path]:
    """Every process of the group, as its folder under /proc."""
    members = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:  # it ended meanwhile
            continue
        state, _parent, its_group = stat.rpartition(")")[2].split()[:3]
        if int(its_group) == group and state != "Z":
            members.append(folder)
    return members


def memory_mib(group: int) -> float:
    pages = sum(int((folder / "statm").read_text().split()[1]) for folder in group_members(group))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
