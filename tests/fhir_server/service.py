"""The service as a process of its own, for one site, with the FHIR server's bases registered for its clients."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import requests
from joserfc.jwk import ECKey, KeySet

# Ends the service when standard input does, and so with whoever started it, however that one ends.
WITH_STDIN = 'trap : INT; "$@" & cat >/dev/null; kill $!; wait $!'
START = 60  # seconds
# A FHIR server that shares a busy machine with its client is slow; how time runs out is tested elsewhere.
DEADLINE_MS = 20_000


class Service:
    """Answers on loopback until the `with` block or this process ends."""

    def __init__(self, site: str, clients: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = {
            "CDS_SITE": site,
            "CDS_PORT": str(port),
            "CDS_AUTH": "off",
            "CDS_CLIENTS": str(clients),
            "CDS_ACCEPT_AS_OF": "true",
            "CDS_DEADLINE_MS": str(DEADLINE_MS),
            "CDS_DATABASE_URL": f"sqlite:///{clients.parent / site}.sqlite",
            "CDS_WORKERS": "1",
        }
        serve = [sys.executable, "-m", "cds_service", "serve"]
        self._process = subprocess.Popen(
            ["sh", "-c", WITH_STDIN, "sh", *serve], stdin=subprocess.PIPE, env=os.environ | settings
        )
        self._url = f"http://127.0.0.1:{port}"
        self._session = requests.Session()
        self._session.trust_env = False
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + START
        while time.monotonic() < end:
            try:
                self._session.get(f"{self._url}/health/ready", timeout=2).raise_for_status()
            except requests.RequestException:
                time.sleep(0.1)
            else:
                return
        self.__exit__(None, None, None)
        raise RuntimeError("the service did not start; what it wrote to standard error says why")

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()
        self._process.communicate(timeout=20)

    def templates(self) -> dict[str, str]:
        services = self._session.get(f"{self._url}/cds-services", timeout=10).json()["services"]
        return services[0]["prefetch"]

    def ask(self, service: str, call: dict) -> requests.Response:
        return self._session.post(f"{self._url}/cds-services/{service}", json=call, timeout=60)


ServiceOf = Callable[[str], Service]  # by the name of a site


def register(folder: Path, bases: dict[str, str]) -> Path:
    """A clients file in which each name has its FHIR base."""
    keys = folder / "keys.json"
    key = ECKey.generate_key("P-384", {"kid": "of-these-tests"})
    keys.write_text(json.dumps(KeySet([key]).as_dict(private=False)), "utf-8")
    file = folder / "clients.toml"
    entries = (
        f'[[client]]\nname = "{name}"\nissuer = "{base}"\njwks_file = "{keys}"\nfhir_base = "{base}"\n'
        for name, base in bases.items()
    )
    file.write_text("\n".join(entries), "utf-8")
    return file
