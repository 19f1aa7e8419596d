"""What real EHRs send is read right or said not to be readable, and what goes back to them stands on its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.fhir.read import as_list
from cds_service.hooks.service import Answerer
from cds_service.knowledge.shapes import Knowledge
from tests.ehr.recorded import FOLDER, SHAPES, Json, Shape, actions, answerer_of, reply, summed_up

each_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
# What a suggestion of a dose may change: the dose; the narrative, which would no longer describe it; and in `meta`
# what no R4 client knows.
CHANGED = {"dosageInstruction", "text", "meta"}
NAMED = ("Invented, Girl", "Girl Invented", "Invented, Neonatology", "Invented Author", "Dr. Invented")


@pytest.fixture(scope="module")
def now(demo: Knowledge) -> Answerer:
    return answerer_of(demo)


@pytest.fixture(scope="module")
def messages(now: Answerer) -> dict[str, Json]:
    return {shape.name: json.loads(reply(now, shape).body) for shape in SHAPES}


def everything_said(message: Json) -> str:
    return "\n".join(f"{card['summary']}\n{card['detail']}" for card in message["cards"])


def test_every_shape_has_its_outcome_beside_it() -> None:
    assert {path.with_suffix("").as_posix() for path in FOLDER.glob("*/*.json")} == {
        path.with_suffix("").as_posix() for path in FOLDER.glob("*/*.toml")
    }
    assert {shape.name.partition("/")[0] for shape in SHAPES} >= {"epic", "sandbox", "davinci", "hapi", "medplum"}


@each_shape
def test_a_shape_says_that_it_is_invented_what_is_peculiar_and_where_that_is_known_from(shape: Shape) -> None:
    text = (FOLDER / f"{shape.name}.toml").read_text("utf-8")
    assert text.startswith("# The newborn and all ids are invented.\n")
    assert shape.expected["note"]
    assert shape.expected["known_from"]


@each_shape
def test_a_shape_is_answered_as_expected(now: Answerer, shape: Shape) -> None:
    found = reply(now, shape)
    message = json.loads(found.body)
    assert found.status == shape.expected["status"]
    if found.status != 200:
        assert message["issue"][0]["details"]["text"] == shape.expected["error"]
        return
    assert [summed_up(card) for card in message["cards"]] == shape.expected.get("card", [])
    for words in (shape.expected.get("read", ""), *shape.expected.get("says", ())):
        assert words in everything_said(message)


@each_shape
def test_no_order_is_met_with_silence(shape: Shape, messages: dict[str, Json]) -> None:
    if shape.expected["status"] == 200 and not shape.service.endswith("patient-view"):
        assert messages[shape.name]["cards"]


def drugs_of(message: Json) -> Iterator[Json]:
    """The actions about an order for a medication, apart from those that only take it back."""
    for action in actions(message):
        if action.get("resource", {}).get("resourceType") == "MedicationRequest":
            yield action


@each_shape
def test_a_dose_is_offered_or_withheld_as_expected(shape: Shape, messages: dict[str, Json]) -> None:
    kinds = {action["type"] for action in drugs_of(messages[shape.name])} or {"none"}
    assert kinds == {shape.expected.get("offer", "none")}


@each_shape
def test_what_is_offered_is_r4_and_keeps_what_the_draft_held(shape: Shape, messages: dict[str, Json]) -> None:
    for action in actions(messages[shape.name]):
        if action["type"] == "delete":
            kind, _, identity = action["resourceId"].partition("/")
            assert any((one["resourceType"], one["id"]) == (kind, identity) for one in shape.drafts)
            continue
        resource = action["resource"]
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        if action["type"] == "update":
            (draft,) = [one for one in shape.drafts if one["id"] == resource["id"]]
            assert set(resource) - CHANGED == set(draft) - CHANGED
            for key in set(draft) - CHANGED:
                assert as_list(resource[key]) == as_list(draft[key])
            kept = resource.get("meta", {}).items()
            assert kept <= draft.get("meta", {}).items() if isinstance(draft.get("meta"), dict) else not kept


@each_shape
def test_an_answer_stands_where_only_descriptions_are_shown(shape: Shape, messages: dict[str, Json]) -> None:
    """Epic shows `action.description` and no label, takes one action a suggestion, and ties an override to a topic
    code of at most 100 letters and digits."""
    for card in messages[shape.name].get("cards", ()):
        assert re.fullmatch(r"[A-Za-z0-9]{1,100}", card["source"]["topic"]["code"])
        assert 1 <= len(card["summary"]) < 140
        assert not re.search(r"<[A-Za-z/]", card["detail"])
        for suggestion in card.get("suggestions", ()):
            (action,) = suggestion["actions"]
            assert len(action["description"].split()) >= 4
            if action.get("resource", {}).get("resourceType") == "MedicationRequest":
                assert suggestion["label"] in action["description"]


@each_shape
def test_no_name_of_a_person_comes_back_on_a_card(shape: Shape, messages: dict[str, Json]) -> None:
    if "cards" in messages[shape.name]:
        said = everything_said(messages[shape.name])
        assert not any(name in said for name in NAMED)


def test_a_call_that_came_with_ids_alone_is_told_to_operators(now: Answerer) -> None:
    """What is refused as malformed (400) may count among them, whatever it held."""
    for shape in SHAPES:
        found = reply(now, shape)
        if found.status != 400:
            assert found.told is not None
            assert found.told.stripped is shape.name.startswith("epic/stripped"), shape.name
