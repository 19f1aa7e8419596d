"""The desk: settles who calls, has the call answered, and has what was shown and done remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import orjson

from cds_service.clients.gate import Gate
from cds_service.clients.table import Client, Clients
from cds_service.errors import Refused, RequestError
from cds_service.feedback.shown import Answer, cards_shown
from cds_service.feedback.store import Store
from cds_service.hooks.caller import Caller
from cds_service.hooks.discovery import SERVICES
from cds_service.hooks.feedback import feedback_reply
from cds_service.hooks.outcome import operation_outcome
from cds_service.hooks.service import Answerer, Reply
from cds_service.observe.told import Told


@dataclass(frozen=True, slots=True)
class Sent:
    """A call or feedback as it arrived. `body` is read once it is known who sends it; it may raise RequestError."""

    service_id: str
    path: str
    authorization: str | None
    certificate: str | None
    body: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Who:
    """Who calls, by our own table; all empty where nobody is asked who they are."""

    caller: Caller
    site: str
    issuer: str = ""
    tenant: str = ""


class Desk:
    """Built once for a process. `answerers` are by site; `gate` is None where nobody is asked who they are;
    `version` is that of the software."""

    def __init__(
        self,
        answerers: Mapping[str, Answerer],
        site: str,
        clients: Clients,
        gate: Gate | None,
        store: Store,
        *,
        seconds: float,
        version: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.answerers, self.site, self.gate, self.store = answerers, site, gate, store
        self.seconds, self.version, self.clock = seconds, version, clock
        bases = tuple((one.name, one.fhir_base) for one in clients.listed if one.fhir_base)
        self._anybody = Who(Caller(servers=bases), site)
        self._known = {one.name: self._of(one) for one in clients.listed}

    def call(self, sent: Sent) -> Reply:
        """The answer to a hook call, within the time for one answer."""
        due = time.monotonic() + self.seconds
        who = self._anybody
        try:
            who = self._admit(sent)
            reply = self.answerers[who.site].reply(sent.service_id, sent.body(), who.caller, due)
        except RequestError as error:
            reply = refusal(error)
        if reply.status == 200:
            self.store.record([self._shown(who, reply.told)])
        return self._told(reply, sent, who)

    def feedback(self, sent: Sent) -> Reply:
        """The answer to feedback: 200 only where all of it is stored."""
        who = self._anybody
        try:
            who = self._admit(sent)
            reply = feedback_reply(sent.service_id, sent.body(), who.caller.name, who.tenant, self.store, self.clock())
        except RequestError as error:
            reply = refusal(error)
        return self._told(reply, sent, who)

    def _admit(self, sent: Sent) -> Who:
        """Raises Refused, or RequestError (404) where there is no such service."""
        if sent.service_id not in SERVICES:
            raise RequestError("There is no service of this id; see GET /cds-services.", status=404, code="not-found")
        if self.gate is None:
            return self._anybody
        admitted = self.gate.admit(sent.authorization, sent.path, sent.certificate)
        return self._known[admitted.client.name]

    def _of(self, client: Client) -> Who:
        servers = ((client.name, client.fhir_base),) if client.fhir_base else ()
        return Who(
            Caller(client.name, servers, client.cds_hooks), client.site or self.site, client.issuer, client.tenant or ""
        )

    def _told(self, reply: Reply, sent: Sent, who: Who) -> Reply:
        knowledge = self.answerers[who.site].knowledge
        told = replace(
            reply.told,
            site=knowledge.site.name,
            knowledge_version=knowledge.version,
            service=sent.service_id,
            client=who.caller.name or reply.told.client,
            issuer=who.issuer,
            tenant=who.tenant,
        )
        return replace(reply, told=told)

    def _shown(self, who: Who, told: Told) -> Answer:
        knowledge = self.answerers[who.site].knowledge
        return Answer(
            self.clock(),
            told.service,
            told.hook,
            told.instance,
            told.user,
            told.patient,
            who.caller.name,
            who.tenant,
            knowledge.site.name,
            knowledge.version,
            self.version,
            cards_shown(told.message["cards"]),
        )


def refusal(error: RequestError) -> Reply:
    told = Told(cause=error.cause, client=error.client) if isinstance(error, Refused) else Told()
    return Reply(error.status, orjson.dumps(operation_outcome(error.status, error.text, error.code)), told)
