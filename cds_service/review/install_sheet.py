"""Writes what an analyst types into an EHR that calls no discovery: addresses, prefetch, claims, reasons, codes."""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.hooks.discovery import SERVICES, Service, discovery
from cds_service.knowledge.shapes import Coding, Knowledge

Prefetch = dict[str, dict[str, str]]  # templates by service and key
NEWBORN = "up to 28 days of age, or under 44 weeks of postmenstrual age"
# Which moment of an Epic workflow a hook stands for: its vendor's tutorial.
TRIGGERS = {"order-select": "18, enter order", "order-sign": "23, sign orders", "patient-view": "60, open chart"}
FILTERS = {
    "order-select": f"The patient is a newborn ({NEWBORN}), and the order is an immune globulin.",
    "order-sign": f"The patient is a newborn ({NEWBORN}), and one of the orders is an immune globulin.",
    "patient-view": f"The patient is a newborn ({NEWBORN}), on a neonatal, postnatal or pediatric unit, and has a "
    "result of a bilirubin or a platelet count. Do not fire it for every chart opened.",
}
HEAD = """# Install sheet: {title}

For site `{site}`, knowledge {version}. Write it again (`ivig-cds install-sheet`) after every change of either: prefetch
depends on the guidelines that the site follows. An EHR that calls discovery needs none of it: `{base}/cds-services`."""
SAFE = """## Before the first patient

- Call each address once with an order for IVIG, and read the card. If it says that neither orders nor data came, the
  address is not the one registered with the EHR's client, or the client lacks the scopes above.
- Where an EHR can fire a hook silently, do so first.
- **No guidance or safety file is signed off by a clinician yet**: see `ivig-cds check` and the knowledge pages."""
CLAIMS = """## Who calls (JWT)

The EHR signs a token for every call. What an analyst types into it, and what this service is told in the file of
`CDS_CLIENTS`, must agree to the letter:

| claim or header | value |
|---|---|
| `alg` | `RS384` or `ES384` |
| `iss` | the issuer that the file names: often the base of the FHIR server |
| `aud` | {audience} |
| `exp`, `iat`, `jti` | set by the EHR |
| `kid`, `jku` | of the EHR's key set; `jku` must equal the address that the file names |

| address called | `aud` |
|---|---|
{rows}"""


def install_sheet(knowledge: Knowledge, base: str) -> str:
    """The sheet as Markdown, for the address that the EHR calls."""
    base = base.rstrip("/")
    site = knowledge.site
    head = HEAD.format(title=site.title, site=site.name, version=knowledge.version, base=base)
    asked = {one["id"]: one["prefetch"] for one in discovery(knowledge)["services"]}
    parts = [head, *(_service(one, base) for one in SERVICES.values()), *_prefetch(asked), _scopes(asked)]
    return "\n\n".join([*parts, _claims(base), _reasons(knowledge), _orderables(knowledge), SAFE])


def _service(service: Service, base: str) -> str:
    address = f"{base}/cds-services/{service.id}"
    return "\n".join(
        [
            f"## {service.title}",
            "",
            service.description,
            "",
            *table("what", "value"),
            *row("hook", f"`{service.hook}`"),
            *row("address", f"`{address}`"),
            *row("feedback", f"`{address}/feedback`"),
            *row("Epic trigger", TRIGGERS[service.hook]),
            *row("suggested filter", FILTERS[service.hook]),
        ]
    )


def _prefetch(asked: Prefetch) -> Iterator[str]:
    """Each set of templates once, with the services that ask for it."""
    told: list[dict[str, str]] = []
    for prefetch in asked.values():
        if prefetch in told:
            continue
        told.append(prefetch)
        names = ", ".join(f"`{name}`" for name, other in asked.items() if other == prefetch)
        lines = ["## Prefetch", "", f"For {names}. Keys are to be typed as they stand.", ""]
        for key, template in prefetch.items():
            lines += [f"`{key}`", "", "```text", template, "```", ""]
        yield "\n".join(lines).rstrip()


def _scopes(asked: Prefetch) -> str:
    templates = [template for prefetch in asked.values() for template in prefetch.values()]
    kinds = dict.fromkeys(template.partition("?")[0].partition("/")[0] for template in templates)
    read = ", ".join(f"`{kind}`" for kind in kinds)
    return (
        "## Scopes\n\n"
        f"Read of {read}, `Medication`, and of **unsigned orders**: without the last the EHR sends no draft orders. "
        "Nothing is ever written."
    )


def _claims(base: str) -> str:
    ends = ["/cds-services"]
    for name in SERVICES:
        ends += [f"/cds-services/{name}", f"/cds-services/{name}/feedback"]
    rows = "\n".join(line for end in ends for line in row(f"`{end}`", f"`{base}{end}`"))
    return CLAIMS.format(
        rows=rows, audience="the address called, as below; another one only where the file's `audiences` names it"
    )


def _reasons(knowledge: Knowledge) -> str:
    lines = [
        "## Reasons to override a card",
        "",
        "The same on every card. Map each to a reason of the EHR; another code that comes back is taken as it is.",
        "",
        *table("code", "display", "system", "reason in the EHR"),
    ]
    for reason in knowledge.override_reasons:
        lines += row(f"`{reason.code}`", reason.display, f"`{reason.system}`", " ")
    return "\n".join(lines)


def _orderables(knowledge: Knowledge) -> str:
    """The codes by which the EHR knows what may be ordered: some take only those from a suggestion, and no details."""
    shelf = {one.name: one for one in (knowledge.site.product, *knowledge.site.shelf)}.values()
    orders = [order for one in knowledge.monitoring.values() for order in one.orders]
    named = [(one.title, one.orderables) for one in shelf] + [(one.label, one.orderables) for one in orders]
    lines = [
        "## Codes of what may be ordered",
        "",
        "Where the EHR takes no more than a code from a suggestion, its own codes must be in `orderables.csv` of the "
        "site's folder; in Epic those of the preference list or order set. The dose then stands in the description of "
        "the suggestion alone.",
        "",
        *table("what", "code in `orderables.csv`"),
    ]
    for title, codes in dict(named).items():
        lines += row(title, _codes(codes) or "none: a clinician enters it by hand")
    return "\n".join(lines)


def _codes(codes: tuple[Coding, ...]) -> str:
    return ", ".join(f"`{one.code}` ({one.display}, `{one.system}`)" for one in codes)


def table(*heads: str) -> Iterator[str]:
    yield from row(*heads)
    yield f"|{'---|' * len(heads)}"


def row(*cells: str) -> Iterator[str]:
    """One line; a bar inside a cell would end it."""
    yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
