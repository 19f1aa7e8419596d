"""The service that the document is about."""

import pytest

from cds_service.app import create_app
from cds_service.settings import Settings
from tests.openapi.documented import EXPLAIN, ISOIMMUNE, ORDER_SELECT, order_select_call


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
