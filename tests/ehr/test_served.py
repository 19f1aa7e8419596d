"""The same shapes through the application as it is served: the edge answers them no other than the judgment does."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.ehr.recorded import NOW, SHAPES, Shape, summed_up
from tests.openapi.documented import CALL, faults, schema_at, step

AS_OF = "org.neonatal-ivig-cds.as-of"
DOCUMENTED = f"#/paths/{step(CALL)}/post/requestBody/content/application~1json/schema"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(Settings(auth="off", accept_as_of=True)).test_client()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_shape_is_answered_as_expected_when_served(client: FlaskClient, shape: Shape) -> None:
    call = {**shape.call, "extension": {**shape.call.get("extension", {}), AS_OF: NOW.isoformat()}}
    found = client.post(
        f"/cds-services/{shape.service}",
        data=json.dumps(call),
        content_type="application/json;charset=UTF-8",
        headers={"Authorization": "Bearer invented.token.here"},  # some clients always send one
    )
    assert found.status_code == shape.expected["status"]
    cards = found.get_json().get("cards", [])
    assert [summed_up(card) for card in cards] == shape.expected.get("card", [])


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_the_document_takes_what_the_service_takes(shape: Shape) -> None:
    """What is answered with cards is a call as openapi.yaml has it; what is refused as malformed is none."""
    assert bool(faults(schema_at(DOCUMENTED), shape.call)) is (shape.expected["status"] == 400)
