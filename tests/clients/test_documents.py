"""What hospitals read about clients agrees with what is done; and with authentication off no token is looked at."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.clients.cause import Cause
from cds_service.clients.claims import LEEWAY, LONGEST_JTI, LONGEST_LIFE
from cds_service.clients.entries import _Entry
from cds_service.clients.keys import PATIENCE, REST, WAITING
from cds_service.clients.table import load_clients
from cds_service.clients.token import LONGEST, REFUSED_MEMBERS
from cds_service.knowledge.files import PACKAGE
from cds_service.settings import Settings
from tests.clients.tokens import PATH, Signer, key_set
from tests.hooks.calls import order_call

DOCS = PACKAGE.parent.parent / "docs"
EXAMPLE = DOCS / "clients.example.toml"
GUIDE = (DOCS / "clients.md").read_text("utf-8")


def example(folder: Path, text: str) -> Path:
    """The example with the key files that it names, which a hospital would bring."""
    for name in re.findall(r'jwks_file += "(.+?)"', text):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(key_set(Signer().jwk()))
    path = folder / "clients.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_example_loads(tmp_path: Path) -> None:
    clients = load_clients(example(tmp_path, EXAMPLE.read_text("utf-8")), demo=False)
    assert [one.name for one in clients.listed] == ["ehr-1", "ehr-2", "north", "south", "typed-in", "mutual"]


def test_the_example_of_the_sandbox_loads_in_a_demo(tmp_path: Path) -> None:
    _, mark, rest = EXAMPLE.read_text("utf-8").partition("# [[client]]\n")
    text = (mark + rest).replace("# ", "")
    assert load_clients(example(tmp_path, text), demo=True).listed[0].name == "sandbox"


@pytest.mark.parametrize("key", list(_Entry.model_fields))
def test_every_key_is_in_the_guide_and_the_example(key: str) -> None:
    assert f"`{key}`" in GUIDE
    assert re.search(rf"^{key} +=", EXAMPLE.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_is_in_the_guide(cause: Cause) -> None:
    assert f"`{cause}`" in GUIDE.partition("## What a refused client sees")[2]


def test_the_figures_of_the_guide_are_those_that_hold() -> None:
    assert f"at most {LONGEST:,} characters" in GUIDE
    assert f"differ by {LEEWAY} s" in GUIDE
    assert f"1 to {LONGEST_JTI} printable" in GUIDE
    assert f"at most every {REST:g} seconds" in GUIDE
    assert f"waits {PATIENCE:g} s for it at most, and {WAITING} calls" in GUIDE
    assert LONGEST_LIFE == 3600, "the guide says an hour"
    assert all(f"`{name}`" in GUIDE for name in REFUSED_MEMBERS)


@pytest.fixture(scope="module")
def open_service() -> FlaskClient:
    return create_app(Settings(auth="off", accept_as_of=True, _env_file=None)).test_client()


@pytest.mark.parametrize("authorization", [Signer().bearer(), "Bearer nonsense", "Basic abc", "é"])
def test_without_authentication_a_token_breaks_nothing(open_service: FlaskClient, authorization: str) -> None:
    client = open_service
    sent = {"Authorization": authorization}
    assert client.get("/cds-services", headers=sent).status_code == 200
    call = orjson.dumps(order_call())
    assert client.post(PATH, data=call, content_type="application/json", headers=sent).status_code == 200
