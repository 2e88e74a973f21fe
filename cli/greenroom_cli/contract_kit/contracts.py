"""The shipped contracts as something to check against: HTTP exchanges by OpenAPI, webhooks by AsyncAPI.

OpenAPI 3.1 and AsyncAPI 3 describe bodies in JSON Schema 2020-12, so every check is one of jsonschema's, on a
reference into the document as it lies in ``contracts/``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_Yaml = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's is ten times as fast, where PyYAML was built with it."""

BASE = "https://contracts.greenroom.invalid/"
"""Never fetched: the documents' references to each other are resolved against it."""

FOLDERS = ("openapi", "asyncapi", "schemas", "examples")
ASYNCAPI = "asyncapi/greenroom.json"
MOST_SAID = 3
"""Breaches that are named per document; what is wrong in one place is often wrong in hundreds."""


@dataclass(frozen=True)
class Exchange:
    """One HTTP request with its answer. Header names are lower case; bodies are bytes as they travelled."""

    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def named(self) -> str:
        return f"{self.method} {urlsplit(self.url).path} → {self.status}"


@dataclass(frozen=True)
class Operation:
    """One method of one path; `pointer` is where it stands, `document` its file."""

    document: str
    path: str
    method: str
    pattern: re.Pattern[str] = field(repr=False)

    @property
    def pointer(self) -> str:
        return f"#/paths/{_escaped(self.path)}/{self.method}"


