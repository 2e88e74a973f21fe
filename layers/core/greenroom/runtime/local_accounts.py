"""Accounts of this machine's own: made and reset by an admin in the console, or by the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from greenroom.adapters.database import NewUser
from greenroom.domain.access import Role
from greenroom.domain.batch import Email
from greenroom.domain.errors import Forbidden, Invalid
from greenroom.domain.ids import new_id
from greenroom.domain.model import Slug
from greenroom.runtime.passwords import hashed, new_password

if TYPE_CHECKING:
    from greenroom.adapters.database import Transaction, UserRow

_LOGIN: TypeAdapter[str] = TypeAdapter(Slug)
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


def new_account(
    login: str, name: str, email: str, role: Role, password: str | None = None
) -> tuple[NewUser, str]:
    """A user to add and the password to hand over, a random one unless it is given.

    Raises `Invalid`: `login_invalid`, `email_invalid`, `name_missing`, `password_short`, `password_long`.
    """
    for adapter, value, what in ((_LOGIN, login, "login"), (_EMAIL, email, "email")):
        try:
            adapter.validate_python(value.strip())
        except ValidationError as error:
            raise Invalid(f"{value[:100]!r} is no {what}", code=f"{what}_invalid") from error
    if not 0 < len(name.strip()) <= 200:
        raise Invalid("a name of 1 to 200 characters", code="name_missing")
    password = password or new_password()
    user = NewUser(
        id=new_id("usr"),
        name=name.strip(),
        email=email.strip(),
        role=role,
        login=login.strip(),
        password_hash=hashed(password),
    )
    return user, password


def reset_account(tx: Transaction, user: UserRow) -> str:
    """A new password, no authenticator app, no lock, no session; the password to hand over.

    Raises `Forbidden` (`account_elsewhere`) for an account of an identity provider.
    """
    if not user.is_local:
        raise Forbidden("the identity provider keeps this account", code="account_elsewhere")
    password = new_password()
    tx.users.set_password(user.id, hashed(password))
    tx.users.set_second_factor(user.id, None)
    return password
