"""Everything that a bucket holds below a prefix: every version, every delete marker, every unfinished upload."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

Kind = Literal["version", "delete_marker", "upload"]


@dataclass(frozen=True)
class Held:
    """One thing below a prefix; `id` is its version's or upload's, `size` in bytes (0 of what has none).

    `latest`: this version is the object as it reads now.
    """

    kind: Kind
    key: str
    id: str
    size: int
    latest: bool


def held(client: S3Client, bucket: str, prefix: str) -> Iterator[Held]:
    """What rests below `prefix`. Where the bucket has no versioning, each object is its only version."""
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Versions", []):
            yield Held("version", one["Key"], one["VersionId"], one["Size"], one["IsLatest"])
        for marker in page.get("DeleteMarkers", []):
            yield Held("delete_marker", marker["Key"], marker["VersionId"], 0, latest=False)
    uploads = client.get_paginator("list_multipart_uploads")
    for listed in uploads.paginate(Bucket=bucket, Prefix=prefix):
        for upload in listed.get("Uploads", []):
            yield Held("upload", upload["Key"], upload["UploadId"], 0, latest=False)


def remove(client: S3Client, bucket: str, item: Held) -> None:
    """Remove one version for good, without leaving a delete marker; give up one upload."""
    if item.kind != "upload":
        client.delete_object(Bucket=bucket, Key=item.key, VersionId=item.id)
        return
    try:
        client.abort_multipart_upload(Bucket=bucket, Key=item.key, UploadId=item.id)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NoSuchUpload":
            raise  # otherwise it was completed or given up since it was listed
