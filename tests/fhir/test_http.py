"""One read: within its deadline and its size whatever the server does, and with nothing that was not given."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.fhir.cause import Cause, NotObtained
from cds_service.fhir.http import Http
from tests.fhir.faults import FAULTS
from tests.fhir.servers import Handler, Json, serving
from tests.fhir.tls import speaking_tls

DEADLINE = 0.15
GRACE = 0.1


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    found = Http(largest=1024 * 1024)
    yield found
    found.close()


def cause(http: Http, url: str, seconds: float = DEADLINE) -> Cause:
    """Why an address gives nothing, which it does in time. A machine that is busy elsewhere may be late once."""
    for _ in range(3):
        start = time.monotonic()
        with pytest.raises(NotObtained) as raised:
            http.get(url, start + seconds, "token")
        if time.monotonic() - start < max(seconds, 0) + GRACE:
            return raised.value.cause
    raise AssertionError("late three times in a row")


@pytest.mark.parametrize("fault", FAULTS)
def test_no_server_can_stretch_the_time_or_the_size(http: Http, fault: str) -> None:
    """The thread itself comes back: nothing is left behind that waits on."""
    answer, expected = FAULTS[fault]
    with serving(answer) as server:
        assert cause(http, f"{server.base}/Patient/1", 1.0 if expected is Cause.TOO_LARGE else DEADLINE) is expected
        assert all(path == "/fhir/Patient/1" for path in server.paths)
        assert len(server.asked) <= 3, "asked again by itself"


def test_a_dead_server_is_unreachable_at_once(http: Http) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert cause(http, f"http://127.0.0.1:{port}/fhir/Patient/1") is Cause.UNREACHABLE


def test_a_server_that_takes_the_connection_and_no_more_is_given_up(http: Http) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"127.0.0.1:{listener.getsockname()[1]}/fhir/Patient/1"
        assert cause(http, f"http://{url}") is Cause.TIMEOUT
        assert cause(http, f"https://{url}") is Cause.TIMEOUT


def test_a_certificate_that_nobody_vouches_for_is_refused(http: Http, tmp_path: Path) -> None:
    with speaking_tls(tmp_path) as port:
        assert cause(http, f"https://127.0.0.1:{port}/fhir/Patient/1", 2.0) is Cause.TLS


def test_an_authority_that_the_machine_trusts_is_trusted_for_its_own_host_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with speaking_tls(tmp_path) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
        trusting = Http()
        assert cause(trusting, f"https://127.0.0.1:{port}/fhir/Patient/1", 2.0) is Cause.ERROR, "it answers 501"
        assert cause(trusting, f"https://localhost:{port}/fhir/Patient/1", 2.0) is Cause.TLS
        trusting.close()


@pytest.mark.parametrize("url", ["http://[::1/x", "file:///etc/passwd", "http://", "x", "http://127.0.0.1:99999/"])
def test_what_is_no_address_is_unreachable(http: Http, url: str) -> None:
    assert cause(http, url) is Cause.UNREACHABLE


def test_a_deadline_that_has_passed_asks_nothing(http: Http) -> None:
    with serving(lambda _: {}) as server:
        assert cause(http, server.base, -1.0) is Cause.TIMEOUT
        assert not server.asked


def test_a_whole_answer_is_given_as_it_is_packed_or_in_chunks(http: Http) -> None:
    def chunked(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")

    for answer in (lambda _: {}, chunked, lambda handler: handler.give(gzip.compress(b"{}"), Content_Encoding="gzip")):
        with serving(answer) as server:
            assert http.get(server.base, time.monotonic() + 2) == b"{}"


def test_connections_are_kept(http: Http) -> None:
    ports: set[int] = set()

    def answer(handler: Handler) -> Json:
        ports.add(handler.client_address[1])
        return {}

    with serving(answer) as server:
        for _ in range(3):
            http.get(server.base, time.monotonic() + 2)
    assert len(ports) == 1


def test_nothing_comes_from_the_environment(http: Http, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n", "utf-8")
    with serving(lambda handler: handler.give(b"{}", Set_Cookie="a=b")) as server, serving(lambda _: {}) as proxy:
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("http_proxy", proxy.base)
        monkeypatch.setenv("HTTP_PROXY", proxy.base)
        monkeypatch.delenv("no_proxy", raising=False)
        for _ in range(2):
            http.get(server.base, time.monotonic() + 2)
        assert not proxy.asked
        assert {name for one in server.asked for name in one.headers} == {
            *("Host", "User-Agent", "Accept-Encoding", "Connection", "Accept")
        }


def test_a_key_set_is_read_without_a_token(http: Http) -> None:
    with serving(lambda _: {"keys": []}) as server:
        assert http.fetch(f"{server.base}/jwks") == b'{"keys":[]}'
        assert server.tokens == {None}


def test_threads_come_back_at_the_deadline(http: Http) -> None:
    with serving(FAULTS["drips headers"][0]) as server:
        threads = [threading.Thread(target=cause, args=(http, server.base)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(1)
        assert not any(thread.is_alive() for thread in threads)
