"""What was measured, and how it is printed."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import median

from benchmarks.bodies import Body

WORKERS = 2  # as shipped
SMALL, LARGE = Body(12), Body(200)  # about 12 kB and 150 kB
GROWING = (SMALL, Body(50), Body(100), LARGE, Body(400), Body(800))
WORDED = (Body(12, 5), Body(12, 50), Body(12, 200))
PURE, COMPILED, FLOOR = "pure", "compiled", "floor"


@dataclass
class Figures:
    """Of one load on one server; one entry per round."""

    per_second: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)


@dataclass
class Results:
    servers: tuple[str, ...]  # in the order in which they take turns
    loads: dict[tuple[str, Body, int], Figures]  # by server, body, connections
    cold_start_s: dict[str, list[float]]
    memory_mib: dict[str, list[float]]


def print_results(results: Results, sizes: dict[Body, int]) -> None:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"Python {platform.python_version()}, granian {version('granian')}, {WORKERS} workers, ", end="")
    print(f"{os.cpu_count()} cores, load average {load}")

    print(
        f"\n{'body':<24}{'connections':>11}  {'server':<8}{'requests/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'of floor':>10}"
    )
    for body in (SMALL, LARGE):
        for connections in (1, 16):
            floor = median(results.loads[FLOOR, body, connections].per_second)
            for server in results.servers:
                figures = results.loads[server, body, connections]
                rate = median(figures.per_second)
                print(
                    f"{sizes[body] / 1000:.0f} kB, {body.observations} Observations".ljust(24)
                    + f"{connections:>11}  {server:<8}{rate:>11.0f}{median(figures.p50_ms):>9.2f}"
                    f"{median(figures.p99_ms):>9.2f}{rate / floor:>10.2f}"
                )

    print(f"\n{'server':<10}{'memory MiB':>11}{'cold start s':>14}")
    for server in results.servers:
        print(f"{server:<10}{median(results.memory_mib[server]):>11.0f}{median(results.cold_start_s[server]):>14.2f}")

    print("\nOne connection, growing calls; above the base: microseconds for each Observation or Condition added")
    print_growth(results, sizes, "Observations", GROWING)
    print_growth(results, sizes, "Conditions", (SMALL, *WORDED))


def print_growth(results: Results, sizes: dict[Body, int], title: str, bodies: Sequence[Body]) -> None:
    """Each body in a line, the smallest first: its time, and what each thing added to the smallest costs."""
    heads = [(title, 14), ("kB", 6)]
    for server in results.servers:
        heads += [(f"{server} p50 ms", 16), ("above the base", 16)]
    print("".join(f"{head:>{width}}" for head, width in heads))
    base = bodies[0]
    for body in bodies:
        added = sum(body) - sum(base)
        line = f"{body.conditions if title == 'Conditions' else body.observations:>14}{sizes[body] / 1000:>6.0f}"
        for server in results.servers:
            p50 = median(results.loads[server, body, 1].p50_ms)
            least = median(results.loads[server, base, 1].p50_ms)
            line += f"{p50:>16.2f}" + (f"{(p50 - least) * 1000 / added:>16.2f}" if added else f"{'(base)':>16}")
        print(line)
