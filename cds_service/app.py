"""Wiring: one Flask application. `create_app(settings)` is what a WSGI server calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from cds_service import __version__
from cds_service.errors import SettingsError
from cds_service.hooks.discovery import discovery
from cds_service.hooks.outcome import operation_outcome
from cds_service.knowledge.load import load_knowledge
from cds_service.observe.health import readiness

if TYPE_CHECKING:
    from cds_service.clients.gate import Gate
    from cds_service.clients.table import Clients
    from cds_service.feedback.store import Store
    from cds_service.feedback.writer import Say
    from cds_service.hooks.service import Answerer
    from cds_service.knowledge.shapes import Knowledge
    from cds_service.observe.observer import Observer
    from cds_service.settings import Settings

LARGEST_KEY_SET = 512 * 1024  # bytes; our own choice: a set of a hundred keys is a tenth of it
FAULT = orjson.dumps(operation_outcome(500, "The request could not be answered."))


def create_app(settings: Settings | None = None) -> Flask:
    """Loads the knowledge, the clients and the store; raises KnowledgeError or SettingsError rather than start on a
    fault. A store or a client's key set that cannot be reached now is none: they are tried again."""
    from cds_service.clients.table import Clients, load_clients
    from cds_service.hooks.desk import Desk
    from cds_service.hooks.wsgi import Edge
    from cds_service.observe.logs import configure_logs
    from cds_service.observe.wsgi import Observed

    if settings is None:
        from cds_service.settings import load_settings

        settings = load_settings()
    configure_logs()
    clients = load_clients(settings.clients, demo=settings.demo) if settings.clients else Clients(())
    if any(one.certificate for one in clients.listed) and not settings.certificate_header:
        raise SettingsError("CDS_CERTIFICATE_HEADER is needed: a client's entry asks for a certificate")
    store, observer = _remembering(settings)
    answerers = _answerers(settings, clients, observer)
    answerer = answerers[settings.site]
    gate = _gate(settings, clients, store, observer) if settings.auth == "required" else None
    desk = Desk(
        answerers, settings.site, clients, gate, store, seconds=settings.deadline_ms / 1000, version=__version__
    )
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False  # a path is taken as it is, and never redirected
    _routes(app, answerer.knowledge, store, observer)
    _every_answer(app)
    edge = Edge(app.wsgi_app, desk, settings.allowed_origins, settings.certificate_header)
    app.wsgi_app = Observed(edge, observer, FAULT)  # type: ignore[method-assign]
    app.extensions["ivig_cds"] = answerer
    for one in answerers.values():
        observer.started(one.knowledge.site.name, one.knowledge.version, __version__)
    return app


def _answerers(settings: Settings, clients: Clients, observer: Observer) -> dict[str, Answerer]:
    """One for each site that a client's calls are judged by. FHIR servers are read only where a client has one."""
    from cds_service.fhir.http import Http
    from cds_service.fhir.lookup import Lookups
    from cds_service.hooks.lane import Lane
    from cds_service.hooks.service import Answerer
    from cds_service.hooks.vocabulary import learn_clients, learn_knowledge

    learn_clients(clients)
    readable = any(one.fhir_base for one in clients.listed)
    lookups = Lookups(Http().get, callers=max(1, settings.threads // 2), breaker=observer.breaker) if readable else None
    lane = Lane()
    found = {}
    for site in dict.fromkeys([settings.site, *(one.site for one in clients.listed if one.site)]):
        knowledge = load_knowledge(site)
        learn_knowledge(knowledge, __version__)
        found[site] = Answerer(
            knowledge,
            accept_as_of=settings.accept_as_of,
            lookups=lookups,
            deadline_ms=settings.deadline_ms,
            lane=lane,
        )
    return found


def _remembering(settings: Settings) -> tuple[Store, Observer]:
    """The store, and who tells of it. Ids are hashed alike in both, so that the log and the store can be joined."""
    from cds_service.observe.listener import worker_counts
    from cds_service.observe.observer import Observer

    meter = None
    if worker_counts():
        from cds_service.observe.meter import Meter

        meter = Meter()

    def hashed(*given: str) -> str:
        return store.hashed(*given)  # made below, since it tells the observer how it fares

    observer = Observer(hashed=hashed, meter=meter)
    observer.store(up=True)
    store = open_store(settings, observer.said)
    return store, observer


def open_store(settings: Settings, say: Say = lambda event, fields: None) -> Store:
    """Raises SettingsError where the settings are at fault, or the store is newer than the software."""
    from cds_service.feedback.store import Store

    return Store(
        settings.database_url,
        settings.id_key.get_secret_value(),
        keep_days=settings.keep_days,
        keep_comments=settings.keep_comments,
        say=say,
    )


def _gate(settings: Settings, clients: Clients, store: Store, observer: Observer) -> Gate:
    from cds_service.clients.gate import Gate
    from cds_service.clients.keys import KeyStore
    from cds_service.fhir.http import Http

    keys = KeyStore(clients, Http(largest=LARGEST_KEY_SET).fetch, report=observer.keys)
    keys.warm()
    return Gate(clients, keys, store.seen, settings.base_url, report=observer.replays)


def _routes(app: Flask, knowledge: Knowledge, store: Store, observer: Observer) -> None:
    """What can be fetched; hook calls are answered at the edge, before Flask."""
    services = discovery(knowledge)
    openapi = openapi_file().read_bytes()

    @app.get("/cds-services")
    def list_services() -> dict[str, object]:
        return services

    @app.get("/openapi.yaml")
    def contract() -> Response:
        return Response(openapi, mimetype="application/yaml")

    @app.get("/health/live")
    def live() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/health/ready")
    def ready() -> dict[str, str]:
        up = store.ready()
        observer.store(up=up)
        return readiness(
            site=knowledge.site.name,
            knowledge_version=knowledge.version,
            software_version=__version__,
            store=up,
        )


def _every_answer(app: Flask) -> None:
    """Refusals as OperationOutcomes, and the headers that every answer carries."""

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> tuple[dict[str, object], int, dict[str, str]]:
        status = error.code or 500
        texts = {404: "There is nothing at this address.", 405: "This method is not allowed here."}
        headers = {"Allow": ", ".join(sorted(error.valid_methods or ()))} if status == 405 else {}  # type: ignore[attr-defined]
        return operation_outcome(status, texts.get(status, "The request could not be answered.")), status, headers

    @app.after_request
    def safe(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def openapi_file() -> Path:
    """Inside an installed package, or beside it in a checkout."""
    here = Path(__file__).parent
    inside = here / "openapi.yaml"
    return inside if inside.is_file() else here.parent / "openapi.yaml"
