"""The errors that this service raises, in one tree.

    ServiceError
    ├── KnowledgeError      a file of guidance, codes or tables is at fault: the service refuses to start
    ├── SettingsError       a setting is unknown or unsafe: the service refuses to start
    ├── NotObtained         a server did not give what was asked for (fhir/cause.py): said on the card
    ├── StoreUnavailable    the store is gone: feedback cannot be kept, replays are known to one process only
    └── RequestError        the call cannot be answered; carries the HTTP status
        ├── DataUnavailable     412: the patient cannot be known at all
        └── Refused             401: the caller is not known; one text for every cause

No message carries a value from a patient's record.
"""

from __future__ import annotations


class ServiceError(Exception):
    """Base of every error raised on purpose."""


class KnowledgeError(ServiceError):
    """`place: what is wrong; what is allowed`. Raised while knowledge is loaded, never later."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem


class SettingsError(ServiceError):
    """A setting that is unknown, malformed or unsafe."""


class StoreUnavailable(ServiceError):
    """The store could not be reached or written."""


class RequestError(ServiceError):
    """A call that cannot be answered. `status` is the HTTP status, `code` the OperationOutcome issue code."""

    status = 400
    code = "invalid"

    def __init__(self, text: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.status = status or self.status
        self.code = code or self.code


class DataUnavailable(RequestError):
    """Required data is missing and cannot be obtained (CDS Hooks: 412)."""

    status = 412
    code = "required"


class Refused(RequestError):
    """The caller is not a client that we know. `cause` and `client` are for the audit log, never for the answer."""

    status = 401
    code = "login"

    def __init__(self, cause: str, client: str = "") -> None:
        super().__init__("The call does not come from a client that this service knows.")
        self.cause = cause
        self.client = client
