"""What breaks under a store: the disk, the lock, the file, the server, the process. Nothing acknowledged is lost."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from cds_service.errors import StoreUnavailable
from cds_service.feedback import writer
from cds_service.feedback.store import Store
from cds_service.feedback.tables import answers, feedback
from tests.feedback.conftest import KEY, OpenStore
from tests.feedback.postgresql import Server
from tests.feedback.samples import ACCEPTED, ANSWER, python, rows, wait_for

UNTIL = datetime.now(UTC) + timedelta(minutes=5)
SOON = 0.15 + 0.25  # seconds: the bound, and what a busy machine may add


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store.sqlite"


@pytest.fixture
def on_file(sqlite_file: Path, open_store: OpenStore) -> Store:
    return open_store(f"sqlite:///{sqlite_file}")


def refuses(call: Callable[[], object]) -> float:
    """The seconds that it took."""
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        call()
    return time.monotonic() - began


TAKES = """
import sys
from dataclasses import replace
from itertools import count
from cds_service.feedback.store import Store
from tests.feedback.samples import ACCEPTED
store = Store(sys.argv[1], sys.argv[2])
for number in count():
    store.take([replace(ACCEPTED, card=f"card-{number}-{part}") for part in range(3)])
    print(number, flush=True)
"""


def test_what_was_acknowledged_is_there_after_kill_9(url: str, open_store: OpenStore) -> None:
    process = python(TAKES, url, KEY)
    assert process.stdout
    for _ in range(40):
        last = int(process.stdout.readline())
    process.kill()
    rest = process.communicate(timeout=10)[0].split()
    last = int(rest[-1]) if rest else last
    stored = {row.card for row in rows(open_store(url), feedback)}
    assert stored >= {f"card-{number}-{part}" for number in range(last + 1) for part in range(3)}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB, where the tests may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_refuses_feedback_and_takes_it_again_when_there_is_room(
    small_disk: Path, open_store: OpenStore
) -> None:
    store = open_store(f"sqlite:///{small_disk / 'store.sqlite'}")
    store.take([ACCEPTED])
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    many = [replace(ACCEPTED, card=f"card-{number}") for number in range(5000)]
    refuses(lambda: store.take(many))
    assert len(rows(store, feedback)) == 1
    filler.unlink()
    store.take(many[:100])
    assert len(rows(store, feedback)) == 101


LIMITED = """
import resource, sys
from dataclasses import replace
from cds_service.errors import StoreUnavailable
from cds_service.feedback.store import Store
from tests.feedback.samples import ACCEPTED
store = Store(sys.argv[1])
store.take([ACCEPTED])
many = [replace(ACCEPTED, card=f"card-{number}") for number in range(3000)]
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
try:
    store.take(many)
    print("taken")
except StoreUnavailable:
    print("refused")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.take(many[:10])
store.close()
"""


def test_a_file_that_may_not_grow_refuses_feedback(sqlite_file: Path, open_store: OpenStore) -> None:
    said = python(LIMITED, f"sqlite:///{sqlite_file}").communicate(timeout=60)
    assert said == ("refused\n", "")
    assert len(rows(open_store(f"sqlite:///{sqlite_file}"), feedback)) == 11


def test_a_locked_file_is_not_waited_for_long(
    on_file: Store, sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(sqlite_file, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert refuses(lambda: on_file.seen("issuer", "jti", UNTIL)) < SOON
        assert refuses(lambda: on_file.take([ACCEPTED])) < 2 + 1
        on_file.record([ANSWER])
        other.execute("COMMIT")
    other.close()
    assert not on_file.seen("issuer", "jti", UNTIL)
    on_file.take([ACCEPTED])
    wait_for(lambda: rows(on_file, answers))


def test_a_file_that_is_removed_takes_nothing_with_it(on_file: Store, sqlite_file: Path) -> None:
    """Feedback that was written to a removed file would be acknowledged and lost."""
    on_file.take([ACCEPTED])
    on_file.seen("issuer", "jti", UNTIL)
    shutil.rmtree(sqlite_file.parent)
    refuses(lambda: on_file.take([ACCEPTED]))
    refuses(lambda: on_file.seen("issuer", "jti", UNTIL))
    wait_for(lambda: sqlite_file.exists() and on_file.ready())
    on_file.take([ACCEPTED])
    assert len(rows(on_file, feedback)) == 1


def test_a_file_that_is_no_database_is_left_alone(
    sqlite_file: Path, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LONGEST_PAUSE", 0.2)
    sqlite_file.parent.mkdir()
    sqlite_file.write_bytes(b"this is no database, but somebody may want it" * 100)
    before = sqlite_file.read_bytes()
    store = open_store(f"sqlite:///{sqlite_file}")
    assert not store.ready()
    refuses(lambda: store.take([ACCEPTED]))
    refuses(lambda: store.seen("issuer", "jti", UNTIL))
    store.record([ANSWER])
    assert sqlite_file.read_bytes() == before
    sqlite_file.unlink()
    wait_for(store.ready)
    store.take([ACCEPTED])
    wait_for(lambda: rows(store, answers))


READ_ONLY = """
import os, sys
import alembic.command, platformdirs, sqlalchemy.dialects.sqlite.pysqlite
from cds_service.errors import StoreUnavailable
from cds_service.feedback.store import Store
from tests.feedback.samples import ACCEPTED, ANSWER
folder, *urls = sys.argv[1:]
Store(urls[0]).close()
for file in os.listdir(folder):
    os.chmod(f"{folder}/{file}", 0o444)
