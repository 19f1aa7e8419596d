"""What one call is judged by: what was sent, and what was read for it from the client's FHIR server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cds_service.fhir.bases import under
from cds_service.fhir.cause import Cause, NotObtained
from cds_service.fhir.lookup import Found, Lookups
from cds_service.fhir.paging import next_link
from cds_service.fhir.queries import ID, filled
from cds_service.fhir.read import Json, as_list, reference_id
from cds_service.hooks.caller import Caller
from cds_service.hooks.lane import Lane
from cds_service.hooks.messages import Call

MEDICATIONS = 8  # Medications read for one call; our own choice: an order set names fewer
UNREGISTERED = "the FHIR server named in the call is not registered for this client"
WORDS = {
    Cause.UNREACHABLE: "The FHIR server could not be reached",
    Cause.TLS: "The FHIR server's certificate could not be trusted",
    Cause.REFUSED: "The FHIR server refused access",
    Cause.NOT_FOUND: "The FHIR server does not know what was asked for",
    Cause.BUSY: "The FHIR server was too busy to answer",
    Cause.ERROR: "The FHIR server answered with an error",
    Cause.REDIRECT: "The FHIR server pointed to another address, which is not followed",
    Cause.NOT_FHIR: "The FHIR server's answer could not be read",
    Cause.TOO_LARGE: "The FHIR server's answer was too large",
    Cause.INCOMPLETE: "The FHIR server gave only a part, and the rest could not be followed",
    Cause.UNSAFE: "The id cannot be asked for safely",
    Cause.RESTED: "The FHIR server did not answer this call or several before it",
    Cause.CROWDED: "Too many calls wait for the FHIR server",
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """The server that may be read for this call."""

    client: str
    base: str
    token: str = field(repr=False)


@dataclass
class Sources:
    """Of one call. `prefetch` grows by what is read; `causes` say why something is not there."""

    call: Call
    seconds: float  # the whole time for an answer, as it is said on a card
    deadline: float  # of time.monotonic(): when the last look-up is given up
    lookups: Lookups | None
    lane: Lane
    allowed: Allowed | None = None
    refusal: str = ""
    prefetch: Json = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    causes: dict[str, Cause] = field(default_factory=dict)

    asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.prefetch = dict(self.call.prefetch)

    def permit(self, caller: Caller) -> None:
        """Finds whether the server named in the call may be read, or why not."""
        access = self.call.access
        if access is None or self.lookups is None:
            return
        known = caller.server(access.server)
        if known is None or access.fault:
            self.refusal = access.fault or UNREGISTERED
            return
        self.allowed = Allowed(*known, access.token)

    def read_medications(self, references: Iterable[str]) -> None:
        """The Medications that orders refer to, before it is known whether one is IVIG."""
        self._fetch(self._medications(references))

    def read_missing(self, templates: Mapping[str, str], references: Iterable[str] = ()) -> None:
        """Whatever was not sent, the further pages of what was sent in part, and Medications, all at once."""
        if self.allowed is None:
            return
        queries = self._medications(references)
        for key, template in templates.items():
            if key not in self.prefetch:
                self._ask(queries, key, template, self.call.patient_id)
            elif link := next_link(self.prefetch[key]):
                queries[key] = link
        self._fetch(queries)

    def remarks(self, *, missing: bool) -> list[str]:
        """Why something was not obtained. `missing`: something is, and was not asked for."""
        said = [f"Not looked up: {self.refusal}."] if missing and self.refusal else []
        for cause in dict.fromkeys(self.causes.values()):
            keys = ", ".join(key for key, one in self.causes.items() if one is cause)
            words = WORDS.get(cause, f"Not answered within {self.seconds:g} s")
            said.append(f"{words}, and so not checked: {keys}.")
        return said

    def _medications(self, references: Iterable[str]) -> dict[str, str]:
        queries: dict[str, str] = {}
        for reference in references:
            identity = reference_id(reference, "Medication")
            key = f"Medication/{identity}"
            elsewhere = "://" in reference and (self.allowed is None or under(self.allowed.base, reference) is None)
            if not elsewhere and key not in self.asked and len(self.asked) < MEDICATIONS:
                self.asked.add(key)
                self._ask(queries, key, f"Medication/{ID}", identity)
        return queries

    def _ask(self, queries: dict[str, str], key: str, template: str, identity: str) -> None:
        try:
            queries[key] = filled(template, identity)
        except NotObtained as error:
            self._keep(key, Found(None, error.cause))

    def _fetch(self, queries: Mapping[str, str]) -> None:
        if self.allowed is None or self.lookups is None or not queries:
            return
        allowed = self.allowed
        with self.lane.left():
            found = self.lookups.fetch(allowed.client, allowed.base, allowed.token, queries, self.deadline)
        for key, one in found.items():
            self._keep(key, one)

    def _keep(self, key: str, found: Found) -> None:
        """As if it had been sent: what was not obtained stands as an error, so that it is not taken for none."""
        before, name = self.prefetch.get(key), "medication" if key.startswith("Medication/") else key
        if found.cause:
            self.causes[name] = found.cause
        elif name not in self.read:
            self.read.append(name)
        if isinstance(before, dict) and found.value is not None:
            entries = [*as_list(before.get("entry")), *as_list(found.value.get("entry"))]
            self.prefetch[key] = {**before, "entry": entries, "link": found.value.get("link")}
        elif before is None and (found.value is not None or name == key):
            self.prefetch[key] = found.value or {"resourceType": "OperationOutcome"}
