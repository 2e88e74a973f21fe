"""The S3-compatible object store, as this product uses it, with every error mapped to ours.

Checksums that S3-compatibles do not know are switched off (`when_required`): integrity is our own
SHA-256 manifest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import boto3
import botocore.session
from boto3.exceptions import Boto3Error, S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.utils import parse_timestamp

from greenroom.adapters.direct_requests import DirectRequests
from greenroom.adapters.object_versions import Held, held, remove
from greenroom.adapters.store_abilities import Ability, tried
from greenroom.adapters.store_encryption import Encryption
from greenroom.adapters.trace_context import outgoing
from greenroom.clock import Clock, now_utc
from greenroom.domain.errors import Forbidden, GreenroomError, NotFound, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

MULTIPART_BYTES = 16 * 2**20
LONGEST_S = 12 * 3600
"""What is signed for longer, in seconds, is not signed: who finds a link a day later finds a dead one."""
MAX_CONNECTIONS = 32
"""Kept to the store: one for each thread of the HTTP host, which would else throw connections away under load."""
_TRANSFER = TransferConfig(
    multipart_threshold=MULTIPART_BYTES, multipart_chunksize=MULTIPART_BYTES, max_concurrency=4
)
_MISSING = {"404", "NoSuchKey", "NotFound", "NoSuchBucket"}
_DENIED = {"403", "AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId"}


@dataclass(frozen=True)
class ObjectInfo:
    """An object without its bytes. `size` in bytes; `modified` in UTC."""

    key: str
    size: int
    etag: str
    modified: dt.datetime


@dataclass(frozen=True)
class UploadPolicy:
    """A presigned POST for every object below `key_prefix`.

    `fields` go into the form before the file, with `key` and `Content-Type` added by the sender.
    """

    url: str
    fields: dict[str, str]
    key_prefix: str
    content_type_prefix: str
    expires_at: dt.datetime
    max_bytes: int


@dataclass(frozen=True)
class NotificationRule:
    """Objects created below `prefix` and ending with `suffix` are announced to `queue_arn` (a queue's or a topic's)."""

    queue_arn: str
    prefix: str
    suffix: str


class ByteStream(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...
    def close(self) -> None: ...


class ObjectStore:
    """One bucket; without keys, by the credentials that the process was given (its role).

    With `encryption` the store is asked for it with everything that is written, by us and by browsers.
    Raises `NotFound` (`no_such_object`), `Forbidden`, `Unavailable`.
    """

    def __init__(
        self,
        *,
        bucket: str,
        endpoint: str | None,
        access_key: str | None,
        secret_key: str | None,
        region: str = "us-east-1",
        public_endpoint: str | None = None,
        encryption: Encryption | None = None,
        clock: Clock = now_utc,
    ) -> None:
        self.bucket = bucket
        self._sealed: dict[str, Any] = {} if encryption is None else encryption.parameters()
        self._sealed_form = {} if encryption is None else encryption.fields()
        self._clock = clock
        core = botocore.session.Session()
        session = _session(core, access_key, secret_key, region)
        self._client = _client(session, endpoint)
        self._direct = (
            DirectRequests(
                endpoint=endpoint,
                bucket=bucket,
                access_key=access_key,
                secret_key=secret_key,
                region=region,
                authority=core.get_config_variable("ca_bundle"),
            )
            if endpoint and access_key and secret_key
            else None
        )
        self._public = (
            _client(session, public_endpoint)
            if public_endpoint and public_endpoint != endpoint
            else self._client
        )

    def put(self, key: str, body: bytes, content_type: str = "application/json") -> None:
        """The trace that is at work stands in the object's metadata: whoever the object calls goes on with it."""
        metadata = outgoing()
        if self._direct is not None and self._direct.write(
            key, body, content_type, metadata, self._sealed_form
        ):
            return
        with _mapped(key):
            self._client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                Metadata=metadata,
                **self._sealed,
            )

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        """Upload a file; above 16 MiB in multipart pieces, several at a time."""
        with _mapped(key):
            self._client.upload_file(
                str(path),
                self.bucket,
                key,
                ExtraArgs={
                    "ContentType": content_type,
                    "Metadata": outgoing(),
                    **self._sealed,
                },
                Config=_TRANSFER,
            )

    def get(self, key: str) -> bytes:
        with _mapped(key):
            return self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def read(self, key: str, *, at_most: int) -> bytes:
        """The object's first `at_most` bytes. A connection that breaks off is an error, never a short answer."""
        direct = self._direct.read(key, at_most) if self._direct is not None else None
        if direct is not None:
            return direct
        with _mapped(key):
            found = self._client.get_object(Bucket=self.bucket, Key=key)
            with closing(found["Body"]) as stream:
                body = stream.read(at_most)
        if len(body) != min(found["ContentLength"], at_most):
            raise Unavailable(f"{key} broke off", code="store_unavailable", key=key)
        return body

    @contextmanager
    def open(self, key: str) -> Iterator[ByteStream]:
        """The object's bytes as a stream; memory stays flat. Errors while reading are mapped too."""
        with _mapped(key):
            body = self._client.get_object(Bucket=self.bucket, Key=key)["Body"]
            try:
                yield body
            finally:
                body.close()

    def download(self, key: str, path: Path) -> None:
        with _mapped(key):
            self._client.download_file(self.bucket, key, str(path), Config=_TRANSFER)

    def head(self, key: str) -> ObjectInfo | None:
        """The object's description, None where there is none."""
        try:
            with _mapped(key):
                found = self._client.head_object(Bucket=self.bucket, Key=key)
        except NotFound:
            return None
        return ObjectInfo(
            key, found["ContentLength"], found["ETag"].strip('"'), found["LastModified"]
        )

    def metadata(self, key: str) -> dict[str, str]:
        """What was said of the object when it was written; empty where it is gone."""
        try:
            with _mapped(key):
                return self._client.head_object(Bucket=self.bucket, Key=key)["Metadata"]
        except NotFound:
            return {}

    def encryption(self, key: str) -> str | None:
        """By what the store says that the object rests encrypted (`AES256`, `aws:kms`), None where it says nothing."""
        with _mapped(key):
            found: Any = self._client.head_object(Bucket=self.bucket, Key=key)
        told: str | None = found.get("ServerSideEncryption")
        return told

    def listing(self, prefix: str) -> Iterator[ObjectInfo]:
        """All objects below `prefix`, by key."""
        with _mapped(prefix):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    yield ObjectInfo(
                        item["Key"], item["Size"], item["ETag"].strip('"'), item["LastModified"]
                    )

    def delete(self, key: str, *, every_version: bool = False) -> None:
        """Where the bucket keeps versions, earlier ones can be brought back unless `every_version` goes."""
        if every_version:
            self._remove_versions(key, but_latest=False)
            return
        with _mapped(key):
            self._client.delete_object(Bucket=self.bucket, Key=key)

    def delete_earlier(self, key: str) -> None:
        """Remove every version of an object but the one that is read now."""
        self._remove_versions(key, but_latest=True)

    def _remove_versions(self, key: str, *, but_latest: bool) -> None:
        for item in list(self.held(key)):
            if item.key == key and not (but_latest and item.latest):
                self.remove(item)

    def held(self, prefix: str) -> Iterator[Held]:
        """Every version, delete marker and unfinished upload below `prefix`."""
        with _mapped(prefix):
            yield from held(self._client, self.bucket, prefix)

    def remove(self, item: Held) -> None:
        """Remove it for good: nothing of it can be brought back from this store."""
        with _mapped(item.key):
            remove(self._client, self.bucket, item)

    def abilities(self, prefix: str) -> Iterator[Ability]:
        """What this product needs of a store, tried below `prefix`, where what was written is left."""
        yield from tried(self._client, self.bucket, prefix, self._sealed)

    def upload_policy(
        self, prefix: str, *, expires_s: int, max_bytes: int, content_type_prefix: str
    ) -> UploadPolicy:
        """One signature for all parts below `prefix`: size, type and expiry are the store's to enforce.

        Raises ValueError when it is to be good for more than `LONGEST_S`.
        """
        signed = self._public.generate_presigned_post(
            self.bucket,
            prefix + "${filename}",
            Fields=dict(self._sealed_form),
            Conditions=[
                ["content-length-range", 1, max_bytes],
                ["starts-with", "$Content-Type", content_type_prefix],
                *({name: value} for name, value in self._sealed_form.items()),
            ],
            ExpiresIn=_bounded(expires_s),
        )
        fields = {name: value for name, value in signed["fields"].items() if name != "key"}
        expires_at = self._clock() + dt.timedelta(seconds=expires_s)
        return UploadPolicy(
            signed["url"], fields, prefix, content_type_prefix, expires_at, max_bytes
        )

    def download_url(self, key: str, *, expires_s: int) -> str:
        """A presigned GET on the public endpoint. Raises ValueError as `upload_policy` does."""
        url: str = self._public.generate_presigned_url(
            "get_object",
            Params={"Bucket": self.bucket, "Key": key},
            ExpiresIn=_bounded(expires_s),
        )
        return url

    def ensure_bucket(self, *, cors_origins: list[str], rules: list[NotificationRule]) -> None:
        """Create the bucket if need be; set CORS for browser uploads and the notifications."""
        with _mapped(self.bucket):
            try:
                self._client.head_bucket(Bucket=self.bucket)
            except ClientError:
                self._client.create_bucket(Bucket=self.bucket)
            self._client.put_bucket_cors(
                Bucket=self.bucket,
                CORSConfiguration={
                    "CORSRules": [
                        {
                            "AllowedOrigins": cors_origins,
                            "AllowedMethods": ["GET", "POST", "HEAD"],
                            "AllowedHeaders": ["*"],
                            "ExposeHeaders": ["ETag"],
                            "MaxAgeSeconds": 3600,
                        }
                    ]
                },
            )
            self._client.put_bucket_notification_configuration(
                Bucket=self.bucket,
                NotificationConfiguration=_announcements(rules),
            )

    def notification_rules(self) -> list[NotificationRule]:
        """Which new objects the bucket announces, to queues and to topics."""
        with _mapped(self.bucket):
            found: Any = self._client.get_bucket_notification_configuration(Bucket=self.bucket)
        kinds = ("QueueConfigurations", "TopicConfigurations")
        return [_rule(rule) for kind in kinds for rule in found.get(kind, [])]


