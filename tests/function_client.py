"""Calling a function as its host does: HTTP requests as gateway events, objects as queue messages.

What goes through the API is held to OpenAPI on the way.
"""

import base64
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from greenroom.runtime.function import Function
from tests.kept_contracts import hold


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. Header names are lower case."""

    status: int
    headers: dict[str, str]
    text: str
    content: bytes = b""

    def json(self) -> Any:
        return json.loads(self.text)


class FunctionClient:
    """One function, called in this process. `headers` go with every request."""

    def __init__(self, function: Function, **headers: str) -> None:
        self._function = function
        self._headers = headers

    def request(
        self,
        method: str,
        url: str,
        *,
        body: str | bytes = "",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        parts = urlsplit(url)
        resource, params = self._match(method, parts.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        all_headers = {"content-type": "application/json", **self._headers, **(headers or {})}
        event = {
            "resource": resource,
            "path": parts.path,
            "httpMethod": method,
            "headers": all_headers,
            "multiValueHeaders": {name: [value] for name, value in all_headers.items()},
            "queryStringParameters": query or None,
            "multiValueQueryStringParameters": {k: [v] for k, v in query.items()} or None,
            "pathParameters": params,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": resource,
                "path": parts.path,
                "httpMethod": method,
                "requestId": "test",
            },
            "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
            "isBase64Encoded": isinstance(body, bytes),
        }
        answer = self._function(event, None)
        headers = {**answer["headers"]}
        headers.update({k: v[0] for k, v in answer.get("multiValueHeaders", {}).items()})
        lowered = {name.lower(): value for name, value in headers.items()}
        text = answer["body"]
        content = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
        hold(method, url, all_headers, body, answer["statusCode"], lowered, content)
        return Answer(answer["statusCode"], lowered, text, content)

    def get(self, url: str, **headers: str) -> Answer:
        return self.request("GET", url, headers=headers)

    def post(self, url: str, document: Any = None, **headers: str) -> Answer:
        return self.request("POST", url, body=json.dumps(document), headers=headers)

    def put(self, url: str, document: Any = None, **headers: str) -> Answer:
        return self.request("PUT", url, body=json.dumps(document), headers=headers)

    def delete(self, url: str, **headers: str) -> Answer:
        return self.request("DELETE", url, headers=headers)

    def form(self, url: str, fields: str, **headers: str) -> Answer:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.request("POST", url, body=fields, headers={**kind, **headers})

    def objects(self, *keys: str) -> list[int]:
        """Announce objects, one queue message each; the numbers of those to be tried again."""
        records = [
            {
                "messageId": str(number),
                "receiptHandle": "r",
                "attributes": {},
                "body": json.dumps(
                    {
                        "Records": [
                            {
                                "eventSource": "ceph:s3",
                                "eventName": "ObjectCreated:Put",
                                "s3": {"bucket": {"name": "b"}, "object": {"key": key, "size": 1}},
                            }
                        ]
                    }
                ),
            }
            for number, key in enumerate(keys)
        ]
        failed = self._function.objects({"Records": records}, None)["batchItemFailures"]
        return [int(item["itemIdentifier"]) for item in failed]

    def tick(self, name: str) -> None:
        event = {
            "source": "greenroom.schedule",
            "detail": {"name": name},
            "time": "",
            "detail-type": "tick",
            "resources": [],
            "account": "",
            "version": "0",
            "region": "",
            "id": "",
        }
        self._function.schedules[name](event, None)

    def _match(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        for resource, methods in self._function.routes.items():
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", resource)
            found = re.fullmatch(pattern, path)
            if found and method in methods:
                return resource, {name: unquote(value) for name, value in found.groupdict().items()}
        raise LookupError(f"no route for {method} {path}")
