"""The commands about what was remembered: report, purge, upgrade."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from cds_service.errors import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from cds_service.settings import Settings

DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
BY = ("rule", "indication", "guideline", "verdict", "indicator", "service", "client", "site", "knowledge")


@click.group()
def feedback() -> None:
    """What was shown, and what was done with it."""


@feedback.command("report")
@click.option("--since", type=DAY, help="cards shown from then on (UTC)")
@click.option("--until", type=DAY, help="cards shown before then (UTC)")
@click.option("--site", help="cards of this site only")
@click.option("--by", type=click.Choice(BY), multiple=True, help="group by; by rule, site and knowledge if not given")
@click.option("--format", "form", type=click.Choice(["text", "csv"]), default="text", show_default=True)
@click.option("--rows", is_flag=True, help="a CSV line for each card, in the six columns of 45 CFR 170.315(b)(11)")
def feedback_report(
    since: datetime | None, until: datetime | None, site: str | None, by: tuple[str, ...], form: str, rows: bool
) -> None:
    """Count cards shown, accepted, overridden by reason, and unanswered."""
    from cds_service.feedback.report import USUAL, Period, report, shown_cards
    from cds_service.feedback.sheet import as_csv, as_text, rows_as_csv

    period = Period(_utc(since), _utc(until), site)
    with _opened() as engine:
        if rows:
            for line in rows_as_csv(shown_cards(engine, period)):
                click.echo(line, nl=False)
            return
        found = report(engine, period, tuple(dict.fromkeys(by)) or USUAL)
    if form == "csv":
        click.echo(as_csv(found), nl=False)
        return
    for line in as_text(found):
        click.echo(line)


@feedback.command("purge")
@click.option("--days", type=click.IntRange(0), help="keep so many days; CDS_KEEP_DAYS if not given")
def feedback_purge(days: int | None) -> None:
    """Remove answers and feedback that are older than they are kept. The service does so once a day."""
    from cds_service.feedback.retention import purge

    keep = _settings().keep_days if days is None else days
    with _opened() as engine:
        gone = purge(engine, datetime.now(UTC) - timedelta(days=keep))
    for name, number in gone.items():
        click.echo(f"{name}: {number} removed")


@click.group()
def store() -> None:
    """Where it is remembered."""


@store.command("upgrade")
def store_upgrade() -> None:
    """Make the store, or bring its schema to this version. The service does so when it starts."""
    from cds_service.feedback.tables import HEAD

    with _opened():
        click.echo(f"the store's schema is {HEAD}")


def _settings() -> Settings:
    """Nothing is served, so how calls are let in is moot."""
    from cds_service.settings import load_settings

    return load_settings(auth="off", host="127.0.0.1")


@contextmanager
def _opened() -> Iterator[Engine]:
    """The store of the settings, with the schema of this version.

    One that cannot be reached is one line for the user, without what the driver says: it may hold values.
    """
    from cds_service.feedback.address import store_url
    from cds_service.feedback.database import FAULTS, Database

    database = Database(store_url(_settings().database_url))
    try:
        database.prepare()
        yield database.durable
        database.settle(empty=True)
    except FAULTS as error:
        raise StoreUnavailable(f"the store could not be reached or written ({type(error).__name__})") from None
    finally:
        database.close()


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
