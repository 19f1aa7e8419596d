"""Answers and feedback to remember; all invented."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, select

from cds_service.feedback.outcome import Outcome, Reason
from cds_service.feedback.shown import Answer, ShownCard
from cds_service.feedback.store import Store

AT = datetime(2026, 11, 20, 22, 20, tzinfo=UTC)
PATIENT, USER, INSTANCE = "patient-4711", "Practitioner/p-0815", "4f3c-hook-instance"
DOSE = ShownCard(
    "card-dose", "hdnaap2022maygivewarning", "warning", "hdn", "aap_2022", "may_give", "consider",
    suggestions={"s1": "update MedicationRequest", "s2": "update MedicationRequest"},
)  # fmt: skip
RATE = ShownCard("card-rate", "safetyrate", "critical", rule="too_fast", level="block")
ANSWER = Answer(
    AT, "neonatal-ivig-order-sign", "order-sign", INSTANCE, USER, PATIENT, "ehr-1", "north", "demo", "2026.11.2", "0.4",
    (DOSE, RATE),
)  # fmt: skip
ACCEPTED = Outcome("card-dose", "accepted", AT, AT, "ehr-1", "north", "neonatal-ivig-order-sign", ("s1",))
OVERRIDDEN = replace(
    ACCEPTED, card="card-rate", outcome="overridden", suggestions=(), reasons=(Reason("expert-contradicts"),)
)


def later(outcome: Outcome, minutes: int = 5, **changed: Any) -> Outcome:
    return replace(outcome, at=outcome.at + timedelta(minutes=minutes), **changed)


def rows(store: Store, table: Table) -> list[Any]:
    with store.engine.connect() as connection:
        return list(connection.execute(select(table)))


def wait_for(true: Callable[[], object], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


def python(script: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """A process of its own that runs `script`."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
