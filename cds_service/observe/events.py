"""Reports one event to the operators: the one way in which other rooms write to the log."""

from __future__ import annotations

from cds_service.observe.place import error_name, places

# An event that is not here is information.
LEVELS = {
    "refused": "warning",
    "endpoint_not_registered": "warning",
    "breaker_opened": "warning",
    "keys_unavailable": "warning",
    "replays_unshared": "warning",
    "not_recorded": "error",
    "store_unavailable": "error",
    "judgment_failed": "error",
    "fault": "error",
}


def report(event: str, **fields: object) -> None:
    """Whatever is not an allowed field with an allowed value is dropped, and that is reported too."""
    from cds_service.observe.logs import write

    write(event, LEVELS.get(event, "info"), **fields)


def report_error(event: str, error: BaseException, **fields: object) -> None:
    """The same of an exception: its type and where in our code it was, without its text."""
    report(event, error=error_name(type(error)), place=places(error.__traceback__), **fields)
