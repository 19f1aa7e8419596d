"""The exchange table of AAP 2022, read a second time with nothing but a CSV reader."""

from __future__ import annotations

import csv
from decimal import Decimal
from functools import cache

from cds_service.knowledge.files import PACKAGE


@cache
def exchange_table() -> dict[tuple[int, int], Decimal]:
    with (PACKAGE / "tables" / "aap2022_exchange_risk.csv").open(encoding="utf-8", newline="") as handle:
        return {
            (int(row["gestation_weeks"]), int(row["age_hours"])): Decimal(row["exchange"])
            for row in csv.DictReader(handle)
        }
