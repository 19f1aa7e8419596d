"""Logs lines of closed fields to stderr: JSON, or key=value on a terminal. Libraries' logs pass the same gate."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog

from cds_service.observe.fields import SAFE_MESSAGES, gate
from cds_service.observe.place import error_name, places
from cds_service.observe.request import REQUEST_ID

FIRST = ("at", "level", "event")
_on_terminal = structlog.processors.KeyValueRenderer()


class _Stderr:
    """Writes each line at once. Where stderr is gone there is nobody left to tell, and the call goes on."""

    def msg(self, line: str) -> None:
        try:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):
            return

    debug = info = warning = error = critical = msg


def _render(logger: object, method: str, fields: MutableMapping[str, Any]) -> str:
    line = {name: fields.pop(name) for name in FIRST if name in fields} | dict(fields)
    if _is_terminal(sys.stderr):
        return str(_on_terminal(logger, method, line))
    return orjson.dumps(line).decode()


@lru_cache(maxsize=4)
def _is_terminal(stream: TextIO | None) -> bool:
    """Asked once of a stream: asking is a system call."""
    return stream is not None and not stream.closed and stream.isatty()


structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        gate,
        _render,
    ],
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    logger_factory=lambda *_: _Stderr(),
    cache_logger_on_first_use=True,
)


def write(name: str, level: str = "info", **fields: object) -> None:
    """One event, with the id of the request that is being answered. Only what `fields.FIELDS` allows is written."""
    request_id = REQUEST_ID.get()
    if request_id:
        fields["request_id"] = request_id
    getattr(_LOG, level)(name, **fields)


_LOG = structlog.get_logger()


class _Gate(logging.Handler):
    """Reduces what a library logs to who, how bad, and where: its words and their arguments may hold anything."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, object] = {"logger": record.name}
        kind, _, trace = record.exc_info if isinstance(record.exc_info, tuple) else (None, None, None)
        if kind is not None:
            fields |= {"error": error_name(kind), "place": places(trace)}
        elif record.name.partition(".")[0] == "_granian" and SAFE_MESSAGES.fullmatch(said := _said(record)):
            fields["message"] = said
        else:
            fields["place"] = [f"{record.module}:{record.lineno}"]
        write("library", _level(record.levelno), **fields)


def _level(number: int) -> str:
    """Libraries' debug lines are not told even where somebody turns them on: they are many, and say nothing here."""
    return "info" if number < logging.WARNING else "warning" if number < logging.ERROR else "error"


def _said(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return ""


def configure_logs() -> None:
    """Puts the gate before every logger of the process; calling it again changes nothing."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if type(one) is logging.StreamHandler]:
        root.removeHandler(handler)
    if not any(isinstance(one, _Gate) for one in root.handlers):
        root.addHandler(_Gate())
    logging.captureWarnings(capture=True)


def server_logs() -> dict[str, Any]:
    """For granian's `log_dictconfig`: its loggers, in the parent and the workers, hand on to the gate."""
    to_the_gate = {"handlers": [], "level": "INFO", "propagate": True}
    return {
        "formatters": {},
        "handlers": {},
        "loggers": {"_granian": dict(to_the_gate), "granian.access": dict(to_the_gate)},
    }


def gate_uncaught() -> None:
    """What Python itself would print of an exception that nobody caught. For processes of our own only."""
    import threading

    def thread(args: threading.ExceptHookArgs) -> None:
        write("uncaught", "error", error=error_name(args.exc_type), place=places(args.exc_traceback))

    def unraisable(args: Any) -> None:
        write("uncaught", "error", error=error_name(args.exc_type), place=places(args.exc_traceback))

    threading.excepthook = thread
    hook: Callable[[Any], None] = unraisable
    sys.unraisablehook = hook
