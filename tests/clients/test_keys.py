"""Keys change, and servers of keys are slow, broken, flooded or gone: calls go on with what is known."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cds_service.clients.cause import Cause
from cds_service.clients.gate import Gate
from cds_service.clients.keys import FRESH, KEPT, REST, WAITING, KeyStore
from cds_service.clients.keyset import key_set as read_set
from cds_service.clients.table import Client, Clients, load_clients
from cds_service.errors import Refused
from tests.clients.conftest import NOW, Memory
from tests.clients.server import KeyServer, key_server
from tests.clients.test_table import SANDBOX_KEY
from tests.clients.tokens import BASE_URL, ISSUER, PATH, Signer, key_set, write_clients

OLD, NEW = Signer(kid="old"), Signer(kid="new", number=1)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server(key_set(OLD.jwk())) as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


def client_at(server: KeyServer) -> Client:
    return Client("ehr-1", ISSUER, jwks_url=server.url)


def store_of(server: KeyServer, clock: Clock, **more: Any) -> KeyStore:
    return KeyStore(Clients((client_at(server),)), server.fetch, **{"clock": clock, "patience": 3, **more})


def cause_of(store: KeyStore, client: Client, kid: str) -> str:
    with pytest.raises(Refused) as refused:
        store.find(client, kid)
    return refused.value.cause


def settled(server: KeyServer, asked: int) -> None:
    """Waits until a reading in the background has come to its end."""
    end = time.monotonic() + 3
    while server.asked < asked and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(0.05)
    assert server.asked == asked


def test_a_set_is_read_once_and_lazily(server: KeyServer, clock: Clock) -> None:
    store = store_of(server, clock)
    assert server.asked == 0
    for _ in range(50):
        assert store.find(client_at(server), "old")
    assert server.asked == 1


def test_a_set_can_be_read_before_the_first_call(server: KeyServer, clock: Clock) -> None:
    store = store_of(server, clock, patience=0)
    store.warm()
    settled(server, 1)
    assert store.find(client_at(server), "old")


def test_a_new_key_is_found_at_once(server: KeyServer, clock: Clock) -> None:
    store = store_of(server, clock)
    store.find(client_at(server), "old")
    server.body = key_set(OLD.jwk(), NEW.jwk())
    clock.now += REST
    assert store.find(client_at(server), "new")
    assert server.asked == 2


def test_a_flood_of_unknown_keys_asks_once_in_a_while(server: KeyServer, clock: Clock) -> None:
    store = store_of(server, clock)
    client = client_at(server)
    store.find(client, "old")
    for number in range(300):
        assert cause_of(store, client, f"unknown-{number}") == Cause.KEY
    assert server.asked == 1
    clock.now += REST
    for number in range(300):
        assert cause_of(store, client, f"unknown-{number}") == Cause.KEY
    assert server.asked == 2
    assert store.find(client, "old")


def test_many_calls_at_once_make_one_reading(server: KeyServer, clock: Clock) -> None:
    store = store_of(server, clock)
    server.free.clear()
    found: list[int] = []
    waiting = [
        threading.Thread(target=lambda: found.append(len(store.find(client_at(server), "old")))) for _ in range(WAITING)
    ]
    for one in waiting:
        one.start()
    settled(server, 1)
    server.free.set()
    for one in waiting:
        one.join()
    assert found == [1] * WAITING
    assert server.asked == 1


def test_a_set_that_hangs_keeps_few_calls_and_not_for_long(server: KeyServer, clock: Clock) -> None:
    store = store_of(server, clock, patience=0.3)
    server.free.clear()
    took: list[float] = []

    def ask() -> None:
        start = time.monotonic()
        assert cause_of(store, client_at(server), "old") == Cause.NO_KEYS
        took.append(time.monotonic() - start)

    asking = [threading.Thread(target=ask) for _ in range(3 * WAITING)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert max(took) < 1
    assert sum(one >= 0.3 for one in took) <= WAITING
    assert server.asked == 1


def test_known_keys_do_not_wait_for_a_set_that_hangs(server: KeyServer, clock: Clock) -> None:
    store = store_of(server, clock)
    store.find(client_at(server), "old")
    clock.now += FRESH + 1
    server.free.clear()
    start = time.monotonic()
    assert store.find(client_at(server), "old")
    assert time.monotonic() - start < 0.2
    settled(server, 2)


def test_a_withdrawn_key_is_dropped_when_the_set_is_read_again(server: KeyServer, clock: Clock) -> None:
    store = store_of(server, clock)
    store.find(client_at(server), "old")
    server.body = key_set(NEW.jwk())
    clock.now += FRESH + 1
    store.find(client_at(server), "old")
    settled(server, 2)
    assert cause_of(store, client_at(server), "old") == Cause.KEY
    assert store.find(client_at(server), "new")


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, b""), (404, b"gone"), (200, b"<html>"), (200, b""), (200, b'{"keys": 1}'), (200, b"[" * 100_000)],
)
def test_keys_stay_for_a_day_while_the_set_cannot_be_read(
    server: KeyServer, clock: Clock, status: int, body: bytes
) -> None:
    said: list[tuple[str, bool]] = []
    store = store_of(server, clock, report=lambda what, well: said.append((what, well)))
    client = client_at(server)
    store.find(client, "old")
    good, server.status, server.body = server.body, status, body
    clock.now += FRESH + 1
    assert store.find(client, "old")
    settled(server, 2)
    assert said == [("ehr-1", False)]
    clock.now += KEPT - FRESH - 2
    assert store.find(client, "old")
    settled(server, 3)
    clock.now += REST
    assert cause_of(store, client, "old") == Cause.NO_KEYS
    assert said == [("ehr-1", False)], "said once, not at every reading"
    server.status, server.body = 200, good
    clock.now += REST
    assert store.find(client, "old")
    assert said[1:] == [("ehr-1", True)]


def test_a_server_that_is_gone_refuses_its_client_alone(server: KeyServer, clock: Clock) -> None:
    gone = Client("gone", "urn:gone", jwks_url="http://127.0.0.1:9/jwks.json")
    store = KeyStore(Clients((gone, client_at(server))), server.fetch, clock=clock, patience=3)
    assert cause_of(store, gone, "old") == Cause.NO_KEYS
    assert store.find(client_at(server), "old")


def test_an_empty_set_is_a_set(server: KeyServer, clock: Clock) -> None:
    """So a hospital withdraws all keys of a client."""
    store = store_of(server, clock)
    server.body = key_set()
    assert cause_of(store, client_at(server), "old") == Cause.KEY


def test_two_keys_of_one_name_are_both_tried(tmp_path: Path) -> None:
    keys = key_set(NEW.jwk(kid="same"), OLD.jwk(kid="same"))
    clients = load_clients(write_clients(tmp_path, keys=keys), demo=False)
    gate = Gate(clients, KeyStore(clients, lambda url: b""), Memory().seen, BASE_URL, clock=lambda: NOW)
    for signer in (OLD, NEW):
        assert gate.admit(signer.bearer({"kid": "same"}, at=NOW), PATH)


def test_the_sandbox_key_is_left_out_of_a_set_that_is_read() -> None:
    raw = key_set(SANDBOX_KEY, OLD.jwk())
    assert set(read_set(raw, demo=False).keys) == {"old"}
    assert set(read_set(raw, demo=True).keys) == {"old", SANDBOX_KEY["kid"]}


def file_store(folder: Path, clock: Clock, said: list[tuple[str, bool]]) -> tuple[KeyStore, Client]:
    clients = load_clients(write_clients(folder, keys=key_set(OLD.jwk())), demo=False)
    report = lambda what, well: said.append((what, well))  # noqa: E731
    return KeyStore(clients, lambda url: b"", clock=clock, report=report), clients.listed[0]


def replace(path: Path, content: bytes) -> None:
    """As a careful administrator does: written beside, then renamed."""
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)


def test_a_file_is_read_again_when_it_changed(tmp_path: Path, clock: Clock) -> None:
    store, client = file_store(tmp_path, clock, [])
    assert store.find(client, "old")
    replace(tmp_path / "keys.json", key_set(NEW.jwk()))
    assert store.find(client, "new")
    assert cause_of(store, client, "old") == Cause.KEY


def test_a_file_half_written_or_gone_leaves_its_keys_for_a_day(tmp_path: Path, clock: Clock) -> None:
    said: list[tuple[str, bool]] = []
    store, client = file_store(tmp_path, clock, said)
    clock.now += 10 * KEPT
    assert store.find(client, "old"), "a file that is unchanged does not age"
    (tmp_path / "keys.json").write_bytes(key_set(NEW.jwk())[:100])
    assert store.find(client, "old")
    clock.now += KEPT - 1
    assert store.find(client, "old")
    assert said == [("ehr-1", False)]
    (tmp_path / "keys.json").unlink()
    assert store.find(client, "old")
    clock.now += 2
    assert cause_of(store, client, "old") == Cause.NO_KEYS
    replace(tmp_path / "keys.json", key_set(NEW.jwk()))
    assert store.find(client, "new")
    assert said == [("ehr-1", False), ("ehr-1", True)]
