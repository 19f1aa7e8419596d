"""Runs the application under granian: fast WSGI, a few processes, and threads for calls that wait for a FHIR server."""

from __future__ import annotations

import gc
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from pydantic import SecretStr

from cds_service.errors import SettingsError

if TYPE_CHECKING:
    from cds_service.settings import Settings

PARENT = "IVIG_CDS_PARENT"  # tells a worker the process that started it
LOOK_EVERY = 0.5  # seconds
PAUSE = 1.0  # seconds before a worker that died is replaced; our own choice
KILL_AFTER = 8  # seconds for a worker to end by itself, which writes what still waits for the store; our own choice


def worker() -> Flask:
    """Builds the application in a worker."""
    from cds_service.app import create_app
    from cds_service.observe.logs import gate_uncaught
    from cds_service.settings import load_settings

    gate_uncaught()
    _end_with_parent()
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


def as_environment(settings: Settings) -> dict[str, str]:
    """The settings as the variables that give them again."""
    from cds_service.settings import PREFIX

    written = {name: _written(value) for name, value in settings.model_dump().items()}
    return {f"{PREFIX}{name.upper()}": value for name, value in written.items() if value}


def _written(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Serves until interrupted. The workers read the same settings from the environment. Raises SettingsError."""
    from cds_service.observe.listener import metrics_served
    from cds_service.observe.logs import configure_logs

    configure_logs()
    check(settings)
    _free(settings.host, settings.port, "CDS_PORT")
    if settings.metrics_port is not None:
        _free(settings.metrics_host, settings.metrics_port, "CDS_METRICS_PORT")
    _store_opens(settings)
    os.environ.update(as_environment(settings) | {PARENT: str(os.getpid())})
    say(f"listening on {settings.listens_at}/cds-services")
    with metrics_served(settings.metrics_host, settings.metrics_port):
        serve(
            "cds_service.server:worker",
            settings.host,
            settings.port,
            settings.workers,
            settings.threads,
            certificate=settings.tls_certificate,
            key=settings.tls_key,
        )


def check(settings: Settings) -> None:
    """Raises SettingsError or KnowledgeError, once and clearly, for what each worker would else fail on."""
    from cds_service.clients.table import load_clients
    from cds_service.feedback.address import store_url
    from cds_service.knowledge.load import load_knowledge

    clients = load_clients(settings.clients, demo=settings.demo).listed if settings.clients else ()
    for site in dict.fromkeys([settings.site, *(one.site for one in clients if one.site)]):
        load_knowledge(site)
    if any(one.certificate for one in clients) and not settings.certificate_header:
        raise SettingsError("CDS_CERTIFICATE_HEADER is needed: a client's entry asks for a certificate")
    store_url(settings.database_url)
    if settings.tls_certificate and settings.tls_key:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
                settings.tls_certificate, settings.tls_key
            )
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"CDS_TLS_CERTIFICATE, CDS_TLS_KEY: cannot be used together: {error}") from None


def _store_opens(settings: Settings) -> None:
    from cds_service.app import open_store

    open_store(settings).close()


def _free(host: str, port: int, name: str) -> None:
    """The workers share their port, and would share it with another service that listens there already."""
    try:
        (kind, *_, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        raise SettingsError(f"{name}={port}: {host} cannot be listened on there: {error.strerror}") from None


def _end_with_parent() -> None:
    """Workers that outlive a parent that was killed would go on answering by old rules, beside the next ones."""
    parent = int(os.environ.get(PARENT, "0"))

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(KILL_AFTER)
        os._exit(1)

    if parent and os.getppid() == parent:
        # A terminal's Ctrl-C reaches all; the parent then ends the workers, and one told twice would not end at all.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        threading.Thread(target=watch, name="ivig-cds-parent", daemon=True).start()


def serve(
    target: str,
    host: str,
    port: int,
    workers: int,
    threads: int = 1,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
) -> None:
    """`target` is the function, as `module:name`, that builds the application in each worker. One that dies is
    replaced."""
    from granian.constants import Interfaces, SSLProtocols
    from granian.server import Server

    from cds_service.observe.logs import server_logs

    server = Server(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        log_access=False,
        log_dictconfig=server_logs(),
        websockets=False,
        ssl_cert=certificate,
        ssl_key=key,
        ssl_protocol_min=SSLProtocols.tls12,
        respawn_failed_workers=True,
        respawn_interval=PAUSE,
        workers_kill_timeout=KILL_AFTER,
    )
    # granian ends all where one worker ends twice within seconds; the healthy one would go, and with it every card.
    server.respawned_wrks = _Forgotten()
    server.serve()


class _Forgotten(dict[int, float]):
    """When which worker was started again: nobody remembers."""

    def __setitem__(self, worker: int, at: float) -> None:
        return