os.chmod(folder, 0o555)
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for url in urls:
    store = Store(url)
    store.record([ANSWER])
    assert not store.ready()
    for call in (lambda: store.take([ACCEPTED]), lambda: store.seen("issuer", "jti", ACCEPTED.at)):
        try:
            call()
            print("taken")
        except StoreUnavailable:
            print("refused")
"""


def test_where_nothing_may_be_written_it_starts_and_refuses() -> None:
    """A folder of somebody else's: with a store in it that others may read, and without one."""
    folder = Path(mkdtemp(prefix="ivig", dir="/tmp"))  # the folders of pytest are closed to the user that this becomes
    try:
        urls = [f"sqlite:///{folder}/{name}.sqlite" for name in ("store", "none")]
        assert python(READ_ONLY, str(folder), *urls).communicate(timeout=60)[0].split() == ["refused"] * 4
    finally:
        folder.chmod(0o700)
        shutil.rmtree(folder)


def test_what_cannot_be_written_is_counted_and_said_and_the_rest_catches_up(
    sqlite_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MOST_WAITING", 10)
    monkeypatch.setattr(writer, "LONGEST_PAUSE", 0.2)
    sqlite_file.parent.write_text("a file where the folder should be")
    said: list[tuple[str, Mapping[str, object]]] = []
    store = Store(f"sqlite:///{sqlite_file}", KEY, say=lambda event, fields: said.append((event, fields)))
    try:
        began = time.monotonic()
        for _ in range(25):
            store.record([ANSWER])
        assert time.monotonic() - began < 0.1
        assert store.dropped == 15
        assert not store.ready()
        sqlite_file.parent.unlink()
        wait_for(store.ready)
        wait_for(lambda: len(rows(store, answers)) == 10)
        wait_for(lambda: ("answers_lost", {"count": 15}) in said)
    finally:
        store.close()
    assert said[0] == ("store_unavailable", {"cause": "FileExistsError", "waiting": 0})
    assert "store_back" in [event for event, _ in said]
    assert not {"patient-4711", KEY} & {str(value) for _, fields in said for value in fields.values()}


@pytest.fixture
def own_server(postgresql: Server) -> Iterator[Server]:
    """The server of all tests, started again where a test leaves it stopped."""
    yield postgresql
    postgresql.go_on()


def test_a_server_that_stops_and_starts_again(
    own_server: Server, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LONGEST_PAUSE", 0.3)
    url = own_server.fresh()
    store = open_store(url)
    store.take([ACCEPTED])
    store.seen("issuer", "jti", UNTIL)
    own_server.stop()
    try:
        assert not store.ready()
        assert refuses(lambda: store.seen("issuer", "other", UNTIL)) < SOON
        refuses(lambda: store.take([replace(ACCEPTED, card="while stopped")]))
        store.record([ANSWER])
        late = open_store(url)
        late.record([ANSWER])
        refuses(lambda: late.take([ACCEPTED]))
    finally:
        own_server.start()
    wait_for(store.ready)
    wait_for(late.ready)
    assert store.seen("issuer", "jti", UNTIL)
    store.take([replace(ACCEPTED, card="afterwards")])
    wait_for(lambda: len(rows(store, answers)) == 2)
    assert {row.card for row in rows(store, feedback)} == {"card-dose", "afterwards"}
    assert store.dropped == late.dropped == 0


def test_a_server_that_hangs_is_not_waited_for_long(
    own_server: Server, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LONGEST_PAUSE", 0.3)
    store = open_store(own_server.fresh())
    store.take([ACCEPTED])
    store.seen("issuer", "jti", UNTIL)
    own_server.hang()
    try:
        store.record([ANSWER])
        times = [refuses(lambda number=number: store.seen("issuer", f"new-{number}", UNTIL)) for number in range(4)]
        assert min(times) < SOON
        assert max(times) < 1.5  # a busy machine adds to it, but never the driver's own patience
        assert refuses(lambda: store.take([replace(ACCEPTED, card="hung")])) < 5
    finally:
        own_server.go_on()
    wait_for(store.ready)
    store.take([replace(ACCEPTED, card="afterwards")])
    assert store.seen("issuer", "jti", UNTIL)
    wait_for(lambda: rows(store, answers))


SERVES = """
import sys
from cds_service.server import serve

def worker():
    from flask import Flask
    from cds_service.feedback.store import Store
    from tests.feedback.samples import ANSWER
    app, store = Flask("try"), Store(sys.argv[1], sys.argv[2])
    @app.get("/")
    def call():
        store.record([ANSWER])
        return "answered"
    return app

if __name__ == "__main__":
    serve("serves:worker", "127.0.0.1", int(sys.argv[3]), 1)
"""


def test_what_waits_is_written_where_the_server_is_told_to_stop(
    sqlite_file: Path, open_store: OpenStore, tmp_path: Path
) -> None:
    """SIGTERM ends the workers too, and what they answered last is still remembered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = tmp_path / "serves.py"
    script.write_text(SERVES)
    url = f"sqlite:///{sqlite_file}"
    path = os.pathsep.join([str(tmp_path), *sys.path])
    process = subprocess.Popen(
        [sys.executable, str(script), url, KEY, str(port)], env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def answered() -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=5) as response:
                return bool(response.read() == b"answered")
        except (URLError, ConnectionError):
            return False

    wait_for(answered, 30)
    for _ in range(4):
        assert answered()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) in (0, -signal.SIGTERM)
    assert len(rows(open_store(url), answers)) >= 5
