"""Answers one hook call: facts, decisions, cards. Whatever goes wrong on an IVIG order is said on a card."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from cds_service.cards.build import DECISIONS, Deck
from cds_service.cards.notice import notice
from cds_service.decisions.decide import Decision, decide
from cds_service.dosing.repeat import running
from cds_service.errors import DataUnavailable, RequestError
from cds_service.facts.fact import Baby, Fact
from cds_service.facts.gather import FactReader
from cds_service.facts.moments import length
from cds_service.fhir.body import read_object
from cds_service.fhir.lookup import Lookups
from cds_service.fhir.paging import next_link
from cds_service.fhir.prefetch import Record, State, collect
from cds_service.fhir.read import label
from cds_service.hooks.caller import NOBODY, Caller
from cds_service.hooks.discovery import PATIENT_KEY, SERVICES, templates
from cds_service.hooks.lane import Lane
from cds_service.hooks.messages import ORDER_HOOKS, Call, Json, read_call
from cds_service.hooks.ordered import Orders
from cds_service.hooks.orders import NO_ORDERS, Drafts, drafted
from cds_service.hooks.outcome import operation_outcome
from cds_service.hooks.releases import in_1_0
from cds_service.hooks.sources import Sources
from cds_service.knowledge.shapes import Knowledge
from cds_service.observe.events import report_error
from cds_service.observe.stripped import stripped
from cds_service.observe.told import Told

READ = "org.neonatal-ivig-cds.read"  # the prefetch keys that were read from the FHIR server
OBTAINED = "ok"
FOR_JUDGING = 0.1  # of the time for an answer, kept for what comes after the look-ups; our own choice


@dataclass(frozen=True, slots=True)
class Reply:
    """`told` is for the store, the log and the metrics; it does not leave the service."""

    status: int
    body: bytes
    told: Told = field(default=Told(), repr=False)


@dataclass(frozen=True, slots=True)
class Judged:
    """The answer, and what it was judged by: nothing where nothing had to be judged."""

    message: Json
    record: Record | None = None
    baby: Baby | None = None
    decisions: Sequence[Decision] = ()


class Answerer:
    """One site's service: built once, used by every request."""

    def __init__(
        self,
        knowledge: Knowledge,
        *,
        accept_as_of: bool,
        clock: Callable[[], datetime] | None = None,
        lookups: Lookups | None = None,
        deadline_ms: int = 400,
        lane: Lane | None = None,
    ) -> None:
        """`deadline_ms` is the time for one answer, look-ups included. Without `lookups` no server is ever read. `lane`
        is the one of the process."""
        self.knowledge = knowledge
        self.reader = FactReader(knowledge)
        self.orders = Orders(knowledge, self.reader)
        self.silence = length(knowledge.facts["ivig_given"].amounts["silence"])
        self.accept_as_of = accept_as_of
        self.clock = clock or (lambda: datetime.now(UTC))
        self.lookups = lookups
        self.seconds = deadline_ms / 1000
        self.lane = lane or Lane()
        self.keys = (PATIENT_KEY, *knowledge.asked_for)
        self.types = {PATIENT_KEY: "Patient"} | {key: query.resource for key, query in knowledge.queries.items()}

    def reply(self, service_id: str, body: bytes, caller: Caller | None = None, deadline: float | None = None) -> Reply:
        """The answer to `POST /cds-services/{service_id}`: 200 with cards, or an OperationOutcome.

        `caller` says whose FHIR servers may be read; `deadline` (of time.monotonic()) when the answer is due.
        """
        told = Told(service=service_id)
        due = time.monotonic() + self.seconds if deadline is None else deadline
        try:
            service = SERVICES.get(service_id)
            if service is None:
                raise RequestError(
                    "There is no service of this id; see GET /cds-services.", status=404, code="not-found"
                )
            with self.lane.held():
                message = read_object(body)
                told = replace(told, hook=service.hook)
                call = read_call(message, service.hook, self.clock(), accept_as_of=self.accept_as_of)
                told = replace(told, stripped=stripped(message))
                sources = self._sources(call, caller or NOBODY, due)
                judged = self._judged(call, sources)
                if caller is not None and caller.release == "1.0":
                    judged.message["cards"] = in_1_0(judged.message["cards"])
                return Reply(200, orjson.dumps(judged.message), _told(told, call, sources, judged))
        except RequestError as error:
            return Reply(error.status, orjson.dumps(operation_outcome(error.status, error.text, error.code)), told)

    def _sources(self, call: Call, caller: Caller, due: float) -> Sources:
        sources = Sources(call, self.seconds, due - self.seconds * FOR_JUDGING, self.lookups, self.lane)
        sources.permit(caller)
        return sources

    def _judged(self, call: Call, sources: Sources) -> Judged:
        """Never a 500 and never silence: a fault inside the judgment becomes a card that says so."""
        try:
            return self._orders(call, sources) if call.hook in ORDER_HOOKS else self._patient_view(call, sources)
        except RequestError:
            raise
        except Exception as error:  # noqa: BLE001 (a bug must not look like an all-clear on an IVIG order)
            report_error("judgment_failed", error)
            text = "An internal fault kept this service from judging. Nothing was checked."
            return Judged({"cards": [notice(self.knowledge, call.seed, "fault", text, [])]})

    def _orders(self, call: Call, sources: Sources) -> Judged:
        """order-select and order-sign: every order for IVIG is judged, and answered."""
        drafts = self._drafted(call, sources)
        if not drafts.ivig and drafts.unsent:
            sources.read_medications(drafts.unsent)
            drafts = self._drafted(call, sources)
        if not drafts.ivig:
            return Judged({"cards": self._unreadable(call, drafts, sources)})
        self._read_missing(call, sources, drafts.unsent)
        if drafts.unsent:
            drafts = self._drafted(call, sources)
        record, baby = self._read(call, drafts, sources)
        decisions = decide(self.knowledge, baby)
        against = self.orders.against_the_record(drafts, baby, decisions)
        odd = self.orders.oddities(drafts)
        out_of_reach = _not_in_reach(record, self.keys, sources)
        said = [*drafts.unreadable, *drafts.remarks, *against, *odd, *out_of_reach]
        remarks = tuple(dict.fromkeys(said))
        orders = self.orders.judged(drafts, baby, decisions)
        deck = Deck(
            self.knowledge,
            baby,
            call.patient_id,
            call.seed,
            orders[0].draft,
            remarks,
            orders,
            signing=call.hook == "order-sign",
        )
        message = self._message(call, deck, decisions, deck.cards(decisions), sources)
        return Judged(message, record, baby, decisions)

    def _read_missing(self, call: Call, sources: Sources, medications: list[str]) -> None:
        if sources.allowed is not None:
            sources.read_missing(templates(self.knowledge, call.as_of.date()), medications)

    def _drafted(self, call: Call, sources: Sources) -> Drafts:
        return drafted(call.context, sources.prefetch, call.patient_id, self.reader.medications)

    def _unreadable(self, call: Call, drafts: Drafts, sources: Sources) -> list[Json]:
        if not drafts.unreadable:
            return []
        text = "A selected order could not be read. If it is IVIG, nothing was checked."
        if NO_ORDERS in drafts.unreadable or drafts.stripped:
            text = "The orders were not sent. If one is IVIG, nothing was checked."
        reasons = [*drafts.unreadable, *sources.remarks(missing=bool(drafts.unsent))]
        return [notice(self.knowledge, call.seed, "unreadable", text, list(dict.fromkeys(reasons)))]

    def _patient_view(self, call: Call, sources: Sources) -> Judged:
        self._read_missing(call, sources, [])
        record, baby = self._read(call, Drafts(), sources)
        decisions = decide(self.knowledge, baby)
        speaks = any(one.shown.gives or one.shown.indicator == "critical" for one in decisions)
        silent = not speaks or ivig_under_way(baby, decisions, self.silence)
        orders = () if silent else self.orders.proposed(baby, decisions, call.patient_id)
        remarks = tuple(_not_in_reach(record, self.keys, sources))
        deck = Deck(self.knowledge, baby, call.patient_id, call.seed, remarks=remarks, orders=orders)
        message = self._message(call, deck, decisions, [] if silent else deck.cards(decisions), sources)
        return Judged(message, record, baby, decisions)

    def judge(self, call: Call, drafts: Drafts) -> tuple[Baby, list[Decision]]:
        """Facts and decisions alone, without cards."""
        _, baby = self._read(call, drafts, self._sources(call, NOBODY, 0.0))
        return baby, decide(self.knowledge, baby)

    def _read(self, call: Call, drafts: Drafts, sources: Sources) -> tuple[Record, Baby]:
        record = collect(sources.prefetch, self.keys, call.patient_id, types=self.types)
        if record.patient is None and not record.other_patient:
            self._known_at_all(call, record, sources)
        drafts.medications = record.medications | drafts.medications
        drafts.conditions = {label(one): one for one in record.of("Condition")}
        reasons = self.orders.reasons(drafts, call.as_of)
        drafts.remarks += reasons.remarks
        return record, self.reader.read(record, call.as_of, drafts.medications, reasons.stated)

    def _known_at_all(self, call: Call, record: Record, sources: Sources) -> None:
        """Where an opened chart's patient could not be read, an empty answer would look as if all were well. On an
        order there is a card to say it on."""
        if record.states[PATIENT_KEY] is State.MISSING:
            why = f" Not looked up: {sources.refusal}." if sources.refusal else ""
            raise DataUnavailable(
                f"The patient was not sent: prefetch key 'patient' is missing and cannot be obtained.{why}"
            )
        if record.states[PATIENT_KEY] is State.FAILED and call.hook not in ORDER_HOOKS:
            raise DataUnavailable("The patient could not be read: an error came in place of the record.")

    def _message(self, call: Call, deck: Deck, decisions: list[Decision], cards: list[Json], sources: Sources) -> Json:
        """What was read rather than sent stands beside the cards: they are the same either way."""
        message: dict[str, Any] = {"cards": cards}
        extension: dict[str, Any] = {DECISIONS: deck.records(decisions)} if call.explain else {}
        if sources.read:
            extension[READ] = sources.read
        if extension:
            message["extension"] = extension
        return message


