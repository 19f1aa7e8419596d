"""What a client reports of one card: accepted or overridden, when, and why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Reason:
    """A coded reason. The client may leave out `system` and `display`, and may use codes that were never offered."""

    code: str
    system: str = ""
    display: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`suggestions` are the ids of those accepted. `comment` is what the user wrote: treat it as patient data."""

    card: str
    outcome: str
    at: datetime
    received: datetime
    client: str
    tenant: str
    service: str
    suggestions: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    comment: str = ""

    @property
    def digest(self) -> str:
        """The same for a repeated post, whenever it comes; another where anything but the comment differs."""
        reasons = sorted((reason.system, reason.code) for reason in self.reasons)
        said = [self.client, self.tenant, self.card, self.outcome, self.at.isoformat(), sorted(self.suggestions)]
        return sha256(json.dumps([*said, reasons]).encode()).hexdigest()
