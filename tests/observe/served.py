"""Serves the demo site with two workers and metrics on free ports, both printed first; `/broken/…` raises."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any

from flask import Flask

from cds_service import __version__
from cds_service.app import create_app
from cds_service.observe.listener import metrics_served
from cds_service.observe.logs import configure_logs, gate_uncaught, server_logs
from cds_service.settings import Settings


def worker() -> Flask:
    from cds_service.observe.meter import Meter
    from cds_service.observe.wsgi import Observed
    from tests.observe.watched import observed, telling

    gate_uncaught()
    app = create_app(Settings(auth="off", accept_as_of=True))
    if isinstance(app.wsgi_app, Observed):
        outermost = app.wsgi_app
    else:
        outermost = observed(telling(app), Meter())
        outermost.observer.started("demo", app.extensions["ivig_cds"].knowledge.version, __version__)
    outermost.app = Breakable(outermost.app)
    app.wsgi_app = outermost  # type: ignore[method-assign]
    return app


class Breakable:
    """Raises with the words of the address, where that asks for it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/broken/"):
            raise ValueError(environ["PATH_INFO"])
        found: Iterable[bytes] = self.app(environ, start_response)
        return found


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def main() -> None:
    from granian.constants import Interfaces
    from granian.server import Server

    port = free_port()
    configure_logs()
    with metrics_served("127.0.0.1", 0) as metrics:
        print(port, metrics, flush=True)
        Server(
            "tests.observe.served:worker",
            factory=True,
            address="127.0.0.1",
            port=port,
            interface=Interfaces.WSGI,
            workers=2,
            blocking_threads=1,
            log_dictconfig=server_logs(),
            log_access=False,
            websockets=False,
            respawn_failed_workers=True,
            respawn_interval=0.1,
            workers_kill_timeout=5,
        ).serve()


if __name__ == "__main__":
    main()