def _bounded(expires_s: int) -> int:
    if not 0 < expires_s <= LONGEST_S:
        raise ValueError(f"a link is signed for 1 to {LONGEST_S} s, not for {expires_s}")
    return expires_s


def _rule(found: Any) -> NotificationRule:
    filters = found.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    # Ceph writes the names in lower case, AWS with a capital.
    values = {item["Name"].lower(): item["Value"] for item in filters}
    arn = found.get("QueueArn") or found.get("TopicArn", "")
    return NotificationRule(arn, values.get("prefix", ""), values.get("suffix", ""))


def _announcements(rules: list[NotificationRule]) -> Any:
    found: dict[str, list[Any]] = {}
    for number, rule in enumerate(rules):
        to_topic = rule.queue_arn.startswith("arn:aws:sns:")
        kind, arn = ("Topic", "TopicArn") if to_topic else ("Queue", "QueueArn")
        filters = [
            {"Name": "prefix", "Value": rule.prefix},
            {"Name": "suffix", "Value": rule.suffix},
        ]
        found.setdefault(f"{kind}Configurations", []).append(
            {
                "Id": f"announcement-{number}",  # Ceph wants one
                arn: rule.queue_arn,
                "Events": ["s3:ObjectCreated:*"],
                "Filter": {"Key": {"FilterRules": filters}},
            }
        )
    return found


