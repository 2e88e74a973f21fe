"""The company's identity provider, as OpenID Connect Core 1.0 has it: authorization code, PKCE, nonce, JWKS.

Discovery document and keys are fetched at each sign-in, so that nothing here grows old when the provider turns its
keys over.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from greenroom.domain.access import Role
from greenroom.domain.errors import Forbidden, Unauthorized, Unavailable
from greenroom.runtime.tokens import derived

if TYPE_CHECKING:
    from functions.console.settings import ProviderSettings

ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519"]
"""Signatures that only the provider can make; an HMAC with the client's secret is none."""
LEEWAY_S = 60
"""How far the provider's clock may be from ours."""


@dataclass(frozen=True)
class Attempt:
    """One way through the provider. All three values follow from a secret in the browser's cookie, so nothing is
    kept here, and an answer that was started in another browser does not fit."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def of(cls, token_key: str, secret: str) -> Attempt:
        return cls(*(derived(token_key, "provider", part, secret) for part in ("s", "n", "v")))

    @property
    def challenge(self) -> str:
        """RFC 7636, S256."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True)
class Person:
    """Who somebody is by the provider's word."""

    issuer: str
    subject: str
    name: str
    email: str
    role: Role


class Provider:
    """`redirect_uri` is where the browser comes back to. Each call may raise `Unavailable` (`provider_unavailable`)."""

    def __init__(self, settings: ProviderSettings, redirect_uri: str) -> None:
        self._settings = settings
        self._redirect_uri = redirect_uri

    def address(self, attempt: Attempt) -> str:
        """Where to send the browser."""
        with self._http() as http:
            metadata = self._discover(http)
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self._settings.scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        endpoint = metadata["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def person(self, code: str, issuer: str | None, attempt: Attempt, now: datetime) -> Person:
        """Trade the code for an ID token and read it. `issuer` is the answer's `iss`, where it had one (RFC 9207).

        Raises `Unauthorized` (`provider_refused`, `id_token_invalid`), `Forbidden` (`role_missing`).
        """
        with self._http() as http:
            metadata = self._discover(http)
            promised = metadata.get("authorization_response_iss_parameter_supported", False)
            if (issuer is not None or promised) and issuer != self._settings.issuer:
                raise Unauthorized("the answer is another provider's", code="provider_refused")
            id_token = self._trade(http, metadata["token_endpoint"], code, attempt)
            keys = self._answer(http.get(metadata["jwks_uri"]))
        return self.read(id_token, keys, attempt, now)

    def _trade(self, http: httpx.Client, endpoint: str, code: str, attempt: Attempt) -> str:
        secret = self._settings.client_secret.get_secret_value()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": attempt.verifier,
        }
        # RFC 6749, 2.3.1: id and secret are form-encoded before they become a basic credential.
        who = quote_plus(self._settings.client_id), quote_plus(secret)
        answer = http.post(endpoint, data=form, auth=who)
        if 400 <= answer.status_code < 500:
            raise Unauthorized("the identity provider refused the code", code="provider_refused")
        token = self._answer(answer).get("id_token")
        if not isinstance(token, str):
            raise Unauthorized("the identity provider gave no ID token", code="id_token_invalid")
        return token

    def read(
        self, id_token: str, keys: Mapping[str, Any], attempt: Attempt, now: datetime
    ) -> Person:
        """Who an ID token speaks of, checked as OpenID Connect Core 1.0, 3.1.3.7 asks; `keys` is the provider's JWKS.

        Raises `Unauthorized` (`id_token_invalid`), `Forbidden` (`email_missing`, `role_missing`).
        """
        client = self._settings.client_id
        try:
            token = jwt.decode(id_token, KeySet.import_key_set(dict(keys)), ALGORITHMS)  # type: ignore[arg-type]
            jwt.JWTClaimsRegistry(
                now=int(now.timestamp()),
                leeway=LEEWAY_S,
                iss={"essential": True, "value": self._settings.issuer},
                aud={"essential": True, "value": client},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": attempt.nonce},
            ).validate(token.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Unauthorized(f"the ID token: {error}", code="id_token_invalid") from error
        claims = token.claims
        if claims.get("azp", client) != client:
            raise Unauthorized("the ID token is another client's", code="id_token_invalid")
        return self._person(claims)

    def _person(self, claims: Mapping[str, Any]) -> Person:
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is False:
            raise Forbidden("the identity provider names no mail address", code="email_missing")
        said = claims.get(self._settings.role_claim)
        values = said if isinstance(said, list) else [said]
        held = {
            self._settings.roles[value]
            for value in values
            if isinstance(value, str) and value in self._settings.roles
        }
        role = next((role for role in Role if role in held), None)
        if role is None:
            raise Forbidden("none of your groups has a role here", code="role_missing")
        name = str(claims.get("name") or email)[:200]
        return Person(claims["iss"], str(claims["sub"])[:255], name, email[:254], role)

    def _discover(self, http: httpx.Client) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0, 4: what is found must speak of the issuer that was asked for."""
        issuer = self._settings.issuer
        found = self._answer(http.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        if found.get("issuer") != issuer:
            raise Unavailable("the identity provider is another one", code="provider_unavailable")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(found.get(name), str):
                raise Unavailable(f"it names no {name}", code="provider_unavailable")
        return found

    @contextmanager
    def _http(self) -> Iterator[httpx.Client]:
        try:
            # The machine's own trust store, where a company keeps its own authority.
            trust = ssl.create_default_context()
            with httpx.Client(timeout=self._settings.timeout_s, verify=trust) as http:
                yield http
        except httpx.HTTPError as error:
            raise Unavailable(
                f"the identity provider: {error}", code="provider_unavailable"
            ) from error

    def _answer(self, response: httpx.Response) -> dict[str, Any]:
        try:
            found = response.raise_for_status().json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Unavailable("the identity provider said no object", code="provider_unavailable")
        return found
