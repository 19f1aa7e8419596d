"""Throws drawn calls at a service that is really served, and reports what came back: `make fuzz`."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import jsonschema_rs
import orjson
import yaml

from cds_service.app import openapi_file
from tests.fuzz.mutations import SERVICES, changed_call, real_calls

HOST = "127.0.0.1"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
DOCUMENTED = {200, 400, 404, 405, 412, 413, 415}
BATCH = 500
SHOWN = 20  # findings that are printed


@contextmanager
def served() -> Iterator[int]:
    """The service on a free port of loopback, for any client; ended at the end."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    settings = {"CDS_AUTH": "off", "CDS_ACCEPT_AS_OF": "true", "CDS_HOST": HOST, "CDS_PORT": str(port)}
    command = [sys.executable, "-m", "cds_service", "serve"]
    process = subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
        if process.poll() is not None:
            raise SystemExit("the service ended by itself")
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit("the service did not start")
        try:
            socket.create_connection((HOST, port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the service does not listen")


def from_the_document(port: int, examples: int, seconds: int) -> tuple[int, bool]:
    """Calls drawn by schemathesis from openapi.yaml: how many, and whether all were answered as documented."""
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.ndjson"
        command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"http://{HOST}:{port}/openapi.yaml"]
        command += ["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--no-color", "--warnings", "off"]
        command += [
            "--max-examples",
            str(examples),
            "--max-time",
            str(seconds),
            "--continue-on-failure",
            "--generation-database",
            "none",
        ]
        command += ["--report", "ndjson", "--report-ndjson-path", str(events)]
        passed = subprocess.run(command, check=False, env=os.environ | {"NO_PROXY": HOST}).returncode == 0
        return _sent(events), passed


def _sent(events: Path) -> int:
    """Exchanges in schemathesis's own record of them."""
    if not events.is_file():
        return 0
    count = 0
    with events.open("rb") as lines:
        for line in lines:
            count += len(json.loads(line).get("ScenarioFinished", {}).get("recorder", {}).get("interactions", ()))
    return count


@cache
def _validators() -> tuple[Any, Any]:
    components = yaml.safe_load(openapi_file().read_text("utf-8"))["components"]
    answer, refusal = (
        jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})
        for name in ("CardsResponse", "OperationOutcome")
    )
    return answer, refusal


def drawn(random: Random) -> tuple[str, bytes, dict[str, str]]:
    """The service, the body and the headers of one call: a changed one, or one whose bytes are broken."""
    kind = {"Content-Type": "application/json"}
    if random.randrange(10):
        call = changed_call(random)
        hook = call.get("hook")
        service = SERVICES.get(hook if isinstance(hook, str) else "", SERVICES["order-select"])
        return service, orjson.dumps(call, option=orjson.OPT_NON_STR_KEYS), kind
    body = bytearray(random.choice(real_calls()))
    for _ in range(random.randrange(1, 8)):
        at = random.randrange(len(body))
        match random.randrange(3):
            case 0:
                body[at] = random.randrange(256)
            case 1:
                del body[at : at + random.randrange(1, 200)]
            case _:
                body[at:at] = random.choice(
                    (b'"', b"{", b"]", b",", b"\\", b"\xff", b"\x00", b"1e999", b"NaN", body[:at])
                )
        body = body or bytearray(b" ")
    odd = {
        "Content-Type": random.choice(("application/json; charset=utf-16", "text/plain", "application/fhir+json", ""))
    }
    return (
        random.choice([*SERVICES.values(), "x", "%2e%2e", "é".encode().hex()]),
        bytes(body),
        random.choice((kind, kind, odd)),
    )


def _faults(status: int, body: bytes) -> list[str]:
    if status not in DOCUMENTED:
        return [f"status {status}"]
    answer, refusal = _validators()
    message = orjson.loads(body)
    faults = [one.message[:200] for one in (answer if status == 200 else refusal).iter_errors(message)]
    topics = [card["source"]["topic"]["code"] for card in message.get("cards", ())]
    return faults + (["a fault inside the judgment"] if "notcheckedfault" in topics else [])


def send(port: int, first: int) -> tuple[Counter[int], list[str], float]:
    """One batch, over one connection: statuses, findings with the seed that gives the call again, slowest answer."""
    statuses: Counter[int] = Counter()
    found: list[str] = []
    slowest = 0.0
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    for seed in range(first, first + BATCH):
        service, body, headers = drawn(Random(seed))
        begun = time.perf_counter()
        try:
            connection.request("POST", f"/cds-services/{service}", body, headers)
            response = connection.getresponse()
            status, answer = response.status, response.read()
            if status == 415:  # answered without reading the body, which is still on its way
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            found.append(f"seed {seed}: {type(error).__name__}")
            connection.close()
            continue
        slowest = max(slowest, time.perf_counter() - begun)
        statuses[status] += 1
        found += [f"seed {seed}: {fault}" for fault in _faults(status, answer)]
    connection.close()
    return statuses, found, slowest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000, help="in all")
    parser.add_argument("--examples", type=int, default=5_000, help="that schemathesis draws for an operation")
    parser.add_argument("--seconds", type=int, default=900, help="that schemathesis may take")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9, help="of the first changed call")
    asked = parser.parse_args()
    statuses: Counter[int] = Counter()
    found: list[str] = []
    slowest = 0.0
    with served() as port:
        by_document, passed = from_the_document(port, asked.examples, asked.seconds) if asked.examples else (0, True)
        seeds = range(asked.seed, asked.seed + max(0, asked.calls - by_document), BATCH)
        with ProcessPoolExecutor() as workers:
            for counts, faults, longest in workers.map(send, [port] * len(seeds), seeds):
                statuses += counts
                found += faults
                slowest = max(slowest, longest)
    print(f"{by_document} calls drawn from openapi.yaml: {'all as documented' if passed else 'see above'}")
    print(f"{sum(statuses.values())} real calls, changed, from seed {asked.seed}: {dict(sorted(statuses.items()))}")
    print(f"slowest answer {slowest * 1000:.0f} ms; {len(found)} findings")
    print("\n".join(found[:SHOWN]))
    sys.exit(bool(found) or not passed)


if __name__ == "__main__":
    main()