def ivig_under_way(baby: Baby, decisions: list[Decision], silence: timedelta) -> bool:
    """IVIG is ordered, running, or was given within the repeat interval of an advised dose; within `silence` where
    none is stated."""
    if isinstance(baby.facts["ivig_order"], Fact):
        return True
    given = baby.series["ivig_given"]
    if running(given) or any(one.at is None for one in given):
        return True
    stated = [one.shown.dose.repeat_after_hours for one in decisions if one.shown.dose]
    window = max((timedelta(hours=float(one)) if one else silence for one in stated), default=silence)
    return bool(given) and given[-1].at is not None and baby.as_of - given[-1].at.late < window


def _told(told: Told, call: Call, sources: Sources, judged: Judged) -> Told:
    """What operators are told of a call that was answered: states, verdicts and counts, nothing of the record."""
    found: Mapping[str, State] = judged.record.states if judged.record else {}
    states = {key: "looked-up" if key in sources.read else state.value for key, state in found.items()}
    lookups = dict.fromkeys(sources.read, OBTAINED) | {key: cause.value for key, cause in sources.causes.items()}
    return replace(
        told,
        user=call.user,
        patient=call.patient_id,
        instance=call.hook_instance,
        states=states,
        lookups=lookups,
        verdicts=tuple((one.indication, one.shown.guidance.guideline, one.shown.verdict) for one in judged.decisions),
        message=judged.message,
        uncoded=judged.baby.uncoded if judged.baby else 0,
        unlisted=judged.baby.unlisted if judged.baby else 0,
    )


