"""One call is judged at a time, and a call that waits for a FHIR server keeps no other from being judged."""

from __future__ import annotations

import threading
import time

import orjson

from cds_service.hooks.lane import Lane
from cds_service.knowledge.shapes import Knowledge
from tests.fhir.faults import silent
from tests.fhir.servers import serving
from tests.hooks.calls import answered, order_call
from tests.hooks.lookups import bare, looking_up, registered


def test_one_at_a_time() -> None:
    lane, inside, most = Lane(), [0], [0]

    def judge() -> None:
        with lane.held():
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.005)
            inside[0] -= 1

    threads = [threading.Thread(target=judge) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_calls_that_came_with_everything_do_not_wait_for_those_that_look_up(demo: Knowledge) -> None:
    with looking_up(demo, 1000) as service, serving(silent) as server:
        call = orjson.dumps(bare(server.base))
        waiting = [
            threading.Thread(target=service.reply, args=("neonatal-ivig-order-select", call, registered(server)))
            for _ in range(4)
        ]
        for thread in waiting:
            thread.start()
        while len(server.asked) < 4:
            time.sleep(0.005)
        start = time.monotonic()
        assert answered(service, order_call())[0] == 200
        assert time.monotonic() - start < 0.5
        assert any(thread.is_alive() for thread in waiting)
        server.over.set()
        for thread in waiting:
            thread.join()
