"""What this product needs of an S3-compatible store beside reading and writing, each tried on the store itself.

A store may answer 200 to what it does not do (Ceph 16 to `x-amz-server-side-encryption: AES256`): what counts is
what is read back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from greenroom.adapters.object_versions import held

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_BODY = b"knock, knock"
_Asked = Mapping[str, Any]
"""How the product asks for encryption with all that it writes, as boto3 takes it; empty where it asks for none."""
_Trial = Callable[["S3Client", str, str, _Asked], str | None]


@dataclass(frozen=True)
class Ability:
    """`lack` says what is missing, None where nothing is. Without one that is `needed` recordings are lost or stay."""

    name: str
    needed: bool
    lack: str | None


def tried(client: S3Client, bucket: str, prefix: str, asked: _Asked) -> Iterator[Ability]:
    """Each ability in turn; a call that the store refuses is a lack, told by its code.

    Encryption is needed where it is `asked` for: a store that passes over the wish keeps in clear what nobody thinks
    it does.
    """
    for name, (needed, trial) in TRIALS.items():
        try:
            lack = trial(client, bucket, f"{prefix}{name}", asked)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            lack = str(error.response.get("Error", {}).get("Code") or status)
        except BotoCoreError as error:
            lack = type(error).__name__
        yield Ability(name, needed or (name == "encryption" and bool(asked)), lack)


def _multipart(client: S3Client, bucket: str, key: str, asked: _Asked) -> str | None:
    """Recordings above 16 MiB are written in pieces."""
    upload = client.create_multipart_upload(Bucket=bucket, Key=key, **asked)["UploadId"]
    try:
        piece = client.upload_part(
            Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=_BODY
        )
        client.complete_multipart_upload(
            Bucket=bucket,
            Key=key,
            UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": piece["ETag"]}]},
        )
    except ClientError:
        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
        raise
    read = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    return None if read == _BODY else "NotWhatWasWritten"


def _metadata(client: S3Client, bucket: str, key: str, _asked: _Asked) -> str | None:
    """The trace goes from stage to stage in what is said of an object."""
    client.put_object(Bucket=bucket, Key=key, Body=_BODY, Metadata={"traceparent": "00-1"})
    told = client.head_object(Bucket=bucket, Key=key)["Metadata"]
    return None if told.get("traceparent") == "00-1" else "MetadataForgotten"


def _erasing(client: S3Client, bucket: str, key: str, _asked: _Asked) -> str | None:
    """Erasure must see every version and every unfinished upload, and remove each for good."""
    client.put_object(Bucket=bucket, Key=key, Body=_BODY)
    upload = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    seen = list(held(client, bucket, key))
    client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
    missing = {"version", "upload"} - {one.kind for one in seen}
    return f"NotListed: {', '.join(sorted(missing))}" if missing else None


def _versioning(client: S3Client, bucket: str, _key: str, _asked: _Asked) -> str | None:
    """What was overwritten or deleted by mistake can be brought back."""
    status = client.get_bucket_versioning(Bucket=bucket).get("Status")
    return None if status == "Enabled" else "NotEnabled"


def _lifecycle(client: S3Client, bucket: str, _key: str, _asked: _Asked) -> str | None:
    """Pieces of uploads that nobody finished take room for ever, unless a rule of the bucket removes them."""
    rules = client.get_bucket_lifecycle_configuration(Bucket=bucket).get("Rules", [])
    if any("AbortIncompleteMultipartUpload" in rule for rule in rules):
        return None
    return "NoRuleForUnfinishedUploads"


def _encryption(client: S3Client, bucket: str, key: str, asked: _Asked) -> str | None:
    """Whether the store encrypts what is put there as the product puts it, and if not, whether it could."""
    client.put_object(Bucket=bucket, Key=key, Body=_BODY, **asked)
    told: Any = client.head_object(Bucket=bucket, Key=key)
    wanted, found = asked.get("ServerSideEncryption"), told.get("ServerSideEncryption")
    if wanted is not None and found != wanted:
        return f"{wanted}Ignored"
    if wanted is not None and asked.get("SSEKMSKeyId") not in (None, told.get("SSEKMSKeyId")):
        return "AnotherKey"
    if found:
        return None
    client.put_object(Bucket=bucket, Key=key, Body=_BODY, ServerSideEncryption="AES256")
    could: Any = client.head_object(Bucket=bucket, Key=key)
    return "NoDefault" if could.get("ServerSideEncryption") else "SSE-S3Ignored"


TRIALS: dict[str, tuple[bool, _Trial]] = {
    "multipart": (True, _multipart),
    "metadata": (True, _metadata),
    "erasing": (True, _erasing),
    "versioning": (False, _versioning),
    "lifecycle": (False, _lifecycle),
    "encryption": (False, _encryption),
}
"""By name: whether the product needs it, and how it is tried."""
