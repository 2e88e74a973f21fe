"""The type of columns that hold what is known of a person: sealed on the way in, opened on the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

if TYPE_CHECKING:
    from greenroom.adapters.vault import Vault

_VAULT = "greenroom_vault"


def install(engine: sa.Engine, vault: Vault) -> None:
    """Texts that go through `engine` are sealed and opened by `vault`."""
    setattr(engine.dialect, _VAULT, vault)  # a dialect belongs to one engine, and types see it


class Sealed(sa.TypeDecorator[str]):
    """A text of the column `place`. It cannot be compared or searched for in SQL: the same text rests differently.

    `longest` is the text's own bound where there is one. PostgreSQL would hold a sealed text, which is longer, to it.
    """

    impl = sa.Text
    cache_ok = True

    def __init__(self, place: str, longest: int | None = None) -> None:
        super().__init__()
        self.place, self.longest = place, longest

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        bounded = self.longest is not None and dialect.name == "sqlite"
        return sa.String(self.longest) if bounded else sa.Text()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        vault: Vault | None = getattr(dialect, _VAULT, None)
        return value if value is None or vault is None else vault.seal(self.place, value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        vault: Vault | None = getattr(dialect, _VAULT, None)
        return value if value is None or vault is None else vault.open(self.place, value)


class SealedQuote(Sealed):
    """What a relay said, with the address that it said it of: cut at 1,000 characters, without what columns refuse."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is not None:
            value = value[:1000].encode(errors="replace").decode().replace("\x00", "\ufffd")
        return super().process_bind_param(value, dialect)
