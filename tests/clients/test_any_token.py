"""Whatever is in a token, the answer is a client or a refusal: never another error."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cds_service.clients.gate import Gate
from cds_service.errors import Refused
from tests.clients.conftest import ES384, NOW
from tests.clients.tokens import PATH, good_claims

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=5,
)
TIMES = st.integers(min_value=-(10**20), max_value=10**20) | st.floats(allow_nan=False) | JSON
NAMES = st.sampled_from(["alg", "typ", "kid", "jku", "crit", "b64", "x5t", "cty"]) | st.text(max_size=5)
CLAIMS = {"iss": JSON, "aud": JSON, "jti": JSON, "tenant": JSON, "exp": TIMES, "iat": TIMES, "nbf": TIMES}


def judged(gate: Gate, authorization: str) -> bool:
    try:
        return bool(gate.admit(authorization, PATH))
    except Refused:
        return False


@given(text=st.text(max_size=200), scheme=st.sampled_from(["", "Bearer ", "bearer  "]))
def test_any_text_is_refused(gate: Gate, text: str, scheme: str) -> None:
    assert not judged(gate, scheme + text)


@given(header=st.binary(max_size=60), payload=st.binary(max_size=60))
def test_any_bytes_are_refused(gate: Gate, header: bytes, payload: bytes) -> None:
    assert not judged(gate, f"Bearer {ES384.sign(header, payload)}")


@given(header=st.dictionaries(NAMES, JSON, max_size=3))
def test_any_header_is_judged(gate: Gate, header: dict[str, Any]) -> None:
    admitted = judged(gate, ES384.bearer(header, at=NOW))
    assert admitted or set(header)


@given(claims=st.fixed_dictionaries({}, optional=CLAIMS))
def test_any_claims_are_judged(gate: Gate, claims: dict[str, Any]) -> None:
    admitted = judged(gate, ES384.bearer(at=NOW, **claims))
    given_times = {**good_claims(NOW), **claims}
    assert not admitted or given_times["exp"] - given_times["iat"] <= 3600
