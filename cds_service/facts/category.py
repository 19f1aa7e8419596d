"""Reads a result in words: by its coded value, its words, or its flag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cds_service.facts.fact import Doubt, Fact, Missing
from cds_service.facts.measure import FINAL, Dated, Measuring, SetAside, said_of
from cds_service.facts.moments import length
from cds_service.facts.words import Phrases, negated, tokens
from cds_service.fhir.read import Json, as_dict, as_list, as_text, codings, label, words
from cds_service.knowledge.shapes import CodeList, FactSpec

HIGH, LOW, NORMAL = "high", "low", "normal"
UNCLEAR = ("+/-", "±")


@dataclass(frozen=True, slots=True)
class Answers:
    """What results may say: by code and by phrase."""

    codes: CodeList
    phrases: Phrases
    system: Callable[[str], str]

    @property
    def flags(self) -> set[str]:
        return {coding.means for coding in self.codes.codes.values()} & {HIGH, LOW, NORMAL}

    def of(self, resource: Json) -> str:
        """What a result says: by its coded value, its words, or its interpretation flag; empty where unclear."""
        concept = resource.get("valueCodeableConcept")
        text = f"{words(concept)} ; {as_text(resource.get('valueString'))}"
        said, rest = self.phrases.match(tokens(text))
        if negated(rest) or any(sign in text for sign in UNCLEAR):
            return ""
        found = {
            coding.means
            for uri, code, _ in [*codings(concept), *codings(resource.get("interpretation"))]
            if (coding := self.codes.codes.get((self.system(uri), code))) and coding.system != "text"
        }
        if isinstance(resource.get("valueBoolean"), bool):
            found.update(self.phrases.means(["positive" if resource["valueBoolean"] else "negative"]))
        found.update(said)
        if not found:
            found.update(self.phrases.means(tokens(words(resource.get("interpretation")))))
        if not found and (flag := against_range(resource)) in self.flags:
            found.add(flag)
        return found.pop() if len(found) == 1 else ""


def against_range(resource: Json) -> str:
    """`high`, `low` or `normal` by the reference range that came with the result, in the same unit; else empty."""
    value, ranges = as_dict(resource.get("valueQuantity")), as_list(resource.get("referenceRange"))
    number = value.get("value")
    if len(ranges) != 1 or value.get("comparator") or not _plain(number):
        return ""
    ends = [as_dict(as_dict(ranges[0]).get(end)) for end in ("low", "high")]
    if any(end and (not _plain(end.get("value")) or _unit(end) != _unit(value)) for end in ends):
        return ""
    low, high = ends
    if high and number > high["value"]:
        return HIGH
    if low and number < low["value"]:
        return LOW
    return NORMAL if high else ""


def _plain(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool)


def _unit(quantity: Json) -> str:
    return as_text(quantity.get("code")) or as_text(quantity.get("unit"))


def category(
    spec: FactSpec, resources: list[Json], answers: Answers, measuring: Measuring, remarks: list[str]
) -> Fact | Doubt | None:
    """The latest result; results of one moment that disagree are a doubt. What `ever` names stands once it was said."""
    set_aside: SetAside = []
    dated = _recent(spec, measuring.dated(spec, resources, set_aside), measuring, set_aside)
    none_left = said_of(spec, set_aside, remarks)
    if not dated:
        return none_left
    # Such a result does not change with time: what is only preliminary does not replace one that is final.
    dated = [one for one in dated if one[1] in FINAL] or dated
    lasting = [one for one in dated if spec.ever and answers.of(one[2]) == spec.ever]
    chosen = _newest(lasting or dated)
    meanings = {answers.of(resource) for _, _, resource in chosen}
    if len(meanings) != 1 or "" in meanings:
        why = f"the {spec.title} on record is not readable as one result"
        return Doubt(spec.name, Missing.UNUSABLE, why, (spec.name,))
    at, status, resource = chosen[-1]
    said = meanings.pop()
    used = "it stands all the same" if lasting else "the latest is used"
    for when, _, other in dated:
        another = "another" if lasting else "an earlier"
        if (lasting or (when and at and when.late < at.early)) and answers.of(other) not in ("", said):
            remarks.append(f"{another} {spec.title} said otherwise ({label(other)}): {used}")
    return Fact(spec.name, said, at, label(resource), None, "" if status in FINAL else "preliminary")


def _recent(spec: FactSpec, dated: list[Dated], measuring: Measuring, set_aside: SetAside) -> list[Dated]:
    """Without what is older than the fact's window."""
    if spec.window is None:
        return dated
    oldest = measuring.as_of - length(spec.window)
    kept = [one for one in dated if one[0] is None or one[0].late >= oldest]
    set_aside += [(f"older than {spec.window.value} {spec.window.unit.name}", "")] * (len(dated) - len(kept))
    return kept


def _newest(dated: list[Dated]) -> list[Dated]:
    newest = max((at.late for at, _, _ in dated if at), default=None)
    return [one for one in dated if (one[0].late if one[0] else None) == newest]
