"""The floor: the least that a Flask service can do with the same call under the same server.

It reads the body, parses it with orjson and answers fixed cards: the bytes that the service answered to the smallest
call. What the service costs above it is its own work. Server and garbage collector are set up by the same functions.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import orjson
from flask import Flask, Response, request

from cds_service.server import serve, settle

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

    return settle(app)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    given = parser.parse_args()
    serve("benchmarks.floor:worker", "127.0.0.1", given.port, given.workers)


if __name__ == "__main__":
    main()
