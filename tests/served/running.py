"""The service as its users run it: a process of its own with two workers, its clients verified, on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from cds_service.review.babies import order_select
from tests.clients.tokens import ISSUER, Signer, write_clients
from tests.facts.records import GIVEN

ORDER_SELECT = "/cds-services/neonatal-ivig-order-select"
FEEDBACK = f"{ORDER_SELECT}/feedback"
START = 60.0  # seconds, on a busy machine
WORKERS = 2


class Running:
    """Ends, workers and all, with the `with` block. May be started again on the same store."""

    def __init__(self, folder: Path, **settings: str) -> None:
        """`fhir_base` among the settings is registered for the one client."""
        folder.mkdir(parents=True, exist_ok=True)
        self.store = folder / "data" / "store.sqlite"
        self.log = folder / "log"
        self.signer = Signer()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        client = {"name": "ehr-1", "issuer": ISSUER, "jwks_file": "keys.json"}
        if "fhir_base" in settings:
            client["fhir_base"] = settings.pop("fhir_base")
        self.settings = {
            "CDS_PORT": str(port),
            "CDS_AUTH": "required",
            "CDS_CLIENTS": str(write_clients(folder, client)),
            "CDS_ACCEPT_AS_OF": "true",
            "CDS_DATABASE_URL": f"sqlite:///{self.store}",
            "CDS_WORKERS": str(WORKERS),
        } | settings

    def __enter__(self) -> Running:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cds_service", "serve"],
                env=os.environ | self.settings,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + START
        while time.monotonic() < end and self.log.read_text("utf-8").count('"Started worker-') < WORKERS:
            assert self.process.poll() is None, self.log.read_text("utf-8")
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        finally:
            self.kill()

    def kill(self) -> None:
        """As the machine would: nobody is asked to finish."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.process.wait(20)

    def workers(self) -> list[int]:
        """Process ids, from what the children of the parent are."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("ascii").split()
        named = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
        return [int(pid) for pid, command in named.items() if b"resource_tracker" not in command]

    def post(self, path: str, body: Any, bearer: str = "", seconds: float = 10) -> requests.Response:
        """With a fresh token where none is given. A connection of its own, so that any worker may take it."""
        headers = {"Authorization": bearer or self.bearer(path), "Connection": "close"}
        with requests.Session() as session:
            session.trust_env = False
            return session.post(f"{self.base}{path}", json=body, headers=headers, timeout=seconds)

    def bearer(self, path: str) -> str:
        return self.signer.bearer(aud=f"{self.base}{path}")

    def ready(self) -> str:
        with requests.Session() as session:
            session.trust_env = False
            status: str = session.get(f"{self.base}/health/ready", timeout=10).json()["status"]
            return status


def given_call(**changes: Any) -> dict[str, Any]:
    """An IVIG order that is advised, with everything prefetched."""
    return order_select(GIVEN, "an-invented-firing") | changes


def outcome(number: int) -> dict[str, Any]:
    when = f"2026-11-20T22:{number // 60 % 60:02d}:{number % 60:02d}Z"
    return {"card": f"card-{number}", "outcome": "overridden", "outcomeTimestamp": when}