def _not_in_reach(record: Record, keys: tuple[str, ...], sources: Sources) -> list[str]:
    said = []
    had = () if record.patient is None else (PATIENT_KEY,)
    missing = [key for key in keys if record.states[key] is State.MISSING and key not in had]
    renamed = sum(state is State.CAME and key not in keys for key, state in record.states.items())
    failed = [key for key in keys if record.states[key] is State.FAILED and key not in sources.causes]
    others = sum(state is State.FAILED and key not in keys for key, state in record.states.items())
    partial = missing or any(next_link(sources.prefetch[key]) for key in failed)
    if others:
        failed.append(f"{others} under other names")
    if missing and renamed:
        said.append(
            f"Not sent under the names asked for: {', '.join(missing)}. What came under {renamed} other name(s) was "
            "read; whether it is all that was asked for is not known."
        )
    elif missing:
        said.append(f"Not sent, and so not checked: {', '.join(missing)}.")
    if failed:
        said.append(f"Could not be read in full, and so not relied on: {', '.join(failed)}.")
    said += sources.remarks(missing=bool(partial))
    if record.set_aside:
        said.append(f"{record.set_aside} resource(s) of another or no patient were set aside.")
    if record.patient is None:
        said.append("**The patient's own record could not be read**: age and birth are not known.")
    return said
