"""Fills templates with an id, so that no id can change what is asked or of whom."""

from __future__ import annotations

from urllib.parse import quote

from cds_service.fhir.cause import Cause, NotObtained

ID = "{{context.patientId}}"


def filled(template: str, identity: str) -> str:
    """A prefetch template with an id. Raises NotObtained (UNSAFE) where the id cannot be a name in a path."""
    path, question, rest = template.partition("?")
    if ID in path:
        path = path.replace(ID, segment(identity))
    return path + question + rest.replace(ID, encoded(identity))


def segment(identity: str) -> str:
    """An id as one step of a path. Dots alone would climb, and cannot be written otherwise."""
    if identity in (".", ".."):
        raise NotObtained(Cause.UNSAFE)
    return encoded(identity)


def encoded(text: str) -> str:
    """Percent-encoded. Raises NotObtained (UNSAFE) where it is no Unicode text (half of a surrogate pair)."""
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise NotObtained(Cause.UNSAFE) from None
