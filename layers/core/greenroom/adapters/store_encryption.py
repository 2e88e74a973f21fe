"""How the store is asked, with each object, to encrypt what is written: for stores whose buckets have no default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

HEADER = "x-amz-server-side-encryption"
KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"


@dataclass(frozen=True)
class Encryption:
    """`algorithm` as S3 names it: AES256 by the store's own keys (SSE-S3), aws:kms by `key_id` of its key manager."""

    algorithm: Literal["AES256", "aws:kms"]
    key_id: str | None = None

    def parameters(self) -> dict[str, Any]:
        """As boto3 takes it."""
        named = {"ServerSideEncryption": self.algorithm, "SSEKMSKeyId": self.key_id}
        return {name: value for name, value in named.items() if value is not None}

    def fields(self) -> dict[str, str]:
        """As headers of a PUT, and as fields of a browser's form."""
        named = {HEADER: self.algorithm, KEY_HEADER: self.key_id}
        return {name: value for name, value in named.items() if value is not None}
