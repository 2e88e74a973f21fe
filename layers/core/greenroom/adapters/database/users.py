"""Users of the console: who they are, what they may do, and how often somebody failed to be them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.access_tables import sessions, users
from greenroom.adapters.database.rows import NewUser, UserRow
from greenroom.adapters.database.statements import Repository
from greenroom.domain.access import Role
from greenroom.domain.errors import Conflict, NotFound

FAILURES = 5
"""Failures in a row that lock an account (NIST SP 800-63B allows up to 100)."""
LOCKED_FOR = timedelta(minutes=15)
_FRESH = {"failures": 0, "locked_until": None}


class Users(Repository):
    def add(self, wanted: NewUser) -> None:
        """Raises `Conflict` (`login_taken`)."""
        row = {
            "id": wanted.id,
            "login": wanted.login.lower() if wanted.login else None,
            "issuer": wanted.issuer,
            "subject": wanted.subject,
            "name": wanted.name,
            "email": wanted.email.lower(),
            "role": wanted.role,
            "state": "active",
            "password_hash": wanted.password_hash,
            "totp_step": 0,
            "failures": 0,
            "created_at": self._clock(),
        }
        if not self._inserted(users, row):
            raise Conflict(f"there is a user {wanted.login or wanted.name}", code="login_taken")

    def keep_provided(self, wanted: NewUser) -> bool:
        """Keep what an identity provider says of somebody now; whether the user, or the role, is new.

        Whether the account was disabled here stays as it is.
        """
        found = sa.select(users.c.role).where(users.c.id == wanted.id)
        before = self._connection.scalar(self._held(found))
        if before is None:
            self.add(wanted)
            return True
        said = {"name": wanted.name, "email": wanted.email.lower(), "role": wanted.role}
        self._set(wanted.id, **said)
        return bool(before != wanted.role)

    def get(self, user_id: str) -> UserRow:
        """Raises `NotFound` (`unknown_user`)."""
        return self._one(users.c.id == user_id, user_id)

    def by_login(self, login: str) -> UserRow:
        """Raises `NotFound` (`unknown_user`)."""
        return self._one(users.c.login == login.lower(), login)

    def all(self) -> list[UserRow]:
        """By name."""
        return [_user(row) for row in self._connection.execute(_SELECT.order_by(users.c.name))]

    def names(self, user_ids: Sequence[str]) -> dict[str, str]:
        """The names of those who are there, by id."""
        found = sa.select(users.c.id, users.c.name).where(users.c.id.in_(user_ids))
        return {row.id: row.name for row in self._connection.execute(found)}

    def set_role(self, user_id: str, role: Role) -> None:
        self._set(user_id, role=role)

    def set_state(self, user_id: str, *, disabled: bool) -> None:
        """Whoever is disabled is out at once."""
        self._set(user_id, state="disabled" if disabled else "active")
        if disabled:
            self._end_sessions(user_id)

    def set_password(self, user_id: str, password_hash: str) -> None:
        """A new password ends every session and a lock."""
        self._set(user_id, password_hash=password_hash, **_FRESH)
        self._end_sessions(user_id)

    def set_second_factor(self, user_id: str, sealed_secret: str | None) -> None:
        """The sealed secret of the authenticator app, None to go without."""
        self._set(user_id, totp_secret=sealed_secret, totp_step=0)

    def use_step(self, user_id: str, step: int) -> bool:
        """False when this code, or a later one, was used before (RFC 6238, 5.2)."""
        newer = sa.update(users).where(users.c.id == user_id, users.c.totp_step < step)
        return self._changed(newer.values(totp_step=step))

    def count_attempt(self, user_id: str) -> bool:
        """Count a try before its password or code is looked at, so that many at once gain nothing.

        False while the account is locked. The last try that is allowed locks it, unless `let_in` follows.
        """
        now = self._clock()
        free = sa.or_(users.c.locked_until.is_(None), users.c.locked_until <= now)
        # After a lock has run out the count begins anew.
        tried = sa.case((users.c.locked_until.is_(None), users.c.failures), else_=0) + 1
        until = sa.case((tried >= FAILURES, sa.bindparam("until", now + LOCKED_FOR)), else_=None)
        counting = sa.update(users).where(users.c.id == user_id, free)
        return self._changed(
            counting.values(
                failures=tried, locked_until=sa.type_coerce(until, users.c.locked_until.type)
            )
        )

    def let_in(self, user_id: str) -> None:
        """Somebody has signed in: failures are forgotten."""
        self._set(user_id, signed_in_at=self._clock(), **_FRESH)

    def _set(self, user_id: str, **values: Any) -> None:
        if not self._changed(sa.update(users).where(users.c.id == user_id).values(values)):
            raise NotFound(f"no user {user_id}", code="unknown_user")

    def _end_sessions(self, user_id: str) -> None:
        self._connection.execute(sa.delete(sessions).where(sessions.c.user_id == user_id))

    def _one(self, where: sa.ColumnElement[bool], told: str) -> UserRow:
        row = self._connection.execute(_SELECT.where(where)).first()
        if row is None:
            raise NotFound(f"no user {told[:100]}", code="unknown_user")
        return _user(row)


class Sessions(Repository):
    """Sessions by the SHA-256 of what the cookie holds: who reads this table can enter nothing."""

    def begin(self, sha256: str, user_id: str, expires_at: datetime) -> None:
        now = self._clock()
        row = {
            "sha256": sha256,
            "user_id": user_id,
            "created_at": now,
            "seen_at": now,
            "expires_at": expires_at,
        }
        self._connection.execute(sa.delete(sessions).where(sessions.c.expires_at <= now))
        self._connection.execute(sa.insert(sessions).values(row))

    def user(self, sha256: str, *, idle: timedelta, every: timedelta) -> UserRow | None:
        """Whose session it is; None when it has ended, was idle for too long, or the user is disabled.

        That it was seen is written down again after `every`.
        """
        now = self._clock()
        mine = sa.select(sessions).where(
            sessions.c.sha256 == sha256,
            sessions.c.expires_at > now,
            sessions.c.seen_at > now - idle,
        )
        found = self._connection.execute(mine).first()
        if found is None:
            return None
        if found.seen_at <= now - every:
            seen = sa.update(sessions).where(sessions.c.sha256 == sha256)
            self._connection.execute(seen.values(seen_at=now))
        whose = _SELECT.where(users.c.id == found.user_id, users.c.state == "active")
        row = self._connection.execute(whose).first()
        return _user(row) if row else None

    def end(self, sha256: str) -> None:
        self._connection.execute(sa.delete(sessions).where(sessions.c.sha256 == sha256))

    def end_others(self, user_id: str, sha256: str) -> int:
        """End all sessions of a user but this one; how many."""
        others = sa.delete(sessions).where(
            sessions.c.user_id == user_id, sessions.c.sha256 != sha256
        )
        return self._connection.execute(others).rowcount


_SELECT = sa.select(users)


def _user(row: Any) -> UserRow:
    return UserRow(
        row.id,
        row.login,
        row.issuer,
        row.name,
        row.email,
        Role(row.role),
        row.state,
        row.password_hash,
        row.totp_secret,
        row.locked_until,
        row.created_at,
        row.signed_in_at,
    )
