"""What a receiver answers or a template holds breaks one delivery at most, and fills no memory."""

from __future__ import annotations

import tracemalloc

import pytest

from greenroom.adapters.chat_robots import _reader
from greenroom.adapters.payload_template import PayloadTemplate
from greenroom.domain.errors import Invalid

JSON = "application/json"


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
@pytest.mark.parametrize(
    "answer", ['{"errcode":[],"code":[]}', '{"errcode":false,"code":false}', "[" * 100_000, "null"]
)
def test_a_robot_that_answers_nonsense_has_refused(kind: str, answer: str) -> None:
    assert _reader(kind)(answer) is not None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "source",
    [
        "{{ event | tojson(indent=1000000000) }}",
        "{{ event | tojson(2) }}",
        "{% if event %}" * 110 + "1" + "{% endif %}" * 110,
        "{{ event ~ event }}",
    ],
)
def test_what_could_grow_or_cannot_be_compiled_is_refused_when_it_is_saved(source: str) -> None:
    tracemalloc.start()
    with pytest.raises(Invalid):
        PayloadTemplate(source, JSON)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_what_fails_on_some_values_says_so() -> None:
    for separator in (1, None):
        with pytest.raises(Invalid):
            PayloadTemplate("{{ a | join(n) }}", JSON).render({"a": ["b", "c"], "n": separator})


def test_a_value_with_its_quotes_is_json_and_escaped_elsewhere() -> None:
    values = {"a": 'b"\\<&'}
    assert PayloadTemplate("[{{ a | tojson }}]", JSON).render(values) == b'["b\\"\\\\<&"]'
    xml = PayloadTemplate("<a>{{ a | tojson }}</a>", "text/xml").render(values)
    assert b"<&" not in xml
