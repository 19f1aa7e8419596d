"""Who calls, and which FHIR servers may be read for them."""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.clients.bases import same_base


@dataclass(frozen=True, slots=True)
class Caller:
    """The client's name, empty where nobody is asked who they are; and the FHIR bases that may be read, each with the
    name of the client that it is registered for: a call's own word is never enough. `release` is that of CDS Hooks."""

    name: str = ""
    servers: tuple[tuple[str, str], ...] = ()
    release: str = "2.0"

    def server(self, said: str) -> tuple[str, str] | None:
        """The (client, base) whose base equals what the call says; None where that is registered for nobody here."""
        return next((one for one in self.servers if same_base(one[1], said)), None)


NOBODY = Caller()