class Contracts:
    """The documents below `folder`, by default those that come with this installation.

    All checks answer the breaches in words, nothing when there is none.
    """

    def __init__(self, folder: Traversable | None = None) -> None:
        root = folder or resources.files("contracts")
        self._bytes = {
            f"{name}/{file.name}": file.read_bytes()
            for name in FOLDERS
            for file in sorted(root.joinpath(name).iterdir(), key=lambda file: file.name)
            if file.is_file()
        }
        self._documents = {
            path: yaml.load(content, _Yaml) if path.endswith(".yaml") else json.loads(content)  # noqa: S506
            for path, content in self._bytes.items()
        }
        self._registry: Registry[Any] = Registry().with_resources(
            (urljoin(BASE, path), DRAFT202012.create_resource(document))
            for path, document in self._documents.items()
            if not path.startswith("examples/")
        )
        self._validators: dict[str, Draft202012Validator] = {}

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of every file, in hex."""
        return {path: hashlib.sha256(content).hexdigest() for path, content in self._bytes.items()}

    @property
    def digest(self) -> str:
        """One SHA-256 over all of them: ``sha256sum`` lines in the order of their paths."""
        lines = (f"{digest}  {path}\n" for path, digest in sorted(self.digests.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def versions(self) -> dict[str, str]:
        """`info.version` of each API document."""
        return {
            path: document["info"]["version"]
            for path, document in self._documents.items()
            if path.startswith(("openapi/", "asyncapi/"))
        }

    @cached_property
    def event_types(self) -> dict[str, str]:
        """Every type of webhook, and where its message stands."""
        channel = self._documents[ASYNCAPI]["channels"]["webhooks"]
        messages = self._documents[ASYNCAPI]["components"]["messages"]
        keys = (message["$ref"].rpartition("/")[2] for message in channel["messages"].values())
        return {messages[key]["name"]: f"#/components/messages/{key}" for key in keys}

    def example(self, name: str) -> Any:
        """A golden example, e.g. ``sync.event``; the caller's own copy."""
        return json.loads(self._bytes[f"examples/{name}.json"])

    def operation(self, method: str, url: str) -> Operation | None:
        """The operation that `url` names; of two the one with fewer parameters in its path."""
        path = urlsplit(url).path
        fitting = [
            one
            for one in self._operations
            if one.method == method.lower() and one.pattern.fullmatch(path)
        ]
        return min(fitting, key=lambda one: one.path.count("{"), default=None)

    def exchange(self, exchange: Exchange) -> list[str]:
        """The answer must be one that the contract names; a request that was accepted must fit it too."""
        operation = self.operation(exchange.method, exchange.url)
        if operation is None:
            return [f"{exchange.method} {urlsplit(exchange.url).path} is in no contract"]
        found = self._response(operation, exchange)
        if exchange.status < 400:
            found += self.request(operation, exchange)
        return found

    def request(self, operation: Operation, exchange: Exchange) -> list[str]:
        """Parameters and body."""
        found = list(self._parameters(operation, exchange))
        wanted = self._at(operation.document, operation.pointer).get("requestBody")
        if wanted is None:
            return found
        if not exchange.request_body.strip():
            return found + ["the body is missing"] * bool(wanted.get("required"))
        at = f"{operation.pointer}/requestBody"
        kind = exchange.request_headers.get("content-type", "")
        return found + self._body(operation.document, at, kind, exchange.request_body)

    def event(self, event: Any) -> list[str]:
        """A webhook's body against the message of its type."""
        kind = event.get("type") if isinstance(event, dict) else None
        if kind not in self.event_types:
            return [f"{kind!r} is no type of event"]
        return self._check(ASYNCAPI, f"{self.event_types[kind]}/payload", event)

    def _response(self, operation: Operation, exchange: Exchange) -> list[str]:
        answers = self._at(operation.document, operation.pointer)["responses"]
        if str(exchange.status) not in answers:
            return [f"status {exchange.status} is not among {', '.join(sorted(answers))}"]
        at = f"{operation.pointer}/responses/{exchange.status}"
        if not exchange.body and "content" not in self._at(operation.document, at):
            return []
        kind = exchange.headers.get("content-type", "")
        return self._body(operation.document, at, kind, exchange.body)

    def _body(self, document: str, at: str, content_type: str, body: bytes) -> list[str]:
        kind = content_type.partition(";")[0].strip().lower()
        place, owner = self._followed(document, at)
        content = owner.get("content", {})
        if kind not in content:
            return [f"content type {kind or 'none'} is not among {', '.join(content) or 'none'}"]
        try:
            value = json.loads(body) if kind.endswith("json") else body.decode(errors="replace")
        except ValueError as error:
            return [f"the body is no JSON: {error}"]
        return self._check(document, f"{place}/content/{_escaped(kind)}/schema", value)

    def _parameters(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        parts = urlsplit(exchange.url)
        in_path = operation.pattern.fullmatch(parts.path)
        given: dict[str, dict[str, str]] = {
            "path": {} if in_path is None else {k: unquote(v) for k, v in _named(in_path)},
            "query": dict(parse_qsl(parts.query, keep_blank_values=True)),
            "header": dict(exchange.request_headers),
        }
        for place, wanted in self._declared(operation):
            name = wanted["name"].lower() if wanted["in"] == "header" else wanted["name"]
            value = given.get(wanted["in"], {}).get(name)
            if value is None:
                if wanted.get("required"):
                    yield f"the parameter {wanted['name']} is missing"
                continue
            read = _read(value, wanted["schema"].get("type"))
            for breach in self._check(operation.document, f"{place}/schema", read):
                yield f"parameter {wanted['name']}: {breach}"

    def _declared(self, operation: Operation) -> Iterator[tuple[str, Any]]:
        path = operation.pointer.rpartition("/")[0]
        for owner in (path, operation.pointer):
            count = len(self._at(operation.document, owner).get("parameters", []))
            for number in range(count):
                yield self._followed(operation.document, f"{owner}/parameters/{number}")

    @cached_property
    def _operations(self) -> list[Operation]:
        return [
            Operation(document, path, method, _pattern(path))
            for document, content in self._documents.items()
            if document.startswith("openapi/")
            for path, item in content["paths"].items()
            for method in item
            if method in {"get", "put", "post", "delete", "patch"}
        ]

    def _check(self, document: str, pointer: str, value: Any) -> list[str]:
        reference = urljoin(BASE, document) + pointer
        validator = self._validators.get(reference)
        if validator is None:
            checker = Draft202012Validator.FORMAT_CHECKER
            schema = {"$ref": reference}
            validator = Draft202012Validator(
                schema, registry=self._registry, format_checker=checker
            )
            self._validators[reference] = validator
        found = []
        for error in validator.iter_errors(value):
            found.append(f"{error.json_path}: {error.message[:300]}")
            if len(found) == MOST_SAID:
                break
        return found

    def _at(self, document: str, pointer: str) -> Any:
        resolver = self._registry.resolver(urljoin(BASE, document))
        return resolver.lookup(pointer).contents

    def _followed(self, document: str, pointer: str) -> tuple[str, Any]:
        """What stands at `pointer` or where it refers to (within the same document), and its place."""
        found = self._at(document, pointer)
        if "$ref" in found:
            return found["$ref"], self._at(document, found["$ref"])
        return pointer, found


@cache
def shipped() -> Contracts:
    """The contracts of this installation, read once."""
    return Contracts()


def _escaped(name: str) -> str:
    """One step of a JSON pointer within a URI's fragment."""
    return name.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _pattern(path: str) -> re.Pattern[str]:
    """A path template as a regular expression with a group for each parameter."""
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def _named(match: re.Match[str]) -> list[tuple[str, str]]:
    return list(match.groupdict().items())


def _read(value: str, kind: object) -> object:
    """A parameter's text as the schema's type; as it is when it cannot be read so, which the schema then refuses."""
    if kind == "integer" and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    return value
