"""Serves the figures of all workers at /metrics, from the parent process and on a port of its own."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where workers leave their figures; the name is prometheus_client's
_OF_A_PROCESS = re.compile(r"gauge_live\w+_(\d+)\.db")


@contextmanager
def metrics_served(host: str, port: int | None) -> Iterator[int | None]:
    """Call it before the workers start and before prometheus_client is imported. Yields the port; with `port` None,
    metrics are off, and workers count nothing. Port 0 is any free one."""
    if port is None:
        os.environ.pop(FOLDER, None)
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="ivig-cds-metrics-") as folder:
        os.environ[FOLDER] = folder
        from prometheus_client import CollectorRegistry, start_http_server

        registry = CollectorRegistry()
        collect_workers(registry, Path(folder))
        server, thread = start_http_server(port, host, registry)
        # A forked worker must not hold the port, should it outlive the parent.
        os.register_at_fork(after_in_child=server.socket.close)
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
            os.environ.pop(FOLDER, None)


def collect_workers(registry: CollectorRegistry, folder: Path) -> None:
    """Adds up the figures of all workers, also those that have ended; a gauge ends with its worker."""
    from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

    class Workers(MultiProcessCollector):
        def collect(self) -> object:
            for path in folder.iterdir():
                found = _OF_A_PROCESS.fullmatch(path.name)
                if found and not alive(int(found[1])):
                    mark_process_dead(int(found[1]), str(folder))  # type: ignore[no-untyped-call]
            return super().collect()  # type: ignore[no-untyped-call]

    Workers(registry, str(folder))  # type: ignore[no-untyped-call]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def worker_counts() -> bool:
    """Whether this process was started to count: `metrics_served` said where, or whoever runs the workers did."""
    return bool(os.environ.get(FOLDER))
