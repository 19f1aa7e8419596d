"""The published schemas of CDS Hooks 2.0.1 take what the specification allows, and refuse what it forbids."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.openapi.documented import component, faults

Change = Callable[[dict[str, Any]], Any]

ORDER = {"resourceType": "MedicationRequest", "id": "new", "status": "draft", "intent": "order"}
RESPONSE = {
    "cards": [
        {
            "uuid": "card-1",
            "summary": "x" * 139,
            "detail": "**words**",
            "indicator": "critical",
            "source": {
                "label": "Example",
                "url": "https://guideline.example/",
                "icon": "https://guideline.example/100.png",
                "topic": {"system": "urn:example", "code": "a"},
            },
            "suggestions": [
                {"label": "One", "uuid": "s-1", "isRecommended": True, "actions": []},
                {"label": "Two", "isRecommended": False},
            ],
            "selectionBehavior": "at-most-one",
            "overrideReasons": [{"code": "a", "system": "urn:example", "display": "A reason"}],
            "links": [
                {"label": "Page", "url": "https://guideline.example/1", "type": "absolute"},
                {"label": "App", "url": "https://app.example/", "type": "smart", "appContext": "x"},
                {"label": "App", "url": "https://app.example/", "type": "smart", "autolaunchable": True},
            ],
            "extension": {"org.example": {"a": 1}},
        },
        {"summary": "Only what is required", "indicator": "info", "source": {"label": "Example"}},
    ],
    "systemActions": [{"type": "create", "description": "New", "resource": ORDER}],
}
RESPONSE["cards"][0]["suggestions"][0]["actions"] = [
    {"type": "create", "description": "New", "resource": ORDER},
    {"type": "update", "description": "Changed", "resource": ORDER | {"_status": {"id": "s"}}},
    {"type": "delete", "description": "Gone", "resourceId": "MedicationRequest/old"},
]
REQUEST = {
    "hook": "order-select",
    "hookInstance": "2a9f3c1e-0000-4000-8000-000000000001",
    "fhirServer": "https://ehr.example/fhir",
    "fhirAuthorization": {
        "access_token": "example",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "example",
        "patient": "newborn-1",
    },
    "context": {
        "userId": "PractitionerRole/example",
        "patientId": "newborn-1",
        "encounterId": "stay-1",
        "selections": ["MedicationRequest/new"],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": ORDER}]},
    },
    "prefetch": {
        "patient": {"resourceType": "Patient", "id": "newborn-1", "name": [{"given": ["A", None]}]},
        "none": None,
        "failed": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]},
        "empty": {"resourceType": "Bundle", "type": "searchset", "total": 0},
    },
    "extension": {"org.example.more": True},
}
FEEDBACK = {
    "feedback": [
        {
            "card": "card-1",
            "outcome": "accepted",
            "acceptedSuggestions": [{"id": "s-1"}, {"id": "s-2"}],
            "outcomeTimestamp": "2026-11-20T12:00:00Z",
        },
        {"card": "card-2", "outcome": "overridden", "outcomeTimestamp": "2026-11-20T12:00:00.5+00:00"},
        {
            "card": "card-3",
            "outcome": "overridden",
            "overrideReason": {"reason": {"code": "a", "system": "urn:example"}, "userComment": "words"},
            "outcomeTimestamp": "2026-11-20T12:00:00Z",
        },
    ]
}
DISCOVERY = {
    "services": [
        {"hook": "patient-view", "id": "a", "description": "What it does"},
        {
            "hook": "org.example.hook",
            "id": "a",
            "title": "A",
            "description": "What it does",
            "prefetch": {"patient": "Patient/{{context.patientId}}"},
            "usageRequirements": "Needs FHIR",
            "version": "2.0.1",
            "hookVersion": "1.0",
            "extension": {"org.example": 1},
        },
    ]
}
SOUND = {
    "CdsHooksResponse": RESPONSE,
    "CdsHooksRequest": REQUEST,
    "CdsHooksFeedback": FEEDBACK,
    "CdsHooksDiscovery": DISCOVERY,
}


def card(answer: dict[str, Any]) -> dict[str, Any]:
    return answer["cards"][0]


def action(answer: dict[str, Any], number: int) -> dict[str, Any]:
    return card(answer)["suggestions"][0]["actions"][number]


BREACHES: dict[str, dict[str, Change]] = {
    "CdsHooksResponse": {
        "no cards": lambda one: one.pop("cards"),
        "cards that are null": lambda one: one.update(cards=None),
        "empty system actions": lambda one: one.update(systemActions=[]),
        "a system action without words": lambda one: one["systemActions"][0].pop("description"),
        "an unknown member": lambda one: card(one).update(autoLaunchable=True),
        "a member of 3.0": lambda one: card(one)["suggestions"][0].update(actionSelectionBehavior="any"),
        "a summary of 140 characters": lambda one: card(one).update(summary="x" * 140),
        "a blank summary": lambda one: card(one).update(summary=" "),
        "no indicator": lambda one: card(one).pop("indicator"),
        "the indicator of an old draft": lambda one: card(one).update(indicator="hard-stop"),
        "an empty detail": lambda one: card(one).update(detail=""),
        "no source": lambda one: card(one).pop("source"),
        "a source without a label": lambda one: card(one)["source"].pop("label"),
        "a relative source": lambda one: card(one)["source"].update(url="guideline.html"),
        "a relative icon": lambda one: card(one)["source"].update(icon="/100.png"),
        "a topic without a system": lambda one: card(one)["source"]["topic"].pop("system"),
        "suggestions without selectionBehavior": lambda one: card(one).pop("selectionBehavior"),
        "an unknown selectionBehavior": lambda one: card(one).update(selectionBehavior="all"),
        "two recommended": lambda one: card(one)["suggestions"][1].update(isRecommended=True),
        "empty suggestions": lambda one: card(one).update(suggestions=[]),
        "a suggestion without a label": lambda one: card(one)["suggestions"][0].pop("label"),
        "empty actions": lambda one: card(one)["suggestions"][0].update(actions=[]),
        "an action in capitals": lambda one: action(one, 0).update(type="CREATE"),
        "an action without words": lambda one: action(one, 0).pop("description"),
        "a creation of nothing": lambda one: action(one, 0).pop("resource"),
        "an update of nothing": lambda one: action(one, 1).pop("resource"),
        "a resource that is text": lambda one: action(one, 0).update(resource=json.dumps(ORDER)),
        "a resource without a type": lambda one: action(one, 0)["resource"].pop("resourceType"),
        "a null in a resource": lambda one: action(one, 0)["resource"].update(note=None),
        "an empty list in a resource": lambda one: action(one, 0)["resource"].update(note=[]),
        "a deletion of nothing": lambda one: action(one, 2).pop("resourceId"),
        "a deletion by the id as resource": lambda one: action(one, 2).update(resource="MedicationRequest/old"),
        "a reason without words": lambda one: card(one)["overrideReasons"][0].pop("display"),
        "a reason without a system": lambda one: card(one)["overrideReasons"][0].pop("system"),
        "a link without a label": lambda one: card(one)["links"][0].pop("label"),
        "a relative link": lambda one: card(one)["links"][0].update(url="app.html"),
        "an unknown type of link": lambda one: card(one)["links"][0].update(type="relative"),
        "appContext on a plain link": lambda one: card(one)["links"][0].update(appContext="x"),
        "autolaunchable that is text": lambda one: card(one)["links"][2].update(autolaunchable="true"),
        "an extension that is a list": lambda one: card(one).update(extension=[1]),
        "an empty extension": lambda one: one.update(extension={}),
    },
    "CdsHooksRequest": {
        "no hook": lambda one: one.pop("hook"),
        "no hookInstance": lambda one: one.pop("hookInstance"),
        "a hookInstance that is no uuid": lambda one: one.update(hookInstance="1"),
        "no context": lambda one: one.pop("context"),
        "a token without a server": lambda one: one.pop("fhirServer"),
        "a server that is no address": lambda one: one.update(fhirServer="ehr"),
        "an authorization without a scope": lambda one: one["fhirAuthorization"].pop("scope"),
        "another type of token": lambda one: one["fhirAuthorization"].update(token_type="bearer"),
        "a lifetime that is text": lambda one: one["fhirAuthorization"].update(expires_in="300"),
        "a blank token": lambda one: one["fhirAuthorization"].update(access_token=""),
        "a patient that is a reference": lambda one: one["context"].update(patientId="Patient/newborn-1"),
        "a user without a type": lambda one: one["context"].update(userId="example"),
        "a patient who orders": lambda one: one["context"].update(userId="Patient/example"),
        "an encounter that is a number": lambda one: one["context"].update(encounterId=1),
        "no drafts": lambda one: one["context"].pop("draftOrders"),
        "drafts that are no Bundle": lambda one: one["context"].update(draftOrders=ORDER),
        "an entry without a resource": lambda one: one["context"]["draftOrders"]["entry"][0].pop("resource"),
        "no selections": lambda one: one["context"].pop("selections"),
        "a selection that is a bare id": lambda one: one["context"].update(selections=["new"]),
        "prefetch that is a list": lambda one: one.update(prefetch=[]),
        "prefetch of text": lambda one: one["prefetch"].update(patient="Patient/newborn-1"),
        "a prefetched resource without a type": lambda one: one["prefetch"]["patient"].pop("resourceType"),
        "an extension that is text": lambda one: one.update(extension="x"),
    },
    "CdsHooksFeedback": {
        "no list": lambda one: one.pop("feedback"),
        "one item in place of the list": lambda one: one.update(feedback=one["feedback"][0]),
        "an empty list": lambda one: one.update(feedback=[]),
        "no card": lambda one: one["feedback"][0].pop("card"),
        "another outcome": lambda one: one["feedback"][0].update(outcome="ignored"),
        "accepted without a suggestion": lambda one: one["feedback"][0].pop("acceptedSuggestions"),
        "accepted with an empty list": lambda one: one["feedback"][0].update(acceptedSuggestions=[]),
        "suggestions that are text": lambda one: one["feedback"][0].update(acceptedSuggestions=["s-1"]),
        "no time": lambda one: one["feedback"][0].pop("outcomeTimestamp"),
        "a time that is a date": lambda one: one["feedback"][0].update(outcomeTimestamp="2026-11-20"),
        "a local time": lambda one: one["feedback"][0].update(outcomeTimestamp="2026-11-20T12:00:00+01:00"),
        "an empty reason": lambda one: one["feedback"][2].update(overrideReason={}),
        "a reason without a code": lambda one: one["feedback"][2]["overrideReason"]["reason"].pop("code"),
        "a misspelt member": lambda one: one["feedback"][2].update(overrideReasons={}),
    },
    "CdsHooksDiscovery": {
        "no services": lambda one: one.pop("services"),
        "services by name": lambda one: one.update(services={}),
        "no hook": lambda one: one["services"][0].pop("hook"),
        "no description": lambda one: one["services"][0].pop("description"),
        "a blank description": lambda one: one["services"][0].update(description=""),
        "no id": lambda one: one["services"][0].pop("id"),
        "an id of two parts": lambda one: one["services"][0].update(id="a/b"),
        "prefetch that is a list": lambda one: one["services"][1].update(prefetch=["Patient/{{context.patientId}}"]),
        "a query that is an object": lambda one: one["services"][1].update(prefetch={"patient": {}}),
        "a release that is a number": lambda one: one["services"][1].update(version=2),
        "a release that is a word": lambda one: one["services"][1].update(version="STU2"),
        "a null title": lambda one: one["services"][1].update(title=None),
        "a misspelt member": lambda one: one["services"][1].update(usageRequirement="x"),
    },
}
EACH = [(name, breach) for name, breaches in BREACHES.items() for breach in breaches]


@pytest.mark.parametrize("name", SOUND)
def test_what_the_specification_allows_is_taken(name):
    assert faults(component(name), SOUND[name]) == []


@pytest.mark.parametrize(
    ("name", "value"), [("CdsHooksResponse", {"cards": []}), ("CdsHooksDiscovery", {"services": []})]
)
def test_an_empty_answer_is_an_answer(name, value):
    assert faults(component(name), value) == []


def test_where_any_may_be_chosen_several_may_be_recommended():
    answer = copy.deepcopy(RESPONSE)
    card(answer)["selectionBehavior"] = "any"
    card(answer)["suggestions"][1]["isRecommended"] = True
    assert faults(component("CdsHooksResponse"), answer) == []


@pytest.mark.parametrize(("name", "breach"), EACH)
def test_what_the_specification_forbids_is_refused(name, breach):
    value = copy.deepcopy(SOUND[name])
    BREACHES[name][breach](value)
    assert faults(component(name), value) != []
