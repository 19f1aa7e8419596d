"""What libraries log comes out without their words, also what Python prints of exceptions that nobody caught."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest

from cds_service.observe.logs import configure_logs, server_logs
from tests.observe.watched import events

SECRET = "Zoë 70330118"


@pytest.fixture(autouse=True)
def _gated() -> Iterator[None]:
    configure_logs()
    yield
    logging.captureWarnings(capture=False)


@pytest.mark.parametrize(
    "name", ["urllib3.connectionpool", "sqlalchemy.engine", "werkzeug", "cds_service.app", "alembic"]
)
def test_words_and_arguments_stay_inside(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger(name)
    log.error("GET %s failed", SECRET)
    log.warning(SECRET, extra={"patient": SECRET})
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception(SECRET)
    out, err = capfd.readouterr()
    assert SECRET not in out + err
    assert "70330118" not in out + err
    first, second, third = events(err)
    assert first | second == first | second | {"event": "library", "logger": name, "level": "warning"}
    assert first["place"][0].startswith("test_library_logs:")
    assert third["error"] == "ValueError"


def test_of_the_server_only_what_it_says_of_itself_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("_granian")
    for words in ("Listening at: http://127.0.0.1:8080", "Unexpected exit from worker-2", f"Listening at: {SECRET}"):
        log.error(words)
    told = events(capfd.readouterr().err)
    assert [one.get("message", "") for one in told] == [
        "Listening at: http://127.0.0.1:8080",
        "Unexpected exit from worker-2",
        "",
    ]


def test_the_server_s_own_handlers_are_taken_away(capfd: pytest.CaptureFixture[str]) -> None:
    from granian.log import LogLevels, configure_logging

    configure_logging(LogLevels.info, server_logs())
    logging.getLogger("_granian").error(SECRET, exc_info=ValueError(SECRET))
    out, err = capfd.readouterr()
    assert out == ""
    assert [one["error"] for one in events(err)] == ["ValueError"]
    assert SECRET not in err


def test_a_warning_is_told_without_its_words(capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        configure_logs()
        warnings.warn(SECRET, stacklevel=1)
        logging.captureWarnings(capture=False)
    out, err = capfd.readouterr()
    assert SECRET not in out + err
    assert [one["logger"] for one in events(err)] == ["py.warnings"]


UNCAUGHT = """
import threading
from cds_service.observe.logs import configure_logs, gate_uncaught
configure_logs()
gate_uncaught()
class Broken:
    def __del__(self): raise ValueError("Zoë 70330118")
def run(): raise KeyError("Zoë 70330118")
thread = threading.Thread(target=run)
thread.start()
thread.join()
Broken()
"""


def test_what_nobody_caught_is_told_by_its_type() -> None:
    found = subprocess.run([sys.executable, "-c", UNCAUGHT], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout == ""
    assert "70330118" not in found.stderr
    assert [one["error"] for one in events(found.stderr)] == ["KeyError", "ValueError"]


def test_configuring_twice_tells_once(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    configure_logs()
    logging.getLogger("anybody").error("once")
    assert len(events(capfd.readouterr().err)) == 1
