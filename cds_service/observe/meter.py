"""Counts what the service does, for Prometheus. Counted in memory, and handed on once a second: a call counts some
fifty things, and handing each on at once would cost more than all the rest of telling."""

from __future__ import annotations

import os
import threading
from collections import Counter

from prometheus_client import REGISTRY, CollectorRegistry, Gauge, Histogram
from prometheus_client import Counter as Metric

from cds_service.observe.measures import Measures
from cds_service.observe.metrics import COUNTERS, PREFIX, SECONDS, Item, counted, labels, unknown_codes
from cds_service.observe.told import Told
from cds_service.observe.vocabulary import label

EVERY = 1.0  # seconds between two hand-overs; our own choice


class Meter:
    """One process's figures; any thread may count. A worker that is killed loses those of its last second."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._metrics = {
            name: Metric(PREFIX + name, words, list(labels), registry=registry)
            for name, (words, labels) in COUNTERS.items()
        }
        self._seconds = Histogram(
            f"{PREFIX}answer_seconds", "Time to answer.", ["service"], buckets=SECONDS, registry=registry
        )
        # Of several workers, the worst is told: down where one says down, open where one says open.
        self._store = _gauge(registry, "store_up", "The store takes writes.", "livemin")
        self._breaker = _gauge(
            registry, "breaker_open", "Look-ups there are given up for a while.", "livemax", "client"
        )
        versions = ("site", "knowledge_version", "software_version")
        self._knowledge = _gauge(registry, "knowledge", "1, of what is served.", "livemax", *versions)
        self._lock, self._beginning = threading.Lock(), threading.Lock()
        self._tally: Counter[Item] = Counter()
        self._times: list[tuple[str, float]] = []
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        os.register_at_fork(after_in_child=self._forked)

    def called(self, told: Told, measures: Measures, status: int, seconds: float, cause: str) -> None:
        """Counts one request."""
        items = counted(told, measures, status, cause)
        with self._lock:
            self._tally.update(items)
            self._times.append((told.service, seconds))
            for item, count in unknown_codes(told):
                self._tally[item] += count
        self._hand_on_later()

    def event(self, name: str) -> None:
        """Counts an event beside a call."""
        self._add(("events", (name,)), 1)

    def not_recorded(self, answers: int) -> None:
        self._add(("answers_not_recorded", ()), answers)

    def store(self, *, up: bool) -> None:
        self._store.set(up)

    def breaker(self, client: str, *, is_open: bool) -> None:
        self._breaker.labels(label("client", client)).set(is_open)

    def serves(self, site: str, knowledge_version: str, software_version: str) -> None:
        self._knowledge.labels(site, knowledge_version, software_version).set(1)

    def flush(self) -> None:
        """Hands on what was counted since the last time."""
        with self._lock:
            tally, self._tally = self._tally, Counter()
            times, self._times = self._times, []
        for item, count in tally.items():
            metric, given = self._metrics[item[0]], labels(item)
            (metric.labels(*given) if given else metric).inc(count)
        for service, seconds in times:
            self._seconds.labels(label("service", service)).observe(seconds)

    def close(self) -> None:
        self._stopped.set()
        self.flush()

    def _add(self, item: Item, count: int) -> None:
        with self._lock:
            self._tally[item] += count
        self._hand_on_later()

    def _hand_on_later(self) -> None:
        """In a thread, begun with the first thing that is counted: the server forks its workers before."""
        if self._thread is None:
            with self._beginning:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._hand_on, name="meter", daemon=True)
                    self._thread.start()

    def _forked(self) -> None:
        """The process that was forked has the locks and the tally of the other, but not its thread."""
        self._lock, self._beginning = threading.Lock(), threading.Lock()
        self._tally, self._times, self._thread = Counter(), [], None

    def _hand_on(self) -> None:
        while not self._stopped.wait(EVERY):
            self.flush()


def _gauge(registry: CollectorRegistry, name: str, words: str, of_workers: str, *labels: str) -> Gauge:
    return Gauge(PREFIX + name, words, labels, registry=registry, multiprocess_mode=of_workers)  # type: ignore[arg-type]
