"""Reads one address with GET, within a time and a size that no server can stretch, and as nobody but who was named."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.exceptions import HTTPError

from cds_service.fhir.cause import Cause, NotObtained
from cds_service.fhir.timely import PlainPool, TlsPool, within

FHIR_JSON = "application/fhir+json"
LARGEST = 2 * 1024 * 1024  # bytes of one answer, unpacked; our own choice: a hundred large Observations are 0.2 MB
CONNECT = 2.0  # seconds until a connection must stand, where the deadline leaves that much; our own choice
CHUNK = 64 * 1024
STATUSES = {
    401: Cause.REFUSED,
    403: Cause.REFUSED,
    404: Cause.NOT_FOUND,
    410: Cause.NOT_FOUND,
    429: Cause.BUSY,
    503: Cause.BUSY,
}


class Http:
    """One pool of connections for a process. Nothing is taken from the environment, as a proxy or a password."""

    def __init__(self, *, connections: int = 32, servers: int = 32, largest: int = LARGEST) -> None:
        self._largest = largest
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._session.headers.update({"User-Agent": "neonatal-ivig-cds", "Accept-Encoding": "gzip"})
        adapter = _Timely(pool_connections=servers, pool_maxsize=connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def get(self, url: str, deadline: float, token: str = "", accept: str = FHIR_JSON) -> bytes:
        """The body of a 200. `deadline` is of time.monotonic(). Raises NotObtained, at the deadline at the latest."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise NotObtained(Cause.TIMEOUT)
        headers = {"Accept": accept} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            with within(deadline, self._largest):
                return self._read(url, headers, left)
        except (requests.exceptions.SSLError, requests.exceptions.Timeout) as error:
            timed_out = isinstance(error, requests.exceptions.Timeout) or time.monotonic() >= deadline
            raise NotObtained(Cause.TIMEOUT if timed_out else Cause.TLS) from None
        except requests.exceptions.ContentDecodingError:
            raise NotObtained(Cause.NOT_FHIR) from None
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError):
            cause = Cause.TIMEOUT if time.monotonic() >= deadline else Cause.UNREACHABLE
            raise NotObtained(cause) from None

    def fetch(self, url: str, seconds: float = 3.0) -> bytes:
        """Any JSON of an address that needs no token, as a client's key set."""
        return self.get(url, time.monotonic() + seconds, accept="application/json")

    def close(self) -> None:
        self._session.close()

    def _read(self, url: str, headers: Mapping[str, str], left: float) -> bytes:
        limits = (min(CONNECT, left), left)
        with self._session.get(url, headers=headers, timeout=limits, allow_redirects=False, stream=True) as answer:
            if answer.status_code != 200:
                redirected = answer.is_redirect or answer.status_code == 300
                cause = Cause.REDIRECT if redirected else STATUSES.get(answer.status_code, Cause.ERROR)
                raise NotObtained(cause)
            body = bytearray()
            for chunk in answer.iter_content(CHUNK):
                body += chunk
                if len(body) > self._largest:
                    raise NotObtained(Cause.TOO_LARGE)
            return bytes(body)


class _Timely(HTTPAdapter):
    """Connections whose every read ends at the deadline."""

    def init_poolmanager(self, *given: object, **named: object) -> None:
        super().init_poolmanager(*given, ssl_context=authorities(), **named)  # type: ignore[arg-type]
        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}

    def cert_verify(self, conn: Any, url: str, verify: object, cert: object) -> None:
        """Always verified, by the authorities loaded once: reading them anew for each connection takes longer than
        many an answer."""
        conn.cert_reqs = "CERT_REQUIRED"


def authorities() -> ssl.SSLContext:
    """Those that the machine trusts, a hospital's own among them, and those that `requests` brings."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context
