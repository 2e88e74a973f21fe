"""POST policies: what a browser form may upload, as its signer laid down.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from greenroom_local.object_store.errors import S3Error

UNDECLARED = {"x-amz-signature", "policy", "file"}
"""Fields that no condition needs to name; besides these, only x-ignore-*."""


@dataclass(frozen=True)
class Policy:
    """`equal` and `prefixes` by lower-case field name; sizes in bytes."""

    expires: datetime
    equal: list[tuple[str, str]] = field(default_factory=list)
    prefixes: list[tuple[str, str]] = field(default_factory=list)
    smallest: int = 0
    largest: int | None = None

    def check_fields(self, fields: dict[str, str], now: datetime) -> None:
        """Raises S3Error `AccessDenied` (403) unless every field is declared and every condition holds."""
        if now >= self.expires:
            raise S3Error("AccessDenied", "the policy has expired")
        declared = {name for name, _ in [*self.equal, *self.prefixes]}
        if not {"bucket", "key"} <= declared:
            raise S3Error("AccessDenied", "the policy must name the bucket and the key")
        for name in fields:
            if name not in declared | UNDECLARED and not name.startswith("x-ignore-"):
                raise S3Error("AccessDenied", f"the policy does not declare the field {name}")
        for name, value in self.equal:
            if fields.get(name, "") != value:
                raise S3Error("AccessDenied", f"the field {name} is not what the policy demands")
        for name, prefix in self.prefixes:
            if not fields.get(name, "").startswith(prefix):
                raise S3Error("AccessDenied", f"the field {name} does not start as demanded")

    def check_largest(self, size: int) -> None:
        """Raises S3Error `EntityTooLarge` (400) as soon as too many bytes have come."""
        if self.largest is not None and size > self.largest:
            raise S3Error("EntityTooLarge", f"the policy allows {self.largest} bytes")

    def check_smallest(self, size: int) -> None:
        """Raises S3Error `EntityTooSmall` (400) when all have come and they are too few."""
        if size < self.smallest:
            raise S3Error("EntityTooSmall", f"the policy demands {self.smallest} bytes")


@lru_cache(maxsize=1024)
def parse_policy(encoded: str) -> Policy:
    """Read a policy, base64 as in the form. Raises S3Error `AccessDenied` for what is none.

    The signature is checked before: a policy that does not parse was signed so by ourselves.
    """
    try:
        document = json.loads(base64.b64decode(encoded, validate=True))
        expires = datetime.fromisoformat(document["expiration"])
        if expires.tzinfo is None:
            expires = expires.replace(tzinfo=UTC)
        equal: list[tuple[str, str]] = []
        prefixes: list[tuple[str, str]] = []
        smallest, largest = 0, None
        for condition in document["conditions"]:
            match _normal(condition):
                case ["content-length-range", low, high]:
                    smallest, largest = int(low), int(high)
                case ["eq", name, value]:
                    equal.append((_field(name), str(value)))
                case ["starts-with", name, value]:
                    prefixes.append((_field(name), str(value)))
                case other:
                    raise ValueError(f"unknown condition {other!r}")
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise S3Error("AccessDenied", f"invalid policy: {error}") from error
    return Policy(expires, equal, prefixes, smallest, largest)


def _normal(condition: Any) -> list[Any]:
    """{"field": value} is ["eq", "$field", value]; operators are case-insensitive."""
    if isinstance(condition, dict):
        ((name, value),) = condition.items()
        return ["eq", f"${name}", value]
    operator, *rest = condition
    return [str(operator).lower(), *rest]


def _field(name: str) -> str:
    if not name.startswith("$"):
        raise ValueError(f"a field is named with a $: {name}")
    return name[1:].lower()
