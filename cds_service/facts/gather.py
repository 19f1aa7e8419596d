"""Turns one patient's resources into named facts and doubts, by the catalogue, at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import cache

from cds_service.facts.category import Answers, category
from cds_service.facts.coded import CodedReader, Entry, counted, on_record, since_onset
from cds_service.facts.fact import Baby, Doubt, Fact, Missing
from cds_service.facts.formulas import FORMULAS
from cds_service.facts.given import RecordReader
from cds_service.facts.ivig import MedicationReader
from cds_service.facts.measure import Measuring
from cds_service.facts.moments import Span, length, parse
from cds_service.facts.therapy import therapy
from cds_service.facts.words import Phrases
from cds_service.fhir.prefetch import Record, State
from cds_service.fhir.read import Json, as_dict, as_list, as_text, code_keys, label
from cds_service.knowledge.shapes import CodeList, FactSpec, In, Knowledge

BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
WEIGHT_TABLE = "fenton2013_weight"
NONE = timedelta(0)
EVER = timedelta.max
COMPLETE = (State.CAME, State.NONE)
UNCLEAR = ("+/-", "±")
CODED = ("conditions", "onset", "count")
SHARED_SYSTEMS = frozenset({"http://loinc.org", "http://snomed.info/sct"})


class FactReader:
    """Built once per site: it knows which code means which fact."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.zone: tzinfo = knowledge.site.zone
        self.aliases = knowledge.system_aliases
        lists = knowledge.codelists
        self.medications = MedicationReader(lists["immunoglobulin"], lists["route"], self.system)
        self._specs = [spec for spec in knowledge.facts.values() if spec.kind not in ("need", "order")]
        # how far back a formula looks from the latest value
        self._history: dict[str, timedelta] = {}
        for spec in self._specs:
            if "max_apart" in spec.amounts:
                back = length(spec.amounts["max_apart"])
                self._history[spec.of[0]] = max(back, self._history.get(spec.of[0], NONE))
            if "one_day" in spec.amounts:
                self._history[spec.of[0]] = length(spec.amounts["one_day"])
            if spec.constant:
                self._history[spec.name] = EVER
        self._shared_systems = {
            *SHARED_SYSTEMS,
            *(uri for uri, usual in self.aliases.items() if usual in SHARED_SYSTEMS),
        }
        self._by_code: dict[tuple[str, str], str] = {}
        self._phrases: dict[str, Phrases] = {}
        for spec in self._specs:
            if spec.kind in ("measurement", "category") and spec.codes:
                self._by_code |= dict.fromkeys(self._spelled(spec.codes), spec.name)
            for codelist in (spec.codes if spec.kind == "therapy" else None, spec.answers):
                if codelist:
                    self._phrases[codelist.name] = Phrases(codelist)
        self._coded = {
            resource: CodedReader(resource, [lists[name] for name in sorted(names)], self.system)
            for resource, names in asked_of_records(knowledge).items()
        }

    def _spelled(self, codelist: CodeList) -> Iterator[tuple[str, str]]:
        """Every code under every name of its system."""
        for system, code in codelist.codes:
            yield system, code
            yield from ((alias, code) for alias, usual in self.aliases.items() if usual == system)

    def system(self, uri: str) -> str:
        """The usual address of a code system, for those that come under another name."""
        return self.aliases.get(uri, uri)

    def read(
        self, record: Record, as_of: datetime, medications: Mapping[str, Json], reasons: Iterable[object] = ()
    ) -> Baby:
        """Every fact of the catalogue, known or in doubt. No clock is read: `as_of` is now. `reasons` are those that
        the drafted orders give for themselves, as CodeableConcepts."""
        baby = self._born(record.patient, as_of)
        found = self._sort(record.of("Observation"), baby)
        measuring = Measuring(self.knowledge.spellings, self.aliases, as_of, self.zone, baby.birth)
        entries = {
            resource: reader.entries(record.of(resource), as_of, self.zone, medications)
            for resource, reader in self._coded.items()
        }
        entries["Condition"] += self._coded["Condition"].reasons(reasons)
        seen = {key for key, state in record.states.items() if state in COMPLETE}
        ivig = RecordReader(self.medications, medications, as_of, self.zone, self.knowledge.spellings)
        table = self.knowledge.tables[WEIGHT_TABLE]
        for spec in self._specs:
            name, kind = spec.name, spec.kind
            fact: Fact | Doubt | None
            if kind == "formula":
                fact = FORMULAS[spec.formula](spec, baby, table)
            elif kind == "measurement":
                fact, baby.series[name] = measuring.fact(
                    spec, found.get(name, []), baby.remarks, self._history.get(name, NONE)
                )
            elif kind == "category":
                fact = self._category(spec, found.get(name, []), baby, measuring)
            elif kind in CODED:
                fact = self._on_record(spec, record, entries, as_of, seen)
            elif kind == "therapy":
                fact = self._therapy(spec, record, as_of)
            else:
                queries = (self.knowledge.queries[one] for one in (spec.query, *spec.also))
                resources = [one for query in queries for one in record.of(query.resource)]
                given, said = ivig.on_record(spec, resources)
                fact, baby.series[name] = given[-1] if given else None, given
                baby.remarks += said
            # What was set aside while sorting is in doubt already, unless another result serves.
            baby.facts[name] = fact or baby.facts.get(name) or self._missing(spec, record, seen)
        return baby

    def _born(self, patient: Json | None, as_of: datetime) -> Baby:
        """The newborn by the patient's own record, nothing else known yet."""
        birth, doubt = birth_span(patient, self.zone, as_of)
        baby = Baby(as_of, birth, {}, birth_doubt=doubt)
        if doubt:
            baby.remarks.append(doubt)
        if patient and (patient.get("deceasedBoolean") is True or patient.get("deceasedDateTime")):
            baby.remarks.append("the record says that this patient has died")
        return baby

    def indications(self, reasons: Iterable[object]) -> list[str]:
        """Which indications the reasons of an order name, in the order of the catalogue."""
        lists = {name for entry in self._coded["Condition"].reasons(reasons) for name in entry.lists}
        return [one.name for one in self.knowledge.indications.values() if not lists.isdisjoint(one.named_by)]

    def holds(self, condition: Json, as_of: datetime) -> bool:
        """Whether a Condition counts at that moment, by its own status."""
        return self._coded["Condition"].holds(condition, as_of, self.zone)

    def contradicted(self, reasons: Iterable[object], conditions: Mapping[str, Json], as_of: datetime) -> Iterator[str]:
        """The names of Conditions that take back a reason of an order: the same is there refuted or resolved, and
        nowhere active."""
        reader = self._coded["Condition"]
        stated = {name for entry in reader.reasons(reasons) for name in entry.lists}
        listed = {name: reader.lists_of(one) for name, one in conditions.items()} if stated else {}
        active = {each for name, lists in listed.items() if self.holds(conditions[name], as_of) for each in lists}
        yield from (name for name, lists in listed.items() if lists & stated and not lists & active)

    def _on_record(
        self, spec: FactSpec, record: Record, entries: Mapping[str, list[Entry]], as_of: datetime, seen: set[str]
    ) -> Fact | Doubt | None:
        resource = self.knowledge.queries[spec.query].resource
        found, complete = entries.get(resource, []), spec.query in seen
        if spec.kind == "onset":
            return since_onset(spec, found, as_of)
        if not (complete or found or record.of(resource)):
            return None
        if spec.kind == "count":
            return counted(spec, found, complete=complete)
        return on_record(spec, found, as_of, complete=complete)

    def _missing(self, spec: FactSpec, record: Record, seen: set[str]) -> Doubt:
        if spec.query in seen:
            return _absent(spec)
        sent = record.states.get(spec.query, State.MISSING) is not State.MISSING
        reason = "could not be read in full" if sent else "was not sent"
        return Doubt(spec.name, Missing.NOT_OBTAINED, f"{spec.title}: the record {reason}", (spec.need or spec.name,))

    def _therapy(self, spec: FactSpec, record: Record, as_of: datetime) -> Fact | None:
        assert spec.codes is not None
        resources = record.of("Procedure") + record.of("ServiceRequest")
        return therapy(spec, self._phrases[spec.codes.name], resources, as_of, self.zone, self.system)

    def _category(self, spec: FactSpec, resources: list[Json], baby: Baby, measuring: Measuring) -> Fact | Doubt | None:
        assert spec.answers is not None
        phrases = self._phrases[spec.answers.name]
        return category(spec, resources, Answers(spec.answers, phrases, self.system), measuring, baby.remarks)

    def _sort(self, observations: list[Json], baby: Baby) -> dict[str, list[Json]]:
        """Observations by the fact that their code names. Codes that guidance does not ask for are passed over."""
        found: dict[str, list[Json]] = {}
        by_code, shared = self._by_code, self._shared_systems
        for observation in observations:
            keys = code_keys(observation.get("code"))
            names = [by_code[key] for key in keys if key in by_code]
            if not names:
                if not keys or shared.isdisjoint([system for system, _ in keys]):
                    baby.uncoded += 1
                else:
                    baby.unlisted += 1
            elif names.count(names[0]) == len(names):
                found.setdefault(names[0], []).append(observation)
            else:
                why = f"{label(observation)} is coded as two different tests and was set aside"
                baby.remarks.append(why)
                baby.facts |= {name: Doubt(name, Missing.UNUSABLE, why, (name,)) for name in names}
        if baby.uncoded:
            baby.remarks.append(f"{baby.uncoded} result(s) without a LOINC or SNOMED CT code: not read")
        return found


