"""A token opens once: again in this process, in another one, at the same instant, and with the store gone."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cds_service.clients.cause import Cause
from cds_service.clients.gate import Gate
from cds_service.clients.keys import KeyStore
from cds_service.clients.replay import Replays
from cds_service.clients.table import load_clients
from cds_service.errors import Refused, StoreUnavailable
from tests.clients.conftest import ES384, NOW, Memory
from tests.clients.tokens import BASE_URL, PATH, Signer, write_clients

END = NOW + timedelta(minutes=5)


def seen_in(path: Path) -> Callable[[str, str, datetime], bool]:
    """A store in a file, shared by processes: the database itself says who came first."""

    def seen(issuer: str, jti: str, until: datetime) -> bool:
        with sqlite3.connect(path, timeout=5) as database:
            database.execute("create table if not exists seen (issuer, jti, until, primary key (issuer, jti))")
            done = database.execute("insert or ignore into seen values (?, ?, ?)", (issuer, jti, until.isoformat()))
            found = done.rowcount == 0
        database.close()
        return found

    return seen


def tried(gate: Gate, authorization: str) -> str:
    try:
        gate.admit(authorization, PATH)
    except Refused as refused:
        return refused.cause
    return "admitted"


def in_another_process(clients: Path, database: Path, tokens: list[str], results: Any) -> None:
    loaded = load_clients(clients, demo=False)
    gate = Gate(loaded, KeyStore(loaded, lambda url: b""), seen_in(database), BASE_URL)
    results.put([tried(gate, token) for token in tokens])


def test_a_token_opens_once(make_gate: Any) -> None:
    gate, token = make_gate(), ES384.bearer(at=NOW)
    assert [tried(gate, token) for _ in range(3)] == ["admitted", Cause.REPLAYED, Cause.REPLAYED]


def test_a_token_in_a_new_coat_is_the_same_token(make_gate: Any) -> None:
    """It is known by its id: spaces, scheme and a new signature of the same id do not make it another."""
    gate = make_gate()
    assert tried(gate, ES384.bearer(at=NOW, jti="a")) == "admitted"
    assert tried(gate, "bearer  " + ES384.token(at=NOW, jti="a", sub="changed")) == Cause.REPLAYED


def test_two_clients_may_use_one_id(make_gate: Any) -> None:
    gate = make_gate()
    assert tried(gate, ES384.bearer(at=NOW, jti="a")) == "admitted"
    assert tried(gate, ES384.bearer(at=NOW, jti="a", iss="urn:north")) == "admitted"


def test_a_token_that_opened_in_another_process_does_not_open_here(tmp_path: Path) -> None:
    clients = write_clients(tmp_path)
    loaded = load_clients(clients, demo=False)
    gate = Gate(loaded, KeyStore(loaded, lambda url: b""), seen_in(tmp_path / "seen.db"), BASE_URL)
    first, second = Signer().bearer(), Signer().bearer()
    assert tried(gate, first) == "admitted"
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    other = context.Process(target=in_another_process, args=(clients, tmp_path / "seen.db", [first, second], results))
    other.start()
    assert results.get(timeout=30) == [Cause.REPLAYED, "admitted"]
    other.join(30)
    assert tried(gate, second) == Cause.REPLAYED


def test_of_many_at_one_instant_one_is_admitted(make_gate: Any, tmp_path: Path) -> None:
    token, results = ES384.bearer(at=NOW), []
    gates = [make_gate(seen_in(tmp_path / "seen.db")) for _ in range(2)]
    start = threading.Barrier(8)

    def call(gate: Gate) -> None:
        start.wait()
        results.append(tried(gate, token))

    threads = [threading.Thread(target=call, args=(gates[number % 2],)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(results) == ["admitted", *[Cause.REPLAYED] * 7]


class Failing(Memory):
    """A store that can be gone."""

    gone = False

    def seen(self, issuer: str, jti: str, until: datetime) -> bool:
        if self.gone:
            raise StoreUnavailable
        return super().seen(issuer, jti, until)


def test_calls_go_on_while_the_store_is_gone(make_gate: Any) -> None:
    store, said = Failing(), []
    gate = make_gate(store.seen, report=said.append)
    before, during, after = (ES384.bearer(at=NOW) for _ in range(3))
    assert tried(gate, before) == "admitted"
    assert not gate.degraded
    store.gone = True
    assert [tried(gate, during), tried(gate, during)] == ["admitted", Cause.REPLAYED]
    assert tried(gate, before) == Cause.REPLAYED, "what came in before is remembered here too"
    assert gate.degraded
    store.gone = False
    assert [tried(gate, after), tried(gate, after), tried(gate, during)] == ["admitted", *[Cause.REPLAYED] * 2]
    assert not gate.degraded
    assert said == [False, True]


def test_only_a_store_that_is_gone_is_forgiven(make_gate: Any) -> None:
    def broken(issuer: str, jti: str, until: datetime) -> bool:
        raise TypeError("a fault of ours")

    with pytest.raises(TypeError):
        make_gate(broken).admit(ES384.bearer(at=NOW), PATH)


def test_the_memory_is_bounded_and_forgets_what_has_expired() -> None:
    replays = Replays(lambda *given: False, lambda *given: None, most=3)
    for number in range(100):
        assert not replays.seen("urn:1", str(number), END, NOW)
    assert [replays.seen("urn:1", str(number), END, NOW) for number in (97, 98, 99)] == [True] * 3
    assert len(replays._memory) == 3
    later = END + timedelta(seconds=1)
    assert not replays.seen("urn:1", "new", later + timedelta(minutes=5), later)
    assert len(replays._memory) == 1


def test_times_are_compared_in_one_zone(make_gate: Any) -> None:
    memory = Memory()
    make_gate(memory.seen).admit(ES384.bearer(at=NOW, jti="zone"), PATH)
    assert memory.until["zone"].tzinfo is UTC
