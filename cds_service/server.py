"""Runs the application under granian: fast WSGI, a few processes, one thread each."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from cds_service.settings import Settings


def worker() -> Flask:
    """Builds the application in a worker, answers one call to itself, then freezes what will live forever.

    With Python's defaults one call in a hundred pays a full garbage collection over the knowledge.
    """
    from cds_service.app import create_app
    from cds_service.settings import load_settings

    app = create_app(load_settings())
    app.test_client().get("/cds-services")
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return app


def run(settings: Settings) -> None:
    """Serves until interrupted. The workers read the same settings from the environment."""
    from granian.constants import Interfaces
    from granian.server import Server

    for name, value in settings.model_dump().items():
        os.environ[f"CDS_{name.upper()}"] = (
            ",".join(value)
            if isinstance(value, tuple)
            else str(value).lower()
            if isinstance(value, bool)
            else str(value)
        )
    Server(
        "cds_service.server:worker",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=1,
        log_access=False,
        websockets=False,
    ).serve()
