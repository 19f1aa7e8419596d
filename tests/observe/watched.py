"""An application that is watched: its log lines, its metrics, and what a call tells, as the service tells it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any

import orjson
from flask import Flask
from prometheus_client import CollectorRegistry, generate_latest
from werkzeug.test import Client, TestResponse

from cds_service import __version__
from cds_service.fhir.prefetch import collect
from cds_service.hooks.outcome import operation_outcome
from cds_service.hooks.service import Answerer
from cds_service.hooks.vocabulary import learn_knowledge
from cds_service.observe.logs import configure_logs
from cds_service.observe.meter import Meter
from cds_service.observe.observer import Observer
from cds_service.observe.stripped import stripped
from cds_service.observe.told import Told
from cds_service.observe.wsgi import TOLD, Observed, Wsgi
from tests.test_examples import client_of

FAULT = orjson.dumps(operation_outcome(500, "The request could not be answered."))
SERVICES = {f"/cds-services/neonatal-ivig-{hook}": hook for hook in ("order-select", "order-sign", "patient-view")}


def hashed(kind: str, site: str, client: str, tenant: str, value: str) -> str:
    said = "\0".join((kind, site, client, tenant, value)).encode("utf-8", "replace")
    return hashlib.blake2b(said, key=b"of the tests", digest_size=16).hexdigest()


@dataclass
class Watched:
    """One site's application, and its figures."""

    client: Client
    meter: Meter
    registry: CollectorRegistry

    def post(self, path: str, call: object, **options: Any) -> TestResponse:
        body = call if isinstance(call, bytes) else orjson.dumps(call)
        return self.client.post(path, data=body, **({"content_type": "application/json"} | options))

    def metrics(self) -> str:
        self.meter.flush()
        return generate_latest(self.registry).decode()


def observed(app: Wsgi, meter: Meter) -> Observed:
    return Observed(app, Observer(hashed=hashed, meter=meter), FAULT)


def watched(app: Wsgi) -> Watched:
    configure_logs()
    registry = CollectorRegistry()
    meter = Meter(registry)
    return Watched(Client(observed(app, meter)), meter, registry)


def telling(app: Flask) -> Wsgi:
    """The application below what watches it, which is put around it anew, with figures of its own."""
    answerer: Answerer = app.extensions["ivig_cds"]
    learn_knowledge(answerer.knowledge, __version__)
    return app.wsgi_app.app if isinstance(app.wsgi_app, Observed) else Telling(app.wsgi_app, answerer)


@cache
def site_watched(site: str) -> Watched:
    return watched(telling(client_of(site).application))


class Telling:
    """Tells of a call all that the service may tell, where the layers below have not: with every id as it came."""

    def __init__(self, app: Wsgi, answerer: Answerer) -> None:
        self.app = app
        self.keys = answerer.keys
        self.knowledge = answerer.knowledge

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(sent)
        body = b"".join(self.app(environ, start_response))
        if TOLD not in environ and environ["PATH_INFO"] in SERVICES:
            environ[TOLD] = self._told(environ["PATH_INFO"], sent, body)
        return [body]

    def _told(self, path: str, sent: bytes, body: bytes) -> Told:
        try:
            call, answer = orjson.loads(sent), orjson.loads(body)
            context, prefetch = call["context"], call.get("prefetch") or {}
            states = {key: one.value for key, one in collect(prefetch, self.keys, context["patientId"]).states.items()}
            user, instance = context["userId"], call["hookInstance"]
        except (ValueError, KeyError, TypeError, AttributeError):
            return Told(service=path.removeprefix("/cds-services/"))
        return Told(
            site=self.knowledge.site.name,
            knowledge_version=self.knowledge.version,
            service=path.removeprefix("/cds-services/"),
            hook=SERVICES.get(path, ""),
            user=str(user),
            instance=str(instance),
            states=states,
            message=answer if "cards" in answer else {},
            uncoded=1,
            stripped=stripped(call),
        )


def events(err: str) -> list[dict[str, Any]]:
    """Each line of the log; every line is a JSON object."""
    return [orjson.loads(line) for line in err.splitlines() if line]
