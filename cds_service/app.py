"""Wiring: one Flask application for one site. `create_app(settings)` is what a WSGI server calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from cds_service import __version__
from cds_service.hooks.discovery import discovery
from cds_service.hooks.outcome import operation_outcome
from cds_service.hooks.service import Answerer
from cds_service.hooks.wsgi import Edge
from cds_service.knowledge.load import load_knowledge

if TYPE_CHECKING:
    from cds_service.knowledge.shapes import Knowledge
    from cds_service.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Loads the knowledge of the site; raises KnowledgeError or SettingsError rather than start on a fault."""
    if settings is None:
        from cds_service.settings import load_settings

        settings = load_settings()
    knowledge = load_knowledge(settings.site)
    answerer = Answerer(knowledge, accept_as_of=settings.accept_as_of)
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    _routes(app, knowledge)
    _every_answer(app)
    app.wsgi_app = Edge(app.wsgi_app, answerer, settings.allowed_origins)  # type: ignore[method-assign]
    app.extensions["ivig_cds"] = answerer
    return app


def _routes(app: Flask, knowledge: Knowledge) -> None:
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
        return {
            "status": "ok",
            "site": knowledge.site.name,
            "knowledge_version": knowledge.version,
            "software_version": __version__,
        }


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
