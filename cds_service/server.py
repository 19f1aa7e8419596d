"""Runs the application under granian: fast WSGI, a few processes, one thread each."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from cds_service.settings import Settings


def worker() -> Flask:
    """Builds the application in a worker."""
    from cds_service.app import create_app
    from cds_service.settings import load_settings

    return settle(create_app(load_settings()))


def settle(app: Flask) -> Flask:
    """Answers one call to itself, then freezes what will live forever.

    With Python's defaults one call in a hundred pays a full garbage collection over the knowledge.
    """
    app.test_client().get("/cds-services")
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return app


def run(settings: Settings) -> None:
    """Serves until interrupted. The workers read the same settings from the environment."""
    for name, value in settings.model_dump().items():
        os.environ[f"CDS_{name.upper()}"] = (
            ",".join(value)
            if isinstance(value, tuple)
            else str(value).lower()
            if isinstance(value, bool)
            else str(value)
        )
    serve("cds_service.server:worker", settings.host, settings.port, settings.workers)


def serve(target: str, host: str, port: int, workers: int) -> None:
    """`target` is the function, as `module:name`, that builds the application in each worker."""
    from granian.constants import Interfaces
    from granian.server import Server

    Server(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=1,
        log_access=False,
        websockets=False,
    ).serve()
