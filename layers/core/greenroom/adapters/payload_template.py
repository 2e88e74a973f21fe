"""Payload templates that people write for their OA: Jinja2, sandboxed and so small that none can run away.

A template is text, expressions, `if`, and `for` one level deep: no assignment, macro, call, arithmetic or import. So
what it renders is bounded by its length times that of what it is given, and no method of any object is reachable.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from greenroom.domain.errors import Invalid

LARGEST_PAYLOAD = 256 * 1024
"""Bytes of a rendered payload; the thin event has two thousand."""

FILTERS = frozenset(
    {
        "default",
        "first",
        "int",
        "join",
        "last",
        "length",
        "lower",
        "round",
        "tojson",
        "trim",
        "upper",
    }
)
WITH_ARGUMENTS = frozenset({"default", "int", "join", "round"})
ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.For,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.Keyword,
)


class PayloadTemplate:
    """One template for one content type. Raises `Invalid` (`invalid_template`) that names the line.

    In JSON, what an expression gives is written so that it fits inside a string's quotes, numbers, true, false
    and null as they are; `tojson` writes it with its quotes.
    """

    def __init__(self, source: str, content_type: str) -> None:
        self._content_type = content_type
        environment = _Environment(content_type)
        try:
            tree = environment.parse(source)
            _check(tree)
            self._template = environment.from_string(source)
        except TemplateSyntaxError as error:
            raise _invalid(error.lineno, error.message or "not a template") from error
        except (TemplateError, SyntaxError, RecursionError, MemoryError) as error:
            raise _invalid(1, str(error) or "nested too deep") from error

    def render(self, values: Mapping[str, Any]) -> bytes:
        """The payload, UTF-8. Raises `Invalid` (`invalid_template`)."""
        text, size = [], 0
        try:
            for piece in self._template.generate(values):
                size += len(piece.encode())
                if size > LARGEST_PAYLOAD:
                    raise _invalid(_line(None), f"renders more than {LARGEST_PAYLOAD} bytes")
                text.append(piece)
        except (
            TemplateError,
            TypeError,
            ValueError,
            AttributeError,
            ArithmeticError,
            RecursionError,
            MemoryError,
        ) as error:
            raise _invalid(_line(error), str(error)) from error
        rendered = "".join(text)
        if self._content_type == "application/json":
            try:
                json.loads(rendered)
            except ValueError as error:
                raise _invalid(None, f"does not render JSON: {error}") from error
        return rendered.encode()


class _Environment(ImmutableSandboxedEnvironment):
    def __init__(self, content_type: str) -> None:
        super().__init__(
            undefined=StrictUndefined, autoescape=False, finalize=FINALIZERS[content_type]
        )
        self.globals.clear()
        self.filters["join"] = _join
        self.filters["tojson"] = _to_json

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return False  # keys of our documents are reached as items; attributes are Python's own


def _check(tree: nodes.Template) -> None:
    """Raises TemplateSyntaxError."""
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, ALLOWED):
            raise TemplateSyntaxError(f"{type(node).__name__} is not allowed here", node.lineno)
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise TemplateSyntaxError(
                f"the filter {node.name}: only {', '.join(sorted(FILTERS))}", node.lineno
            )
        if (
            isinstance(node, nodes.Filter)
            and node.name not in WITH_ARGUMENTS
            and (node.args or node.kwargs)
        ):
            raise TemplateSyntaxError(f"the filter {node.name} takes no arguments", node.lineno)
        if isinstance(node, nodes.For) and any(True for _ in node.find_all(nodes.For)):
            raise TemplateSyntaxError("a for inside a for", node.lineno)


class _Json(str):
    """A value with its quotes, to be written as it is where JSON is."""

    __slots__ = ()


def _to_json(value: Any) -> _Json:
    """On one line: an indent of the template's choice could fill the memory."""
    return _Json(json.dumps(value, ensure_ascii=False))


def _join(values: Any, separator: str = "") -> str:
    """Of lists alone: joining a text's letters is how a text would grow."""
    if not isinstance(values, list | tuple) or not isinstance(separator, str):
        raise TypeError("join: not a list, or no text between")
    return separator.join(str(value) for value in values)


def _in_json(value: Any) -> Any:
    if isinstance(value, _Json | Undefined):
        return value
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)[1:-1]
    return json.dumps(value, ensure_ascii=False)


def _in_form(value: Any) -> Any:
    if isinstance(value, Undefined):
        return value
    return quote_plus("" if value is None else str(value))


def _in_xml(value: Any) -> Any:
    if isinstance(value, Undefined):
        return value
    return escape("" if value is None else str(value))


FINALIZERS = {
    "application/json": _in_json,
    "application/x-www-form-urlencoded": _in_form,
    "text/xml": _in_xml,
}


def _line(error: BaseException | None) -> int | None:
    """The template's line that an error was raised in; Jinja2 rewrites its tracebacks to say so."""
    if error is None:
        return None
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == "<template>"
    ]
    return lines[-1] if lines else None


def _invalid(line: int | None, what: str) -> Invalid:
    where = f"line {line}: " if line is not None else ""
    return Invalid(f"rest.body: {where}{what}"[:500], code="invalid_template", line=line)
