from functools import cache
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from cds_service import __version__
from cds_service.app import create_app, openapi_file
from cds_service.hooks.wsgi import LARGEST_BODY, PREFIX
from cds_service.review.babies import draft_order, order_select
from cds_service.settings import Settings

DOCUMENT = yaml.safe_load(openapi_file().read_text("utf-8"))
BASE = "urn:openapi"
REGISTRY = Registry().with_resource(BASE, Resource(DOCUMENT, DRAFT202012))
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}

CALL = "/cds-services/{id}"
ORDER_SELECT = "/cds-services/neonatal-ivig-order-select"
PATIENT_VIEW = "/cds-services/neonatal-ivig-patient-view"
AS_OF = "org.neonatal-ivig-cds.as-of"
EXPLAIN = "org.neonatal-ivig-cds.explain"
DECISION = "org.neonatal-ivig-cds.decision"
DECISIONS = "org.neonatal-ivig-cds.decisions"

ISOIMMUNE = {"age": "48 h", "gestation": "38+0", "dat": "positive", "tsb": "18.1 mg/dL", "weight": "3.4 kg"}
LOW_PLATELETS = {"age": "30 h", "gestation": "39+0", "platelets": "15 10*9/L", "weight": "3.2 kg"}

# One newborn a line: what is on record.
NEWBORNS = {
    "may be given": ISOIMMUNE,
    "at exchange level": {**ISOIMMUNE, "tsb": "23 mg/dL"},
    "exchange level without a DAT": {"age": "48 h", "gestation": "38+0", "tsb": "24 mg/dL", "weight": "3.4 kg"},
    "not yet": {**ISOIMMUNE, "tsb": "9 mg/dL"},
    "in other units": {**ISOIMMUNE, "tsb": "320 umol/L", "weight": "3400 g"},
    "rising under phototherapy": {
        **ISOIMMUNE,
        "earlier_tsb": "15 mg/dL",
        "earlier_drawn": "6 h",
        "phototherapy": "intensive phototherapy",
        "phototherapy_since": "12 h",
    },
    "nothing known": {},
    "nothing sent but the patient": {
        "not_sent": ["bilirubin", "hematology", "measurements", "conditions", "phototherapy", "ivig_orders"]
    },
    "platelets 15": LOW_PLATELETS,
    "platelets 15, bleeding": {**LOW_PLATELETS, "conditions": ["P52.3"]},
    "platelets 40": {**LOW_PLATELETS, "platelets": "40 10*9/L"},
    "platelets 200": {**LOW_PLATELETS, "platelets": "200 10*9/L"},
    "both indications": {**ISOIMMUNE, "platelets": "15 10*9/L"},
    "no weight": {key: value for key, value in ISOIMMUNE.items() if key != "weight"},
    "implausible weight": {**ISOIMMUNE, "weight": "0.4 kg"},
    "old weight": {**ISOIMMUNE, "weighed": "40 h"},
    "no birth time": {**ISOIMMUNE, "birth_time": False},
    "no birth date": {key: value for key, value in ISOIMMUNE.items() if key != "age"},
    "no gestation": {key: value for key, value in ISOIMMUNE.items() if key != "gestation"},
    "no DAT": {key: value for key, value in ISOIMMUNE.items() if key != "dat"},
    "negative DAT": {**ISOIMMUNE, "dat": "negative"},
    "unreadable DAT": {**ISOIMMUNE, "dat": "hemolyzed"},
    "stale bilirubin": {**ISOIMMUNE, "tsb_drawn": "20 h"},
    "unknown unit": {**ISOIMMUNE, "tsb": "18 furlong"},
    "transcutaneous only": {"age": "48 h", "gestation": "38+0", "dat": "positive", "tcb": "16 mg/dL"},
    "32 weeks": {**ISOIMMUNE, "gestation": "32+0", "weight": "1.8 kg"},
    "15 days": {**ISOIMMUNE, "age": "15 d"},
    "not a newborn": {**ISOIMMUNE, "age": "60 d"},
    "suspected conditions": {**LOW_PLATELETS, "suspected": ["P61.0", "P36.9"]},
    "IVIG given": {**ISOIMMUNE, "ivig_given": "6 h"},
}


