"""What may be told of an exception: its type, and where in our own code it was; never its text."""

from __future__ import annotations

import traceback
from pathlib import PurePath
from types import TracebackType

DEEPEST = 5  # frames told, those nearest to the fault; our own choice


def error_name(kind: type[BaseException]) -> str:
    """`DecodeError`; with its module where it is not ours or Python's own.

    >>> error_name(ValueError)
    'ValueError'
    """
    name = kind.__name__
    return name if kind.__module__ == "builtins" else f"{kind.__module__.partition('.')[0]}.{name}"


def places(trace: TracebackType | None) -> list[str]:
    """`service.py:77`, for each frame of ours, the innermost last."""
    frames = [
        f"{path.name}:{frame.lineno}"
        for frame in traceback.extract_tb(trace)
        if "cds_service" in (path := PurePath(frame.filename)).parts
    ]
    return frames[-DEEPEST:]
