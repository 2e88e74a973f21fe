"""An OpenAI-compatible endpoint on the company's own network, asked for JSON and never believed unchecked."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import TypeVar

import httpx

from greenroom.domain.errors import GreenroomError, Invalid
from greenroom.domain.model import Document

D = TypeVar("D", bound=Document)

MAX_ANSWER_BYTES = 256 * 1024


class LanguageModelFailed(GreenroomError):
    """The endpoint gave nothing that can be used; whoever asked goes on without it.

    `code`: `model_unreachable`, `model_slow`, `model_refused` (a status other than 200), `model_nonsense`
    (not the JSON that was asked for, or too much of it).
    """


class LanguageModel:
    """Chat completions as OpenAI's API, vLLM, llama.cpp and Ollama answer them.

    `url` ends before ``/chat/completions``. `timeout_s` bounds the whole exchange, a dripping answer included.
    Redirects are not followed and no proxy of the environment is used: nothing leaves for another host.
    """

    def __init__(
        self, url: str, model: str, *, api_key: str | None = None, timeout_s: float = 8
    ) -> None:
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout_s = timeout_s

    def ask(self, instruction: str, facts: str, answer: type[D]) -> D:
        """The endpoint's answer as a document. Raises `LanguageModelFailed`.

        `facts` may hold what candidates wrote; it goes as data of its own, apart from the instruction.
        """
        try:
            text = asyncio.run(self._ask(instruction, facts, answer))
        except TimeoutError as error:
            raise _failed("model_slow", f"no answer within {self._timeout_s:g} s") from error
        except httpx.HTTPError as error:
            raise _failed("model_unreachable", type(error).__name__) from error
        try:
            return answer.parse(_without_fence(text))
        except Invalid as error:
            raise _failed("model_nonsense", error.detail) from error

    async def _ask(self, instruction: str, facts: str, answer: type[Document]) -> str:
        schema = {"name": answer.__name__, "schema": answer.model_json_schema()}
        body = {
            "model": self._model,
            "temperature": 0,
            "messages": [
                {"role": "system", "content": instruction},
                {"role": "user", "content": facts},
            ],
            "response_format": {"type": "json_schema", "json_schema": schema},
        }
        async with (
            asyncio.timeout(self._timeout_s),
            httpx.AsyncClient(
                timeout=self._timeout_s, trust_env=False, verify=ssl.create_default_context()
            ) as client,
            client.stream("POST", self._url, json=body, headers=self._headers) as response,
        ):
            received = bytearray()
            async for block in response.aiter_bytes():
                received += block
                if len(received) > MAX_ANSWER_BYTES:
                    raise _failed("model_nonsense", f"more than {MAX_ANSWER_BYTES} bytes")
        if response.status_code != httpx.codes.OK:
            raise _failed("model_refused", f"HTTP {response.status_code}")
        return _content(bytes(received))


def _content(body: bytes) -> str:
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError) as error:
        raise _failed("model_nonsense", "not a chat completion") from error
    if not isinstance(content, str):
        raise _failed("model_nonsense", "no text in the completion")
    return content


def _without_fence(text: str) -> str:
    """Models without a JSON mode like to put their JSON between Markdown fences."""
    text = text.strip()
    if text.startswith("```") and text.endswith("```"):
        return text.removeprefix("```json").removeprefix("```").removesuffix("```")
    return text


def _failed(code: str, detail: str) -> LanguageModelFailed:
    return LanguageModelFailed(f"language model: {detail}", code=code)