def step(part):
    return part.replace("~", "~0").replace("/", "~1")


def at_pointer(pointer):
    found = DOCUMENT
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


@cache
def schema_at(pointer):
    return Draft202012Validator(
        {"$ref": BASE + pointer}, registry=REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def component(name):
    return schema_at(f"#/components/schemas/{name}")


def faults(schema, value):
    return [f"{fault.json_path}: {fault.message[:300]}" for fault in schema.iter_errors(value)]


def assert_as_documented(answer, path, method):
    pointer = f"#/paths/{step(path)}/{method}/responses/{answer.status_code}"
    pointer = at_pointer(pointer).get("$ref", pointer)
    for name in at_pointer(pointer).get("headers", {}):
        assert answer.headers.get(name)
    assert answer.mimetype in at_pointer(pointer)["content"]
    value = answer.get_json() if answer.mimetype == "application/json" else answer.get_data(as_text=True)
    assert faults(schema_at(f"{pointer}/content/{step(answer.mimetype)}/schema"), value) == []


def everything(value, path=""):
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from everything(item, f"{path}/{key}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from everything(item, f"{path}/{number}")


def order_select_call(given, **extension):
    call = order_select(given, "instance-1")
    call["extension"] |= extension
    return call


def patient_view_call(given, **extension):
    call = order_select_call(given, **extension)
    call["hook"] = "patient-view"
    for key in ("selections", "draftOrders"):
        del call["context"][key]
    return call


def changed(change):
    call = order_select_call(ISOIMMUNE)
    change(call)
    return call


@pytest.fixture(scope="module")
def app():
    return create_app(Settings(auth="off", accept_as_of=True, site="demo"))


@pytest.fixture(scope="module")
def client(app):
    return app.test_client()


@pytest.fixture
def answered(client):
    answer = client.post(ORDER_SELECT, json=order_select_call(ISOIMMUNE, **{EXPLAIN: True}))
    assert answer.status_code == 200
    return answer.get_json()


# --- the document ---------------------------------------------------------------------------------


def test_the_document_names_every_route_and_no_other(app):
    routes = {
        (rule.rule, method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    written = {(path, method) for path, item in DOCUMENT["paths"].items() for method in item if method in METHODS}
    assert written == routes | {(f"{PREFIX}{{id}}", "post")}


def test_the_document_names_the_services_that_discovery_offers(client):
    offered = [service["id"] for service in client.get("/cds-services").get_json()["services"]]
    parameter = DOCUMENT["paths"][CALL]["post"]["parameters"][0]
    assert parameter["schema"]["enum"] == offered
    assert DOCUMENT["components"]["schemas"]["Service"]["properties"]["id"]["enum"] == offered


def test_the_document_carries_the_version_of_the_software():
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["info"]["version"] == __version__


def test_every_reference_resolves():
    references = [value for path, value in everything(DOCUMENT) if path.endswith("/$ref")]
    references += [value for path, value in everything(DOCUMENT) if "/discriminator/mapping/" in path]
    assert references
    for reference in references:
        assert isinstance(at_pointer(reference), dict)


def test_every_component_is_used():
    references = {value for path, value in everything(DOCUMENT) if path.endswith("/$ref")}
    written = {f"#/components/{kind}/{name}" for kind, group in DOCUMENT["components"].items() for name in group}
    assert written == references


def test_operation_ids_differ():
    ids = [value for path, value in everything(DOCUMENT["paths"]) if path.endswith("/operationId")]
    assert len(ids) == len(set(ids)) == len(DOCUMENT["paths"])


def test_no_key_is_written_twice():
    def refuse(loader, node):
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), node.start_mark
        return loader.construct_mapping(node, deep=True)

    strict = type("Strict", (yaml.SafeLoader,), {})
    strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, refuse)
    assert yaml.load(openapi_file().read_text("utf-8"), strict) == DOCUMENT


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_schema_is_a_schema(name):
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_object_says_whether_it_is_open(name):
    for path, value in everything(DOCUMENT["components"]["schemas"][name]):
        if isinstance(value, dict) and "object" in str(value.get("type", "")) and "/examples" not in path:
            assert "additionalProperties" in value, path


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_example_fits_its_schema(name):
    def check(pointer):
        for example in at_pointer(pointer).get("examples", ()):
            assert faults(schema_at(pointer), example) == []
        for inner in at_pointer(pointer).get("properties", {}):
            check(f"{pointer}/properties/{step(inner)}")

    check(f"#/components/schemas/{name}")


def test_the_example_of_an_error_fits_its_schema():
    example = DOCUMENT["components"]["responses"]["BadRequest"]["content"]["application/json"]["example"]
    assert faults(component("OperationOutcome"), example) == []


# --- answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/cds-services", "/health/live", "/health/ready", "/openapi.yaml"])
def test_what_can_be_fetched_is_as_documented(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert_as_documented(answer, path, "get")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_served_document_is_this_one(client):
    assert client.get("/openapi.yaml").get_data() == openapi_file().read_bytes()
    # an installed package carries its own copy
    assert openapi_file().read_bytes() == (Path(__file__).parent.parent / "openapi.yaml").read_bytes()


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("newborn", NEWBORNS)
def test_order_select_answers_as_documented(client, newborn, explain):
    call = order_select_call(NEWBORNS[newborn], **({EXPLAIN: True} if explain else {}))
    answer = client.post(ORDER_SELECT, json=call)
    assert faults(component("OrderSelectRequest"), call) == []
    assert answer.status_code == 200
    assert_as_documented(answer, CALL, "post")
    assert answer.get_json()["cards"]
    assert ("extension" in answer.get_json()) is explain


@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("newborn", NEWBORNS)
def test_patient_view_answers_as_documented(client, newborn, explain):
    call = patient_view_call(NEWBORNS[newborn], **({EXPLAIN: True} if explain else {}))
    answer = client.post(PATIENT_VIEW, json=call)
    assert faults(component("PatientViewRequest"), call) == []
    assert answer.status_code == 200
    assert_as_documented(answer, CALL, "post")
    assert ("extension" in answer.get_json()) is explain


def test_the_newborns_reach_every_kind_of_answer(client):
    cards, records = [], []
    for given in NEWBORNS.values():
        for address, call in ((ORDER_SELECT, order_select_call), (PATIENT_VIEW, patient_view_call)):
            answer = client.post(address, json=call(given, **{EXPLAIN: True})).get_json()
            cards.append(answer["cards"])
            records += answer["extension"][DECISIONS]
    sent = [card for group in cards for card in group]
    actions = [action for card in sent for one in card.get("suggestions", ()) for action in one["actions"]]
    assert [] in cards
    assert {card["indicator"] for card in sent} == {"info", "warning", "critical"}
    assert {card.get("selectionBehavior") for card in sent} == {None, "at-most-one", "any"}
    assert {action["type"] for action in actions} == {"create", "update"}
    assert any(DECISIONS in card.get("extension", {}) for card in sent)
    assert any(one.get("isRecommended") for card in sent for one in card.get("suggestions", ()))
    assert {record["verdict"] for record in records} >= {
        "recommended",
        "consider",
        "not-yet",
        "not-indicated",
        "needs-information",
        "out-of-scope",
        "no-sign",
    }
    properties = set(DOCUMENT["components"]["schemas"]["DecisionRecord"]["properties"])
    assert {key for record in records for key in record} == properties
    for key, name in (("facts", "Fact"), ("criteria", "Criterion"), ("lines", "Line"), ("doubts", "Doubt")):
        members = {member for record in records for one in record.get(key, ()) for member in one}
        assert members == set(DOCUMENT["components"]["schemas"][name]["properties"])
    doses = {name for record in records for name in record.get("dose", ())}
    assert doses == set(DOCUMENT["components"]["schemas"]["Dose"]["properties"])


def with_another_order_selected(call):
    other = {**draft_order(), "id": "other", "medicationCodeableConcept": {"text": "Ampicillin"}}
    call["context"]["draftOrders"]["entry"].append({"resource": other})
    call["context"]["selections"] = ["MedicationRequest/other"]


def with_an_unreadable_order(call):
    draft = call["context"]["draftOrders"]["entry"][0]["resource"]
    del draft["medicationCodeableConcept"]
    draft["medicationReference"] = {"reference": "Medication/elsewhere"}


def with_a_draft_that_is_not_valid(call):
    call["context"]["draftOrders"]["entry"][0]["resource"]["status"] = "no such status"


def with_a_full_draft(call):
    call["context"]["draftOrders"]["entry"][0]["resource"] |= {
        "identifier": [{"system": "urn:example", "value": "1"}],
        "dosageInstruction": {"text": "as written", "doseAndRate": {"doseQuantity": {"value": 1, "unit": "g"}}},
        "dispenseRequest": {"quantity": {"value": 1.5, "unit": "g"}},
        "note": [{"text": "<b>from the record</b>"}],
    }


# Calls that the service must take, and how many cards they get.
TAKEN = {
    "another order is selected": (with_another_order_selected, 0),
    "the order cannot be read": (with_an_unreadable_order, 1),
    "the selected order is not among the drafts": (lambda call: call["context"].update(selections=["x"]), 2),
    "no drafts": (lambda call: call["context"].pop("draftOrders"), 1),
    "nothing is drafted or selected": (lambda call: call["context"].update(selections=[], draftOrders={}), 0),
    "the draft is not valid": (with_a_draft_that_is_not_valid, 2),
    "the draft holds more": (with_a_full_draft, 2),
    "the patient was sent as null": (lambda call: call["prefetch"].update(patient=None), 1),
    "a Bundle was sent as null": (lambda call: call["prefetch"].update(conditions=None), 2),
    "another patient was sent": (lambda call: call["prefetch"]["patient"].update(id="other"), 1),
    "an error came in place of data": (
        lambda call: call["prefetch"].update(bilirubin={"resourceType": "OperationOutcome"}),
        1,
    ),
    "unknown members": (lambda call: call.update(more={"a": None}, extension={**call["extension"], "x.y": 1}), 2),
    "access to a FHIR server": (
        lambda call: call.update(
            fhirServer="https://ehr.example/fhir",
            fhirAuthorization={
                "access_token": "example",
                "token_type": "Bearer",
                "expires_in": 300,
                "scope": "patient/*.read",
                "subject": "example",
            },
        ),
        2,
    ),
}


@pytest.mark.parametrize("name", TAKEN)
def test_other_calls_are_taken_and_answered_as_documented(client, name):
    change, cards = TAKEN[name]
    call = changed(change)
    answer = client.post(ORDER_SELECT, json=call)
    assert faults(component("OrderSelectRequest"), call) == []
    assert answer.status_code == 200
    assert_as_documented(answer, CALL, "post")
    assert len(answer.get_json()["cards"]) == cards


REFUSED = {
    "no hook": lambda call: call.pop("hook"),
    "another hook": lambda call: call.update(hook="patient-view"),
    "no hookInstance": lambda call: call.pop("hookInstance"),
    "a blank hookInstance": lambda call: call.update(hookInstance=" "),
    "no context": lambda call: call.pop("context"),
    "a context that is a list": lambda call: call.update(context=[]),
    "no userId": lambda call: call["context"].pop("userId"),
    "no patientId": lambda call: call["context"].pop("patientId"),
    "a patientId that is a number": lambda call: call["context"].update(patientId=1),
    "a patientId that is an address": lambda call: call["context"].update(patientId="https://ehr.example/Patient/1"),
    "no selections": lambda call: call["context"].pop("selections"),
    "selections that are numbers": lambda call: call["context"].update(selections=[1]),
    "drafts that are a list": lambda call: call["context"].update(draftOrders=[]),
    "prefetch that is a list": lambda call: call.update(prefetch=[]),
    "an extension that is text": lambda call: call.update(extension="x"),
    "a token without a server": lambda call: call.update(fhirAuthorization={}),
    "a server that is a number": lambda call: call.update(fhirServer=1),
    "an as-of without an offset": lambda call: call["extension"].update({AS_OF: "2026-11-20T12:00:00"}),
    "an as-of that is a date": lambda call: call["extension"].update({AS_OF: "2026-11-20"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_request_schema_refuses_is_answered_with_400(client, name):
    call = changed(REFUSED[name])
    assert faults(component("OrderSelectRequest"), call) != []
    answer = client.post(ORDER_SELECT, json=call)
    assert answer.status_code == 400
    assert_as_documented(answer, CALL, "post")


def test_a_call_without_the_patient_is_answered_with_412(client):
    answer = client.post(ORDER_SELECT, json=order_select_call({**ISOIMMUNE, "not_sent": ["patient"]}))
    assert answer.status_code == 412
    assert_as_documented(answer, CALL, "post")


@pytest.mark.parametrize(
    ("address", "body", "kind", "status"),
    [
        (ORDER_SELECT, b"{", "application/json", 400),
        (ORDER_SELECT, b"", "application/json", 400),
        (ORDER_SELECT, b"[]", "application/json", 400),
        (ORDER_SELECT, b'{"hook": NaN}', "application/json", 400),
        (ORDER_SELECT, b'"\xff"', "application/json", 400),
        (ORDER_SELECT, b"[" * 5000, "application/json", 400),
        (PREFIX + "no-such-service", b"{}", "application/json", 404),
        (PREFIX, b"{}", "application/json", 404),
        (ORDER_SELECT, b" " * (LARGEST_BODY + 1), "application/json", 413),
        (ORDER_SELECT, b"{}", "text/plain", 415),
        (ORDER_SELECT, b"{}", None, 415),
    ],
)
def test_errors_of_a_call_are_as_documented(client, address, body, kind, status):
    answer = client.post(address, data=body, content_type=kind)
    assert answer.status_code == status
    assert_as_documented(answer, CALL, "post")


def test_a_compressed_body_is_answered_with_415(client):
    answer = client.post(
        ORDER_SELECT, data=b"{}", content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 415
    assert_as_documented(answer, CALL, "post")


@pytest.mark.parametrize("path", ["/cds-services", "/health/live", "/health/ready", "/openapi.yaml"])
def test_another_method_is_answered_with_405(client, path):
    answer = client.post(path, json={})
    assert answer.status_code == 405
    assert_as_documented(answer, path, "get")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_at_a_service_is_refused_as_documented(client, method):
    answer = client.open(ORDER_SELECT, method=method)
    assert answer.status_code in (404, 405)
    assert_as_documented(answer, CALL, "post")


def test_an_unknown_address_is_answered_with_an_outcome(client):
    answer = client.get("/no-such-address")
    assert answer.status_code == 404
    assert faults(component("OperationOutcome"), answer.get_json()) == []


# --- the schemas can refuse -----------------------------------------------------------------------


def first(answer):
    return answer["cards"][0]


def decision(answer):
    return first(answer)["extension"][DECISION]


def order(answer):
    return first(answer)["suggestions"][0]["actions"][0]["resource"]


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
        ("Ready", {"status": "ok", "site": "demo", "knowledge_version": "1", "software_version": "0.1.0"}),
        ("Live", {"status": "down"}),
    ],
)
def test_another_body_that_breaks_a_rule_is_refused(name, value):
    assert faults(component(name), value) != []
