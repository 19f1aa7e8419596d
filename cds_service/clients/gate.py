"""Admits a call by its client's token, or refuses it with one error for every cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry, validate_compact

from cds_service.clients.cause import Cause
from cds_service.clients.certificate import is_certificate
from cds_service.clients.claims import check_claims
from cds_service.clients.keys import KeyStore
from cds_service.clients.replay import Replays, Seen
from cds_service.clients.table import Client, Clients
from cds_service.clients.token import Token, read_token
from cds_service.errors import Refused


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who asks. Issuer, tenant and jti may be logged; the token may not."""

    client: Client
    issuer: str
    tenant: str | None
    jti: str


class Gate:
    """Built once for a process; safe to use from many threads."""

    def __init__(
        self,
        clients: Clients,
        keys: KeyStore,
        seen: Seen,
        base_url: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        report: Callable[[bool], None] = lambda well: None,
    ) -> None:
        self._clients, self._keys, self._clock = clients, keys, clock
        self._base_url = base_url.rstrip("/")
        self._replays = Replays(seen, report)
        self._registries = {
            one.name: JWSRegistry(algorithms=one.algorithms, strict_check_header=False) for one in clients.listed
        }

    @property
    def degraded(self) -> bool:
        """True while replays are known to this process alone, since the store is gone."""
        return self._replays.degraded

    def admit(self, authorization: str | None, path: str, certificate: str | None = None) -> Admitted:
        """`path` is that of the endpoint called; `certificate` what the proxy in front named. Raises Refused."""
        token = read_token(authorization)
        client = self._client(token)
        try:
            return self._verified(token, client, path, certificate)
        except Refused as refused:
            raise Refused(refused.cause, client.name) from None

    def _client(self, token: Token) -> Client:
        """By issuer, and by tenant where an entry of the issuer names one: no tenant slips into another's entry."""
        issuer, tenant = token.claims.get("iss"), token.claims.get("tenant")
        if issuer is None:
            raise Refused(Cause.CLAIM)
        entries = self._clients.issued_by(issuer) if isinstance(issuer, str) else {}
        if not entries:
            raise Refused(Cause.ISSUER)
        if "tenant" in token.claims and not isinstance(tenant, str):
            raise Refused(Cause.TENANT)
        found = entries.get(None if set(entries) == {None} else tenant)
        if found is None:
            raise Refused(Cause.TENANT)
        return found

    def _verified(self, token: Token, client: Client, path: str, certificate: str | None) -> Admitted:
        if client.certificate is not None and not is_certificate(client.certificate, certificate):
            raise Refused(Cause.CERTIFICATE)
        if token.algorithm not in client.algorithms:
            raise Refused(Cause.ALGORITHM)
        if client.jwks_url is not None and token.jku not in (None, client.jwks_url):
            raise Refused(Cause.HEADER)
        keys = self._keys.find(client, token.kid)
        if not any(self._signed_with(key, token, client) for key in keys):
            raise Refused(Cause.SIGNATURE)
        now = self._clock()
        jti, until = check_claims(token.claims, [self._base_url + path, *client.audiences], now)
        if self._replays.seen(client.issuer, jti, until, now):
            raise Refused(Cause.REPLAYED)
        return Admitted(client, client.issuer, token.claims.get("tenant"), jti)

    def _signed_with(self, key: Key, token: Token, client: Client) -> bool:
        """False too where type, curve or `alg` of the key do not fit the algorithm."""
        try:
            return validate_compact(token.signed, key, registry=self._registries[client.name])
        except (JoseError, ValueError):
            return False
