"""A browser's form upload, parsed as it arrives: the fields first, then the one file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from greenroom_local.object_store.errors import S3Error

FIELD_BYTES = 20 * 1024
"""All fields before the file together, in bytes: AWS's limit of 20 kB."""


@dataclass(frozen=True)
class FileStart:
    """The file's bytes follow. `fields` have lower-case names; `filename` is what the browser says."""

    fields: dict[str, str]
    filename: str
    content_type: str


class _Callbacks:
    """Collects what the parser finds, for one chunk of the body at a time."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.start: FileStart | None = None
        self.file_data: list[memoryview] = []
        self.file_ended = False
        self.complete = False
        self._headers: dict[bytes, bytes] = {}
        self._header_name = b""
        self._header_value = b""
        self._field_name = ""
        self._value = b""
        self._in_file = False
        self._field_bytes = 0

    def on_part_begin(self) -> None:
        self._headers = {}
        self._value = b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]
        self._count(end - start)

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]
        self._count(end - start)

    def on_header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if b"name" not in options:
            raise S3Error("MalformedPOSTRequest", "a part of the form has no name")
        self._field_name = _text(options[b"name"]).lower()
        # What follows the file is not looked at, as on AWS.
        if self._field_name == "file" and self.start is None:
            self._in_file = True
            self.start = FileStart(
                self.fields,
                _text(options.get(b"filename", b"")),
                _text(self._headers.get(b"content-type", b"")),
            )

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self.file_data.append(memoryview(data)[start:end])
        elif self.start is None:
            self._value += data[start:end]
            self._count(end - start)

    def on_part_end(self) -> None:
        if self._in_file:
            self._in_file = False
            self.file_ended = True
        elif self.start is None:
            if self._field_name in self.fields:
                raise S3Error("MalformedPOSTRequest", f"the field {self._field_name} comes twice")
            self.fields[self._field_name] = _text(self._value)

    def on_end(self) -> None:
        self.complete = True

    def _count(self, size: int) -> None:
        self._field_bytes += size
        if self.start is None and self._field_bytes > FIELD_BYTES:
            raise S3Error("MalformedPOSTRequest", f"more than {FIELD_BYTES} bytes before the file")


async def parse_form(
    content_type: str, body: AsyncIterator[bytes]
) -> AsyncGenerator[FileStart | memoryview, None]:
    """Yields one FileStart, then the file's bytes in pieces; memory stays flat.

    Raises S3Error `MalformedPOSTRequest` for a body that is no such form, or ends before its end.
    """
    found = _Callbacks()
    parser = MultipartParser(
        _boundary(content_type),
        {
            "on_part_begin": found.on_part_begin,
            "on_header_field": found.on_header_field,
            "on_header_value": found.on_header_value,
            "on_header_end": found.on_header_end,
            "on_headers_finished": found.on_headers_finished,
            "on_part_data": found.on_part_data,
            "on_part_end": found.on_part_end,
            "on_end": found.on_end,
        },
    )
    announced = False
    async for chunk in body:
        try:
            parser.write(chunk)
        except MultipartParseError as error:
            raise S3Error("MalformedPOSTRequest", str(error)) from error
        if found.start is not None and not announced:
            announced = True
            yield found.start
        for data in found.file_data:
            yield data
        found.file_data.clear()
    if not found.complete or not found.file_ended:
        raise S3Error("MalformedPOSTRequest", "the form is incomplete or has no file")


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type.encode("latin-1", "replace"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise S3Error("MalformedPOSTRequest", "expected multipart/form-data")
    return options[b"boundary"]


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise S3Error("MalformedPOSTRequest", "a field is not UTF-8") from error
