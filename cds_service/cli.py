"""The command line: serve, check, cases, explain, docs, burden, install-sheet, feedback, store, settings, site."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cds_service import __version__
from cds_service.errors import ServiceError, SettingsError
from cds_service.store_commands import feedback, store

CASES = Path("tests") / "cases"
PAGES = Path("docs") / "knowledge"


@click.group()
@click.version_option(__version__, prog_name="ivig-cds")
def cli() -> None:
    """Neonatal IVIG decision support."""


cli.add_command(feedback)
cli.add_command(store)


def main() -> None:
    """Runs a command; an error of ours is one line on stderr and exit code 2, never a traceback."""
    try:
        cli(standalone_mode=False)
    except ServiceError as error:
        click.echo(f"ivig-cds: {error}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(1)


@cli.command()
@click.option("--host", help="where to listen (CDS_HOST)")
@click.option("--port", type=int, help="where to listen (CDS_PORT)")
@click.option("--site", help="a site folder's name or path (CDS_SITE)")
def serve(host: str | None, port: int | None, site: str | None) -> None:
    """Serve hook calls."""
    from cds_service.knowledge.load import load_knowledge
    from cds_service.server import run
    from cds_service.settings import load_settings

    settings = load_settings(host=host, port=port, site=site)
    knowledge = load_knowledge(settings.site)
    click.echo(f"knowledge {knowledge.version}, site {knowledge.site.name} ({knowledge.site.title})", err=True)
    run(settings, lambda line: click.echo(line, err=True))


@cli.command()
@click.option("--site", "sites", multiple=True, help="a site's name or path; every shipped site where none is given")
@click.option("--hashes", is_flag=True, help="print the hash of each guidance file, for signing off")
def check(sites: tuple[str, ...], hashes: bool) -> None:
    """Check the knowledge: shapes, names, units, every boundary, every card, every resource."""
    from cds_service.knowledge.load import shipped_sites
    from cds_service.review.check import check_sites, guidance_hashes

    names = sites or shipped_sites()
    for report in check_sites(names):
        for line in report.lines:
            click.echo(line)
    if hashes:
        for file, digest in guidance_hashes(names):
            click.echo(f"{digest}  {file}")


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path), default=CASES)
@click.option("--site", help="judge against this site's folder (for a hospital's own guidance)")
@click.option("--verbose", is_flag=True, help="print every case")
def cases(folder: Path, site: str | None, verbose: bool) -> None:
    """Run the clinical cases: given facts, expected answer."""
    from cds_service.review.cases import run_folder

    results = run_folder(folder, site)
    for result in results:
        if result.fault or verbose:
            click.echo(
                f"{'FAIL' if result.fault else 'ok  '} {result.file}: {result.name}"
                + (f": {result.fault}" if result.fault else "")
            )
    failed = sum(1 for result in results if result.fault)
    click.echo(f"{len(results) - failed} passed, {failed} failed")
    if failed or not results:
        sys.exit(1)


@cli.command()
@click.argument("request", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--site", default="demo", show_default=True, help="a site's name or path")
def explain(request: Path, site: str) -> None:
    """Print the decisions for a hook call as a person would read them."""
    from cds_service.review.explain import explain_request

    click.echo(explain_request(request.read_bytes(), site))


@cli.group()
def site() -> None:
    """A hospital's own folder of knowledge."""


@site.command("new")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--like", default="demo", show_default=True, help="a site whose guidelines, product and time zone to take"
)
def site_new(folder: Path, like: str) -> None:
    """Write the folder of a new hospital, which loads as it stands. Nothing is overwritten."""
    from cds_service.review.new_site import new_site

    new_site(folder, like)
    click.echo(f"{folder} is written. Read its README.md and change its site.toml, then:")
    click.echo(f"  ivig-cds check --site {folder}")
    click.echo(f"  ivig-cds check --site {folder} --hashes")
    click.echo(f"  ivig-cds serve --site {folder}")


@cli.command()
@click.option("--site", default="demo", show_default=True, help="a site's name or path")
@click.option("--newborns", type=click.IntRange(1), default=2000, show_default=True)
def burden(site: str, newborns: int) -> None:
    """Print how many cards ordinary newborns on a correct order would raise, by rule."""
    from cds_service.review.burden import burden as measured

    for line in measured(site, newborns).lines():
        click.echo(line)


@cli.command()
@click.option("--site", "sites", multiple=True, help="a site's name or path; every shipped site where none is given")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=PAGES, show_default=True)
@click.option("--cases", "folder", type=click.Path(path_type=Path), default=CASES, show_default=True)
def docs(sites: tuple[str, ...], out: Path, folder: Path) -> None:
    """Write the rules as pages to read, print and sign."""
    from cds_service.knowledge.load import shipped_sites
    from cds_service.review.docs import write_docs

    written = write_docs(sites or shipped_sites(), out, folder)
    click.echo(f"{len(written)} pages and pictures in {out}; begin with {out / 'README.md'}")


@cli.command("install-sheet")
@click.option("--site", default="demo", show_default=True, help="a site's name or path")
@click.option("--base", required=True, help="the address that the EHR calls, as https://cds.example.org")
def install_sheet(site: str, base: str) -> None:
    """Print what an analyst types into an EHR that does not call discovery (Markdown)."""
    from cds_service.knowledge.load import load_knowledge
    from cds_service.review.install_sheet import install_sheet as sheet
    from cds_service.settings import safe_base

    if not safe_base(base):
        raise SettingsError(f"--base must be an https address (http for loopback only), without a query: {base!r}")
    click.echo(sheet(load_knowledge(site), base))


@cli.command()
def settings() -> None:
    """Print the effective settings."""
    from cds_service.server import check
    from cds_service.settings import PREFIX, load_settings, masked

    effective = load_settings()
    check(effective)
    for name, value in masked(effective).items():
        click.echo(f"{PREFIX}{name.upper()}={value}")
