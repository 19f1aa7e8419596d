"""Calls drawn from openapi.yaml, right and wrong ones: never a 5xx, and every answer is one that the document has."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.fuzz.effort import EFFORT, STEADY

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
APP = create_app(Settings(auth="off", accept_as_of=True, site="demo", _env_file=None))
schema = schemathesis.openapi.from_wsgi("/openapi.yaml", APP)


@schema.parametrize()
@settings(max_examples=150 * EFFORT, derandomize=STEADY, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_call_drawn_from_the_document_is_answered_as_documented(case: Case) -> None:
    case.call_and_validate(checks=CHECKS)
