"""Whatever draft comes in, what is sent back is valid R4: drawn drafts, mostly right and broken in places."""

from __future__ import annotations

import json
from typing import Any

from fhir.resources.R4B.medicationrequest import MedicationRequest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cds_service.fhir.conform import conforming
from tests.fhir.r4_shapes import TARGET

SHAPES: dict[str, dict[str, list[Any]]] = json.loads(TARGET.read_text("utf-8"))
GARBAGE = st.sampled_from([None, "", " ", "x y", 5, -1, 1.5, True, [], {}, [None], {"x": 1}, ["x"], "2026-99-99"])
RIGHT: dict[str, list[Any]] = {
    "base64Binary": ["QQ=="],
    "boolean": [True, False],
    "canonical": ["http://hospital.example/p"],
    "code": ["<", "en"],
    "date": ["2026", "2026-11", "2026-11-20"],
    "dateTime": ["2026-11-20T12:00:00Z", "2026-11-20T12:00:00.5+14:00"],
    "decimal": [0, 1.5, -2, 1e-9],
    "id": ["m1", "A-1.b"],
    "instant": ["2026-11-20T12:00:00Z"],
    "integer": [1, 7],
    "markdown": ["a *b*"],
    "positiveInt": [1, 7],
    "oid": ["urn:oid:1.2.3"],
    "string": ["words", "ä\n€"],
    "time": ["08:00:00"],
    "unsignedInt": [0, 7],
    "uri": ["http://hospital.example/x", "urn:oid:1.2"],
    "uuid": ["urn:uuid:11111111-1111-4111-8111-111111111111"],
}
EDGE: dict[str, list[Any]] = {
    "base64Binary": ["QQ", "!"],
    "date": ["2026-02-30", "0000"],
    "dateTime": ["2026", "2026-02-31", "0000", "2026-11-20T12:00:00-23:59"],
    "instant": ["2026-11-20", "2026-02-30T12:00:00Z"],
    "integer": [0, -1, 2**31 - 1],
    "positiveInt": [0, -1, 2**31],
    "unsignedInt": [-1, 2**31 - 1],
    "id": ["a" * 300],
    "decimal": [1e308],
}


@st.composite
def objects(draw: st.DrawFn, kind: str, depth: int, edge: bool) -> dict[str, Any]:
    """One object of an R4 type: what is required, and a few other members; now and then something is wrong."""
    shape = SHAPES[kind]
    wanted = [key for key, element in shape.items() if element[2]]
    for choice in sorted({element[3] for element in shape.values() if element[3].endswith("!")}):
        wanted.append(draw(st.sampled_from([key for key, element in shape.items() if element[3] == choice])))
    wanted += draw(st.lists(st.sampled_from(sorted(shape)), max_size=0 if depth <= 0 else 4, unique=True))
    careless = draw(st.integers(0, 19)) == 0
    members: dict[str, Any] = {}
    chosen: set[str] = set()
    for key in dict.fromkeys(wanted):
        target, many, _, choice, codes = shape[key]
        if target == "Resource" or (choice in chosen and choice and not careless):
            continue
        chosen.add(choice)
        if careless and draw(st.booleans()):
            members[key] = draw(GARBAGE)
            continue
        value = draw(values(target, codes, depth - 1, edge))
        members[key] = [value] if many and draw(st.integers(0, 5)) else value
    return members or {"id": "x1"}


def values(target: str, codes: list[str], depth: int, edge: bool) -> st.SearchStrategy[Any]:
    if target[0].isupper():
        return objects(target, depth, edge)
    return st.sampled_from(codes or (EDGE.get(target, RIGHT[target]) if edge else RIGHT[target]))


@st.composite
def drafts(draw: st.DrawFn, edge: bool) -> dict[str, Any]:
    draft = {"resourceType": "MedicationRequest", **draw(objects("MedicationRequest", 3, edge))}
    if draw(st.booleans()):
        draft["text"] = {"status": "generated", "div": "<div>IVIG</div>"}
    if draw(st.integers(0, 9)) == 0:
        draft[draw(st.sampled_from(["_status", "_authoredOn", "extra", "resourceType"]))] = draw(GARBAGE)
    return draft


def test_what_is_sent_back_is_valid_r4() -> None:
    kept_or_refused = {True: 0, False: 0}

    @given(draft=drafts(edge=False))
    def hold(draft: dict[str, Any]) -> None:
        before = json.dumps(draft)
        kept = conforming(draft)
        assert json.dumps(draft) == before
        kept_or_refused[kept is not None] += 1
        if kept is not None:
            MedicationRequest.model_validate(kept)
            assert conforming(kept) == kept

    hold()
    assert min(kept_or_refused.values()) > 10


@settings(phases=[Phase.generate])
@given(draft=drafts(edge=True))
def test_what_is_sent_back_is_valid_r4_at_the_edges_of_its_types(draft: dict[str, Any]) -> None:
    kept = conforming(draft)
    if kept is not None:
        MedicationRequest.model_validate(kept)


@given(
    garbage=st.recursive(
        GARBAGE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    )
)
def test_garbage_in_place_of_a_draft_is_refused(garbage: Any) -> None:
    if isinstance(garbage, dict):
        assert conforming(garbage) is None
        assert conforming(garbage | {"resourceType": "MedicationRequest"}) is None
