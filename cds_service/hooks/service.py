"""Answers one hook call: facts, decisions, cards. Whatever goes wrong on an IVIG order is said on a card."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
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
from cds_service.fhir.prefetch import Record, State, collect
from cds_service.fhir.read import label
from cds_service.hooks.discovery import PATIENT_KEY, SERVICES
from cds_service.hooks.messages import ORDER_HOOKS, Call, Json, parse, read_call
from cds_service.hooks.ordered import Orders
from cds_service.hooks.orders import Drafts, drafted
from cds_service.hooks.outcome import operation_outcome
from cds_service.knowledge.shapes import Knowledge

log = logging.getLogger("cds_service")


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes


class Answerer:
    """One site's service: built once, used by every request."""

    def __init__(
        self, knowledge: Knowledge, *, accept_as_of: bool, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.knowledge = knowledge
        self.reader = FactReader(knowledge)
        self.orders = Orders(knowledge, self.reader)
        self.silence = length(knowledge.facts["ivig_given"].amounts["silence"])
        self.accept_as_of = accept_as_of
        self.clock = clock or (lambda: datetime.now(UTC))
        self.keys = (PATIENT_KEY, *knowledge.asked_for)

    def reply(self, service_id: str, body: bytes) -> Reply:
        """The answer to `POST /cds-services/{service_id}`: 200 with cards, or an OperationOutcome."""
        try:
            service = SERVICES.get(service_id)
            if service is None:
                raise RequestError(
                    "There is no service of this id; see GET /cds-services.", status=404, code="not-found"
                )
            call = read_call(parse(body), service.hook, self.clock(), accept_as_of=self.accept_as_of)
            return Reply(200, self._answer(call))
        except RequestError as error:
            return Reply(error.status, orjson.dumps(operation_outcome(error.status, error.text, error.code)))

    def _answer(self, call: Call) -> bytes:
        """Never a 500 and never silence: a fault inside the judgment becomes a card that says so."""
        try:
            return orjson.dumps(self._orders(call) if call.hook in ORDER_HOOKS else self._patient_view(call))
        except RequestError:
            raise
        except Exception as error:  # noqa: BLE001 (a bug must not look like an all-clear on an IVIG order)
            last = traceback.extract_tb(error.__traceback__)[-1]
            log.error(
                "judgment failed: %s at %s:%s", type(error).__name__, last.filename.rpartition("/")[2], last.lineno
            )
            text = "An internal fault kept this service from judging. Nothing was checked."
            return orjson.dumps({"cards": [notice(self.knowledge, call.hook_instance, "fault", text, [])]})

    def _orders(self, call: Call) -> Json:
        """order-select and order-sign: every order for IVIG is judged, and answered."""
        drafts = drafted(call.context, call.prefetch, call.patient_id, self.reader.medications)
        if not drafts.ivig:
            return {"cards": self._unreadable(call, drafts)}
        record, baby = self._read(call, drafts)
        decisions = decide(self.knowledge, baby)
        against = self.orders.against_the_record(drafts, baby, decisions)
        said = [*drafts.unreadable, *drafts.remarks, *against, *_not_in_reach(record, self.keys)]
        remarks = tuple(dict.fromkeys(said))
        orders = self.orders.judged(drafts, baby, decisions)
        deck = Deck(
            self.knowledge,
            baby,
            call.patient_id,
            call.hook_instance,
            orders[0].draft,
            remarks,
            orders,
            signing=call.hook == "order-sign",
        )
        return self._message(call, deck, decisions, deck.cards(decisions))

    def _unreadable(self, call: Call, drafts: Drafts) -> list[Json]:
        if not drafts.unreadable:
            return []
        text = "A selected order could not be read. If it is IVIG, nothing was checked."
        return [notice(self.knowledge, call.hook_instance, "unreadable", text, list(dict.fromkeys(drafts.unreadable)))]

    def _patient_view(self, call: Call) -> Json:
        record, baby = self._read(call, Drafts())
        decisions = decide(self.knowledge, baby)
        speaks = any(one.shown.gives or one.shown.indicator == "critical" for one in decisions)
        silent = not speaks or ivig_under_way(baby, decisions, self.silence)
        orders = () if silent else self.orders.proposed(baby, decisions, call.patient_id)
        remarks = tuple(_not_in_reach(record, self.keys))
        deck = Deck(self.knowledge, baby, call.patient_id, call.hook_instance, remarks=remarks, orders=orders)
        return self._message(call, deck, decisions, [] if silent else deck.cards(decisions))

    def judge(self, call: Call, drafts: Drafts) -> tuple[Baby, list[Decision]]:
        """Facts and decisions alone, without cards."""
        _, baby = self._read(call, drafts)
        return baby, decide(self.knowledge, baby)

    def _read(self, call: Call, drafts: Drafts) -> tuple[Record, Baby]:
        record = collect(call.prefetch, self.keys, call.patient_id)
        if record.patient is None and not record.other_patient and record.states[PATIENT_KEY] is State.MISSING:
            raise DataUnavailable("The patient was not sent: prefetch key 'patient' is missing and cannot be obtained.")
        drafts.medications = record.medications | drafts.medications
        drafts.conditions = {label(one): one for one in record.of("Condition")}
        reasons = self.orders.reasons(drafts, call.as_of)
        drafts.remarks += reasons.remarks
        return record, self.reader.read(record, call.as_of, drafts.medications, reasons.stated)

    def _message(self, call: Call, deck: Deck, decisions: list[Decision], cards: list[Json]) -> Json:
        message: dict[str, Any] = {"cards": cards}
        if call.explain:
            message["extension"] = {DECISIONS: deck.records(decisions)}
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


def _not_in_reach(record: Record, keys: tuple[str, ...]) -> list[str]:
    said = []
    missing = [key for key, state in record.states.items() if state is State.MISSING]
    failed = [key for key in keys if record.states[key] is State.FAILED]
    others = sum(state is State.FAILED for state in record.states.values()) - len(failed)
    if others:
        failed.append(f"{others} under other names")
    if missing:
        said.append(f"Not sent, and so not checked: {', '.join(missing)}.")
    if failed:
        said.append(f"Could not be read in full, and so not relied on: {', '.join(failed)}.")
    if record.set_aside:
        said.append(f"{record.set_aside} resource(s) of another or no patient were set aside.")
    if record.patient is None:
        said.append("**The patient's own record could not be read**: age and birth are not known.")
    return said
