"""Connections to a PostgreSQL store, none of whose waits is longer than allowed, even where the server hangs."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from sqlalchemy import URL, Engine, create_engine, event

CONNECT = 2  # seconds; the shortest that libpq allows
CONNECTIONS = 8  # our own choice, for each worker


class Bounded(psycopg.Connection[Any]):
    """Closes itself where the server says nothing for `limit` seconds: its state is unknown then."""

    limit = 5.0

    def wait(self, gen: PQGen[RV], interval: float = 0.05, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval, timeout or self.limit)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                self.close()
            raise


def postgresql_engine(url: URL, wait: float, *, durable: bool) -> Engine:
    """`wait` is how many seconds one statement may take. `durable`: what was committed survives a power cut.

    A connection that went dead is replaced before it is used.
    """
    options = f"{url.query.get('options', '')} -c synchronous_commit={'on' if durable else 'off'}"
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=wait,
        hide_parameters=True,  # no value in the text of an error
        connect_args={"connect_timeout": CONNECT, "application_name": "ivig-cds", "options": options},
    )

    @event.listens_for(engine, "do_connect")
    def bounded(dialect: Any, record: Any, arguments: list[Any], options: dict[str, Any]) -> Bounded:
        connection = Bounded.connect(*arguments, **options)
        connection.limit = wait
        return connection

    return engine
