"""The schemas of the document can refuse: an answer that breaks a rule does not fit them."""

import pytest

from tests.openapi.documented import DECISION, DECISIONS, component, faults


def first(answer):
    return answer["cards"][0]


def decision(answer):
    return first(answer)["extension"][DECISION]


def order(answer):
    return first(answer)["suggestions"][0]["actions"][0]["resource"]


VERSION = "2026.11.2+sha256:0123456789ab"
BREACHES = {
    "no cards": lambda answer: answer.pop("cards"),
    "an unknown member": lambda answer: answer.update(more=1),
    "system actions": lambda answer: answer.update(systemActions=[]),
    "a summary of 140 characters": lambda answer: first(answer).update(summary="x" * 140),
    "an empty summary": lambda answer: first(answer).update(summary=""),
    "an empty detail": lambda answer: first(answer).update(detail=""),
    "a null member": lambda answer: first(answer).update(detail=None),
    "an unknown indicator": lambda answer: first(answer).update(indicator="urgent"),
    "a uuid that is none": lambda answer: first(answer).update(uuid="1"),
    "no source": lambda answer: first(answer).pop("source"),
    "a relative address": lambda answer: first(answer)["source"].update(url="guideline.html"),
    "a topic with a hyphen": lambda answer: first(answer)["source"]["topic"].update(code="a-b"),
    "a topic of 101 characters": lambda answer: first(answer)["source"]["topic"].update(code="a" * 101),
    "suggestions without selectionBehavior": lambda answer: first(answer).pop("selectionBehavior"),
    "selectionBehavior without suggestions": lambda answer: first(answer).pop("suggestions"),
    "an unknown selectionBehavior": lambda answer: first(answer).update(selectionBehavior="all"),
    "no suggestion in the list": lambda answer: first(answer).update(suggestions=[]),
    "two recommended doses": lambda answer: [one.update(isRecommended=True) for one in first(answer)["suggestions"]],
    "isRecommended that is false": lambda answer: first(answer)["suggestions"][0].update(isRecommended=False),
    "no actions": lambda answer: first(answer)["suggestions"][0].update(actions=[]),
    "an action without words": lambda answer: first(answer)["suggestions"][0]["actions"][0].pop("description"),
    "a deletion": lambda answer: first(answer)["suggestions"][0]["actions"][0].update(type="delete"),
    "a resource without a type": lambda answer: order(answer).pop("resourceType"),
    "a resource that is text": lambda answer: first(answer)["suggestions"][0]["actions"][0].update(resource="{}"),
    "a null deep in a resource": lambda answer: order(answer)["subject"].update(display=None),
    "an empty list deep in a resource": lambda answer: order(answer)["dosageInstruction"][0].update(note=[]),
    "an empty object in a resource": lambda answer: order(answer).update(encounter={}),
    "an override reason without words": lambda answer: first(answer)["overrideReasons"][0].pop("display"),
    "no override reasons in the list": lambda answer: first(answer).update(overrideReasons=[]),
    "an empty extension": lambda answer: first(answer).update(extension={}),
    "an empty answer extension": lambda answer: answer.update(extension={}),
    "no decisions in the list": lambda answer: answer["extension"].update({DECISIONS: []}),
    "an unknown verdict": lambda answer: decision(answer).update(verdict="maybe"),
    "no verdict": lambda answer: decision(answer).pop("verdict"),
    "needs-information that needs nothing": lambda answer: decision(answer).update(verdict="needs-information"),
    "empty needs": lambda answer: decision(answer).update(needs=[]),
    "an instant without seconds": lambda answer: decision(answer).update(as_of="2026-11-20T12:00Z"),
    "a number that is text": lambda answer: decision(answer)["dose"].update(weight_kg="3.4"),
    "a limit that is text": lambda answer: decision(answer)["criteria"][0].update(limit="28"),
    "a dose of nothing": lambda answer: decision(answer)["dose"]["grams"].update(low=0),
    "grams without a weight": lambda answer: decision(answer)["dose"].pop("weight_kg"),
    "half a range": lambda answer: decision(answer)["dose"]["grams"].pop("high"),
    "a value that is null": lambda answer: decision(answer)["facts"][0].update(value=None),
    "a value that is true": lambda answer: decision(answer)["facts"][0].update(value=True),
    "an unknown result": lambda answer: decision(answer)["criteria"][0].update(result="maybe"),
    "a line without a citation": lambda answer: decision(answer)["lines"][0].pop("cite"),
    "an unknown member of a decision": lambda answer: decision(answer).update(score=1),
}


def test_the_answer_that_the_breaches_start_from_is_sound(answered):
    assert faults(component("CardsResponse"), answered) == []


@pytest.mark.parametrize("name", BREACHES)
def test_an_answer_that_breaks_a_rule_is_refused(answered, name):
    BREACHES[name](answered)
    assert faults(component("CardsResponse"), answered) != []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OperationOutcome", {"resourceType": "OperationOutcome", "issue": []}),
        ("OperationOutcome", {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]}),
        ("OperationOutcome", {"error": "Bad Request"}),
        ("Services", {"services": []}),
        ("Services", {"services": [{"id": "neonatal-ivig-order-select", "hook": "order-select"}]}),
        ("Ready", {"status": "ok", "store": "ok", "site": "demo", "knowledge_version": "1", "software_version": "1"}),
        ("Ready", {"status": "ok", "site": "demo", "knowledge_version": VERSION, "software_version": "1"}),
        ("FeedbackStored", {}),
        ("Live", {"status": "down"}),
    ],
)
def test_another_body_that_breaks_a_rule_is_refused(name, value):
    assert faults(component(name), value) != []