def _session(
    core: botocore.session.Session, access_key: str | None, secret_key: str | None, region: str
) -> boto3.session.Session:
    # botocore's own guesses at the format of each time: two thirds of reading a listing.
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
    return boto3.session.Session(
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name=region,
        botocore_session=core,
    )


def _moment(text: Any) -> dt.datetime:
    """A time as stores write it in XML; any other form is left to botocore."""
    with suppress(TypeError, ValueError):
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment
    found: dt.datetime = parse_timestamp(text)
    return found


def _client(session: boto3.session.Session, endpoint: str | None) -> S3Client:
    client: S3Client = session.client(
        "s3",
        endpoint_url=endpoint,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"mode": "standard", "max_attempts": 4},
            connect_timeout=5,
            read_timeout=60,
            max_pool_connections=MAX_CONNECTIONS,
        ),
    )
    return client


@contextmanager
def _mapped(key: str) -> Iterator[None]:
    """boto's exceptions become ours."""
    try:
        yield
    except ClientError as error:
        raise _from_client_error(error, key) from error
    except (BotoCoreError, S3UploadFailedError, Boto3Error) as error:
        raise Unavailable(f"object store: {error}", code="store_unavailable", key=key) from error


def _from_client_error(error: ClientError, key: str) -> GreenroomError:
    # Ceph's answers may lack the Error member.
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _MISSING or status == 404:
        return NotFound(f"no object {key}", code="no_such_object", key=key)
    if code in _DENIED or status == 403:
        return Forbidden(f"object store refuses {key}: {code}", code="store_denied", key=key)
    return Unavailable(
        f"object store: {code or status} for {key}", code="store_unavailable", key=key
    )
