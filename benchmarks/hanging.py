"""What a hanging FHIR server costs the others: the time of calls that came with everything, before and meanwhile.

    python -m benchmarks.hanging --seconds 5 --rounds 3      part of `make bench`; wants `wrk`

One server, as it is shipped but for one registered client, whose FHIR server takes connections and answers nothing.
Calls that came with everything are timed over 4 and 16 connections, first alone, then while calls of that client that
send nothing come in over 16 more, as fast as they are answered. "times idle" is the p99 meanwhile, divided by the one
alone: 3 at most is what is promised. Figures are medians over the rounds.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import orjson
from joserfc.jwk import ECKey

from benchmarks.bodies import order_select_body
from benchmarks.report import PURE, SMALL
from benchmarks.run import HOST, PATH, ROOT, WARM_UP_SECONDS, drive, request, running, say

CONNECTIONS = (4, 16)
HANGING = 16
AUTHORIZATION = {
    "access_token": "example",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.read",
    "subject": "bench",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement (default 5)")
    parser.add_argument("--rounds", type=int, default=3, help="(default 3)")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    alone: dict[int, list[float]] = {connections: [] for connections in CONNECTIONS}
    meanwhile: dict[int, list[float]] = {connections: [] for connections in CONNECTIONS}
    with tempfile.TemporaryDirectory() as name, silent_server() as base:
        folder = Path(name)
        whole, bare = write_bodies(folder, base)
        settings = {"CDS_CLIENTS": str(write_clients(folder, base))}
        for number in range(given.rounds):
            say(f"hanging FHIR server: round {number + 1} of {given.rounds}")
            with running(PURE, ROOT, folder, settings) as server:
                check(server.port, bare.read_bytes())
                measure(server.port, whole, given.seconds, alone)
                with hanging(server.port, bare):
                    measure(server.port, whole, given.seconds, meanwhile)
    print(f"\n{'connections':>11}{'p99 ms alone':>14}{f'with {HANGING} hanging':>18}{'times idle':>12}")
    for connections in CONNECTIONS:
        idle, busy = median(alone[connections]), median(meanwhile[connections])
        print(f"{connections:>11}{idle:>14.2f}{busy:>18.2f}{busy / idle:>12.2f}")


def measure(port: int, body: Path, seconds: int, into: dict[int, list[float]]) -> None:
    for connections, found in into.items():
        drive(port, body, connections, WARM_UP_SECONDS)
        found.append(drive(port, body, connections, seconds)["p99"] / 1000)


@contextmanager
def hanging(port: int, body: Path) -> Iterator[None]:
    """Calls that wait for the silent server, one after another over each connection."""
    script = Path(__file__).with_name("post.lua")
    command = ["wrk", "--threads", "1", "--connections", str(HANGING), "--duration", "1h", "--timeout", "10s"]
    process = subprocess.Popen(
        [*command, "--script", str(script), f"http://{HOST}:{port}{PATH}"],
        env=os.environ | {"BENCH_BODY": str(body)},
        stdout=subprocess.DEVNULL,
    )
    try:
        time.sleep(WARM_UP_SECONDS)
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes every connection and says nothing."""
    with socket.create_server((HOST, 0), backlog=256) as listener:
        kept: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    kept.append(listener.accept()[0])
                except OSError:  # closed
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://{HOST}:{listener.getsockname()[1]}/fhir"
        for connection in kept:
            connection.close()


def check(port: int, body: bytes) -> None:
    """What is to hang does: the first such call waits, and its card says so."""
    began = time.perf_counter()
    status, answer = request(port, "POST", PATH, body)
    if status != 200 or b"Not answered within" not in answer:
        raise RuntimeError(f"no call waited for the FHIR server: {status} {answer[:500]!r}")
    say(f"a call that waits takes {time.perf_counter() - began:.2f} s")


def write_bodies(folder: Path, base: str) -> tuple[Path, Path]:
    """A call that came with everything, and the same without anything."""
    whole, bare = folder / "whole.json", folder / "bare.json"
    body = order_select_body(*SMALL)
    call = {key: value for key, value in orjson.loads(body).items() if key != "prefetch"}
    whole.write_bytes(body)
    bare.write_bytes(orjson.dumps(call | {"fhirServer": base, "fhirAuthorization": AUTHORIZATION}))
    return whole, bare


def write_clients(folder: Path, base: str) -> Path:
    """One registered client, whose FHIR server is the silent one."""
    keys, clients = folder / "keys.json", folder / "clients.toml"
    key = ECKey.generate_key("P-384", {"kid": "bench", "alg": "ES384", "use": "sig"})
    keys.write_bytes(orjson.dumps({"keys": [key.as_dict(private=False)]}))
    clients.write_text(
        f'[[client]]\nname = "bench"\nissuer = "{base}"\njwks_file = "{keys}"\nfhir_base = "{base}"\n', "utf-8"
    )
    return clients


if __name__ == "__main__":
    main()
