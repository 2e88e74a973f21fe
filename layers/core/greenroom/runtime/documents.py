"""Reading what the pipeline's stages left in the store about an attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from greenroom.domain.errors import NotFound
from greenroom.domain.model import Document

if TYPE_CHECKING:
    from greenroom.adapters.object_store import ObjectStore

D = TypeVar("D", bound=Document)


def stored_document(store: ObjectStore, key: str, model: type[D]) -> D | None:
    """A document of the store, None where the pipeline has not written it yet. Raises `Invalid`, `Unavailable`."""
    try:
        return model.stored(store.get(key), what=key)
    except NotFound:
        return None
