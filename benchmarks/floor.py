"""The floor: the least that a Flask service can do with the same call under the same server.

It reads the body, parses it with orjson and answers fixed cards: the bytes that the service answered to the smallest
call. What the service costs above it is its own work.
The server and garbage collector settings repeat those of `cds_service/server.py`: keep the two alike.
"""

from __future__ import annotations

import argparse
import gc
import os
from pathlib import Path

import orjson
from flask import Flask, Response, request

ANSWER = "BENCH_ANSWER"  # names the file that holds what the floor answers to every call


def worker() -> Flask:
    app = Flask(__name__)
    cards = Path(os.environ[ANSWER]).read_bytes()

    @app.get("/cds-services")
    def discovery() -> dict[str, object]:
        return {"services": []}

    @app.post("/cds-services/<service_id>")
    def answer(service_id: str) -> Response:
        orjson.loads(request.get_data())
        return Response(cards, mimetype="application/json")

    app.test_client().get("/cds-services")
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return app


def main() -> None:
    from granian.constants import Interfaces
    from granian.server import Server

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    given = parser.parse_args()
    Server(
        "benchmarks.floor:worker",
        factory=True,
        address="127.0.0.1",
        port=given.port,
        interface=Interfaces.WSGI,
        workers=given.workers,
        blocking_threads=1,
        log_access=False,
        websockets=False,
    ).serve()


if __name__ == "__main__":
    main()
