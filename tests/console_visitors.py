"""People who are signed in to the console, for tests: a user of any role with a session and its forms' token."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from greenroom.adapters.database import Database, NewUser
from greenroom.clock import now_utc
from greenroom.domain.access import Role
from greenroom.domain.ids import new_id
from greenroom.runtime.tokens import derived
from tests.seeded import TOKEN_KEY

CHEAP = PasswordHasher.from_parameters(CHEAPEST)
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class SignedIn:
    """`cookie` for the Cookie header; `token` is the session's id, as a browser would keep it."""

    user: str
    token: str

    @property
    def cookie(self) -> str:
        return f"greenroom_session={self.token}"

    @property
    def csrf(self) -> str:
        return derived(TOKEN_KEY, "form", hashlib.sha256(self.token.encode()).hexdigest())

    def form(self, **fields: str) -> str:
        return urlencode({"csrf": self.csrf, **fields})


def account(
    database: Database,
    role: Role = Role.HR,
    *,
    login: str | None = None,
    email: str | None = None,
    password: str | None = None,
) -> str:
    """An account of this machine; the user's id. Without a `password` nobody can sign in with it.

    Its hash is a cheap one; a hash is checked at its own cost.
    """
    user = NewUser(
        id=new_id("usr"),
        name=f"{role.title()} Zhou",
        email=email or f"{role}@example.com",
        role=role,
        login=login or f"{role}-{secrets.token_hex(4)}",
        password_hash=CHEAP.hash(password) if password else None,
    )
    with database.begin() as tx:
        tx.users.add(user)
    return user.id


def signed_in(database: Database, role: Role = Role.HR, *, email: str | None = None) -> SignedIn:
    """A user with this role and a session of ten hours."""
    visitor = SignedIn(account(database, role, email=email), secrets.token_urlsafe(32))
    digest = hashlib.sha256(visitor.token.encode()).hexdigest()
    with database.begin() as tx:
        tx.sessions.begin(digest, visitor.user, now_utc() + timedelta(hours=10))
    return visitor
