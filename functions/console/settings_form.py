"""What the forms of settings share: where each mistake belongs, who was first, a secret that a form gets once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from functions.console.session import Visitor, visitor_of
from greenroom.domain.access import Permission
from greenroom.domain.errors import Conflict, GreenroomError, Invalid
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.adapters.database import Transaction
    from greenroom.adapters.database.catalogue_versions import VersionedKind
    from greenroom.runtime.function import Function

T = TypeVar("T")
PLACES = (
    (Permission.CATALOGUE_READ, "/console/settings/templates"),
    (Permission.WEBHOOKS_READ, "/console/settings/webhooks"),
    (Permission.KEYS_READ, "/console/settings/keys"),
)
INVALID_VALUE = "invalid_value"


def settings_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/settings``: the first subject that the visitor's role may read."""
    visitor = visitor_of(request)
    return Response.redirect(next(path for permission, path in PLACES if visitor.may(permission)))


def again_if_lost(save: Callable[[], T]) -> T:
    """What `save` gives. Where somebody else kept the same row meanwhile it runs anew, and sees what they kept."""
    try:
        return save()
    except Conflict as error:
        if error.code != "database_conflict":
            raise
    return save()


@contextmanager
def nobody_between(
    tx: Transaction, kind: VersionedKind, document_id: str, *, code: str
) -> Iterator[None]:
    """Read and save one document within, and nobody else has saved it in between.

    On PostgreSQL two may read the same, or that nothing is there, and the second to save waits for the first, whose
    words would then be gone unseen. Raises `Conflict` (`code`), which undoes the transaction.
    """
    before = _saved(tx, kind, document_id)
    yield
    if _saved(tx, kind, document_id) > before + 1:
        raise Conflict("somebody has saved it meanwhile", code=code)


def _saved(tx: Transaction, kind: VersionedKind, document_id: str) -> int:
    versions = tx.catalogue.versions.of(kind, document_id)
    return versions[0].number if versions else 0


def new_once() -> str:
    """For a hidden field of a form that makes a secret: the same form sent twice makes the same one."""
    return secrets.token_urlsafe(16)


def once_of(form: dict[str, str], visitor: Visitor, what: str) -> tuple[str, ...]:
    """Who asks for what, in which copy of the form. Raises `Invalid` (`invalid_form`) without its hidden field."""
    once = form.get("once", "")
    if not 16 <= len(once) <= 64:
        raise Invalid("the form lacks its hidden field", code="invalid_form")
    return (visitor.id, what, once)


def problems_of(error: GreenroomError, fields: dict[str, str]) -> dict[str, str]:
    """Each field of the form that is wrong, with a code to say why; "" is the form as a whole.

    `fields` says where a code belongs. A document's own errors name their field.
    """
    if error.code != "invalid_document":
        return {fields.get(error.code, ""): error.code}
    found = [str(item["at"]).partition(".")[0] for item in error.fields["errors"]]
    return dict.fromkeys(found, INVALID_VALUE)