@cache
def _absent(spec: FactSpec) -> Doubt:
    return Doubt(spec.name, Missing.ABSENT, f"no {spec.title} is on record", (spec.name,))


def birth_span(patient: Json | None, zone: tzinfo, as_of: datetime) -> tuple[Span | None, str]:
    """When the baby was born, to the minute where the birthTime extension says so, else the whole local day."""
    if patient is None:
        return None, ""
    birth, doubt = _stated_birth(patient, zone)
    if birth and birth.early > as_of:
        return None, "the date of birth lies in the future: it was not used"
    return birth, doubt


def _stated_birth(patient: Json, zone: tzinfo) -> tuple[Span | None, str]:
    stated = as_text(patient.get("birthDate"))
    for extension in as_list(as_dict(patient.get("_birthDate")).get("extension")):
        if as_dict(extension).get("url") != BIRTH_TIME:
            continue
        text = as_text(as_dict(extension).get("valueDateTime"))
        moment = parse(text, zone)
        if moment is None or not moment.exact:
            continue
        local = moment.early.astimezone(zone).date().isoformat()
        if stated and not stated.startswith((text[:10], local)) and not text.startswith(stated):
            return _day(stated, zone), "birth date and birth time disagree: the birth time was not used"
        return moment, ""
    return _day(stated, zone), ""


def _day(stated: str, zone: tzinfo) -> Span | None:
    return parse(stated[:10], zone) if stated else None


def asked_of_records(knowledge: Knowledge) -> dict[str, set[str]]:
    """Code lists that the knowledge asks of each type of resource."""
    specs, asked = knowledge.facts, [one for rules in knowledge.rules for one in rules.asked()]
    names: dict[str, set[str]] = {"Condition": set()}
    for one in asked:
        if isinstance(one, In):
            resource = knowledge.queries[specs[one.fact].query].resource
            names.setdefault(resource, set()).add(one.codelist.name)
    names["Condition"].update(name for one in knowledge.indications.values() for name in one.named_by)
    for spec in specs.values():
        if spec.kind in ("onset", "count") and spec.codes:
            names.setdefault(knowledge.queries[spec.query].resource, set()).add(spec.codes.name)
    return names
