"""The document, its schemas, and calls to hold against them."""

from functools import cache
from urllib.parse import quote

import yaml
from jsonschema_rs import Draft202012Validator

from cds_service.app import openapi_file
from cds_service.review.babies import order_select

DOCUMENT = yaml.safe_load(openapi_file().read_text("utf-8"))
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}

CALL = "/cds-services/{id}"
FEEDBACK = f"{CALL}/feedback"
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
        "not_sent": ["bilirubin", "laboratory", "measurements", "conditions", "procedures", "ivig_orders"]
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
    """A compiled validator: fast enough to hold every reply of every test against the document."""
    return Draft202012Validator({**DOCUMENT, "$ref": quote(pointer, safe="#/~")}, validate_formats=True)


def component(name):
    return schema_at(f"#/components/schemas/{name}")


def faults(schema, value):
    if schema.is_valid(value):
        return []
    return [f"{'/'.join(map(str, fault.instance_path))}: {fault.message[:300]}" for fault in schema.iter_errors(value)]


def assert_as_documented(answer, path, method):
    pointer = f"#/paths/{step(path)}/{method}/responses/{answer.status_code}"
    pointer = at_pointer(pointer).get("$ref", pointer)
    for name in at_pointer(pointer).get("headers", {}):
        header = f"{pointer}/headers/{name}"
        header = at_pointer(header).get("$ref", header)
        if name in answer.headers or at_pointer(header).get("required"):
            assert faults(schema_at(f"{header}/schema"), answer.headers.get(name)) == []
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
