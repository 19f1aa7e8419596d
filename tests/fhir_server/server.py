"""A real FHIR server as a process of its own, and the record of one example on it."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import requests

HERE = Path(__file__).parent
BUILT = HERE / "target"
TOKEN = "a-token-of-these-tests"
START = 240  # seconds; it takes 20 where nothing else runs
JAVA = (
    "java",
    # Less to optimize for a process that lives for a minute, and one thread to clean up after it.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
    # It would report each token that it refuses, and it is given wrong ones.
    "-Dorg.slf4j.simpleLogger.log.ca.uhn.fhir.interceptor=off",
)


class FhirServer:
    """HAPI FHIR, empty. Ends with the `with` block, and with this process: then its standard input ends."""

    def __init__(self, known_as: Iterable[str] = ()) -> None:
        """`known_as`: addresses under which resources may refer to one another, beside the server's own."""
        if not shutil.which("java") or not (BUILT / "classpath").is_file():
            raise RuntimeError("there is no FHIR server to start: `make test-fhir` builds it, with Java and Maven")
        libraries = (BUILT / "classpath").read_text("utf-8").strip()
        self._process = subprocess.Popen(
            [*JAVA, "-cp", f"{BUILT / 'classes'}{os.pathsep}{libraries}", "FhirServer", *known_as],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"FHIR_TOKEN": TOKEN},
            text=True,
        )
        self.root = self._ready()
        self.whole, self.paged = f"{self.root}/fhir", f"{self.root}/paged"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/fhir+json"})

    def _ready(self) -> str:
        said: queue.Queue[str] = queue.Queue()
        stdout = self._process.stdout
        assert stdout
        threading.Thread(target=lambda: said.put(stdout.readline()), daemon=True).start()
        try:
            root = said.get(timeout=START).strip()
        except queue.Empty:
            root = ""
        if not root:
            self._process.kill()
            self._process.communicate()
            raise RuntimeError("the FHIR server did not start; what it wrote to standard error says why")
        return root

    def __enter__(self) -> FhirServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()
        self._process.communicate(timeout=20)

    def load(self, resources: list[dict]) -> None:
        """All under their own ids, or none: raises AssertionError with what the server has against them."""
        entries = [
            {"fullUrl": f"{self.whole}/{name(one)}", "resource": one, "request": {"method": "PUT", "url": name(one)}}
            for one in resources
        ]
        self._post("transaction", entries)

    def unload(self, resources: list[dict]) -> None:
        self._post("batch", [{"request": {"method": "DELETE", "url": name(one)}} for one in resources])

    def search(self, base: str, query: str) -> requests.Response:
        """Anything unknown in it is to be refused, and not passed over with a warning."""
        return self.session.get(f"{base}/{query}", headers={"Prefer": "handling=strict"}, timeout=60)

    def _post(self, kind: str, entries: list[dict]) -> None:
        bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
        reply = self.session.post(self.whole, json=bundle, timeout=120)
        assert reply.status_code == 200, reply.text
        assert all(entry["response"]["status"].startswith("2") for entry in reply.json()["entry"]), reply.text


def name(resource: dict) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
