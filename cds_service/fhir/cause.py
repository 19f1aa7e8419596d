"""Why something could not be had from a server: one word for each thing that is said differently on a card."""

from __future__ import annotations

from enum import Enum

from cds_service.errors import ServiceError


class Cause(Enum):
    """`CROWDED` is ours: the server was not asked."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    REFUSED = "refused"  # 401, 403
    NOT_FOUND = "not found"  # 404, 410
    BUSY = "busy"  # 429, 503
    ERROR = "error"  # any other status, or an OperationOutcome in place of what was asked for
    REDIRECT = "redirect"
    NOT_FHIR = "not fhir"  # no JSON, or no FHIR resource of the type asked for
    TOO_LARGE = "too large"
    INCOMPLETE = "incomplete"  # a further page lies elsewhere, or there are too many, or they go round in a circle
    UNSAFE = "unsafe"  # the address asked for could be read as another one
    RESTED = "rested"  # it answered nothing to several calls in a row, nor to one short question now
    CROWDED = "crowded"  # as many calls as may wait for it wait for it


class NotObtained(ServiceError):
    """A server did not give what was asked for. Carries no address, token or text of the server."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.value)
        self.cause = cause
