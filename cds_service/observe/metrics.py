"""What is counted of a call, under which names and labels; every label is a word of a closed list."""

from __future__ import annotations

from cds_service.observe.measures import Measures
from cds_service.observe.told import Told
from cds_service.observe.vocabulary import label

# Up to the second in which an EHR gives up; 0.4 is the default deadline, 0.5 what is promised. Our own choice.
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.5, 1.0)
PREFIX = "ivig_cds_"

# name -> what it counts, and its labels, each with the list that its words are of
COUNTERS: dict[str, tuple[str, dict[str, str]]] = {
    "answers": ("Requests answered.", {"service": "service", "client": "client", "status": "status"}),
    "cards": ("Cards shown; `none` is an answer without one.", {"service": "service", "indicator": "indicator"}),
    "verdicts": (
        "Decisions, on a card or not.",
        {"indication": "indication", "guideline": "guideline", "verdict": "verdict"},
    ),
    "safety_rules": ("Cards of safety rules.", {"rule": "rule", "level": "severity"}),
    "not_checked": ("Cards that say that nothing was checked.", {"cause": "notice"}),
    "doubts": ("Facts that a card says are not known.", {"fact": "fact", "cause": "doubt"}),
    "data_received": ("Prefetch keys, by what came.", {"client": "client", "key": "key", "state": "state"}),
    "unknown_codes": ("Results whose code is local, or unlisted.", {"client": "client", "kind": "unknown"}),
    "lookups": ("Prefetch keys read from the client's server, by outcome.", {"client": "client", "outcome": "lookup"}),
    "refused": ("Requests not answered with 2xx.", {"client": "client", "cause": "cause"}),
    "endpoint_not_registered": ("Calls without draft orders, prefetch and token.", {"client": "client"}),
    "feedback": ("Cards that clinicians answered.", {"service": "service", "outcome": "outcome"}),
    "answers_not_recorded": ("Answers given that the store did not take.", {}),
    "events": ("Events beside calls, by name.", {"event": "event"}),
}
Item = tuple[str, tuple[str, ...]]


def counted(told: Told, measures: Measures, status: int, cause: str) -> list[Item]:
    """Each metric to add one to, with its labels as they were told; `labels` makes words of the lists of them."""
    service, client = told.service, told.client
    items: list[Item] = [("answers", (service, client, str(status)))]
    items += [("cards", (service, one)) for one, n in measures.indicators.items() for _ in range(n)]
    if "cards" in told.message and not measures.indicators:
        items.append(("cards", (service, "")))
    items += [("verdicts", one) for one in told.verdicts or measures.verdicts]
    items += [("safety_rules", one) for one in measures.rules]
    items += [("not_checked", (one,)) for one in measures.notices]
    items += [("doubts", one) for one in measures.doubts]
    items += [("data_received", (client, *one)) for one in told.states.items()]
    items += [("lookups", (client, one)) for one in told.lookups.values()]
    items += [("feedback", (service, one)) for one, n in told.outcomes.items() for _ in range(n)]
    items += [("refused", (client, cause))] if cause else []
    items += [("endpoint_not_registered", (client,))] if told.stripped else []
    return items


def unknown_codes(told: Told) -> list[tuple[Item, int]]:
    """How many results of the call had a code that nobody shares, or one that guidance does not name."""
    kinds = {"uncoded": told.uncoded, "unlisted": told.unlisted}
    return [(("unknown_codes", (told.client, kind)), count) for kind, count in kinds.items() if count]


def labels(item: Item) -> list[str]:
    """Words of the lists only, however a client names its keys."""
    name, given = item
    return [label(kind, one) for kind, one in zip(COUNTERS[name][1].values(), given, strict=True)]
