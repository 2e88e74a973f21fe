"""The XML that S3 speaks: reading what signed clients send, writing what they get."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from greenroom_local.object_store.errors import S3Error

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class Element:
    """A parsed element; names are compared without their namespace."""

    def __init__(self, node: ElementTree.Element) -> None:
        self._node = node
        self.name = node.tag.rpartition("}")[2]

    def children(self, name: str | None = None) -> list[Element]:
        found = [Element(node) for node in self._node]
        return [child for child in found if name in (None, child.name)]

    def texts(self, name: str) -> list[str]:
        return [child.text() for child in self.children(name)]

    def text_of(self, name: str) -> str:
        """The text of the one child `name`. Raises S3Error `MalformedXML` when it is not there once."""
        texts = self.texts(name)
        if len(texts) != 1:
            raise S3Error("MalformedXML", f"{self.name} needs one {name}")
        return texts[0]

    def text(self) -> str:
        return (self._node.text or "").strip()


def parse(body: bytes, root: str) -> Element:
    """Raises S3Error `MalformedXML` unless `body` is a `root` element."""
    try:
        # Only holders of the key get here, and expat bounds the growth of entities.
        element = Element(ElementTree.fromstring(body))  # noqa: S314
    except ElementTree.ParseError as error:
        raise S3Error("MalformedXML", str(error)) from error
    if element.name != root:
        raise S3Error("MalformedXML", f"expected {root}, not {element.name}")
    return element


def write(root: str, members: Iterable[str], *, attributes: str = f'xmlns="{NAMESPACE}"') -> bytes:
    """A document; `members` are already XML (see `tag`)."""
    body = "".join(members)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} {attributes}>{body}</{root}>'.encode()


def tag(name: str, value: str | int | Iterable[str]) -> str:
    """One element: of a text or number (escaped), or of elements (XML already)."""
    inner = escape(str(value)) if isinstance(value, str | int) else "".join(value)
    return f"<{name}>{inner}</{name}>"


def timestamp(milliseconds: int) -> str:
    """ISO 8601 with milliseconds, UTC."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
