"""Browser uploads: a policy is the only permission, and every word of it counts."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from typing import Any

import httpx
import pytest

from tests.platform.signing import Form, altered_policy, now, signed_form
from tests.platform.stores import Store

PREFIX = "uploads/interview/answer/1/camera/"
CONDITIONS = [
    ["content-length-range", 10, 1000],
    ["starts-with", "$Content-Type", "video/"],
]
BODY = b"0123456789" * 10


def form_for(store: Store, bucket: str, **options: Any) -> Form:
    return signed_form(
        store, bucket, PREFIX, CONDITIONS, **{"Content_Type": "video/webm", **options}
    )


@pytest.fixture
def form(store: Store, bucket: str) -> Form:
    return form_for(store, bucket)


def refused(
    answer: httpx.Response, s3: Any, bucket: str, status: int = 403, code: str = ""
) -> None:
    assert answer.status_code == status, answer.text
    assert code in answer.text
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_many_parts_with_one_signature(s3: Any, bucket: str, form: Form) -> None:
    for number in range(3):
        answer = form.send(BODY + bytes([number]), key=f"{PREFIX}0/{number}")
        assert answer.status_code == 204, answer.text
        assert answer.content == b""
    for number in range(3):
        got = s3.get_object(Bucket=bucket, Key=f"{PREFIX}0/{number}")
        assert got["Body"].read() == BODY + bytes([number])
        assert got["ContentType"] == "video/webm"


def test_the_etag_is_the_objects(store: Store, s3: Any, bucket: str, form: Form) -> None:
    """Ceph and moto send none: nobody may rely on it."""
    answer = form.send(BODY)
    assert answer.is_success
    assert store.name != "pocket" or "etag" in answer.headers
    if "etag" in answer.headers:
        assert answer.headers["etag"] == s3.head_object(Bucket=bucket, Key=f"{PREFIX}one")["ETag"]


def test_what_boto_signs(store: Store, s3: Any, bucket: str) -> None:
    signed = s3.generate_presigned_post(
        bucket, PREFIX + "${filename}", Conditions=CONDITIONS, ExpiresIn=60
    )
    fields = {**signed["fields"], "Content-Type": "video/webm;codecs=vp8,opus"}
    assert Form(signed["url"], fields).send(BODY, filename="7.webm").status_code == 204
    assert s3.get_object(Bucket=bucket, Key=f"{PREFIX}7.webm")["Body"].read() == BODY


def test_201_tells_the_object_when_asked(store: Store, bucket: str) -> None:
    store.needs("form")
    condition = {"success_action_status": "201"}
    form = signed_form(store, bucket, PREFIX, [condition])
    form.fields["success_action_status"] = "201"
    answer = form.send(BODY)
    assert answer.status_code == 201
    assert f"<Key>{PREFIX}one</Key>" in answer.text


def test_metadata_in_the_form(store: Store, s3: Any, bucket: str) -> None:
    form = signed_form(
        store, bucket, PREFIX, [["starts-with", "$x-amz-meta-part", ""]], x_amz_meta_part="7"
    )
    assert form.send(BODY).status_code == 204
    assert s3.head_object(Bucket=bucket, Key=f"{PREFIX}one")["Metadata"] == {"part": "7"}


def test_a_larger_body_than_one_buffer(store: Store, s3: Any, bucket: str) -> None:
    # The file holds what looks like the form's own boundary, at every distance from a buffer's end.
    boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
    file = (f"\r\n--{boundary[:-1]}\r\n".encode() + bytes(range(256))) * 9000
    form = signed_form(store, bucket, PREFIX)
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form.fields.items()
    )
    head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    content = head.encode() + file + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = httpx.post(form.url, content=content, headers=headers, timeout=30)
    assert answer.status_code == 204, answer.text
    got = s3.get_object(Bucket=bucket, Key=f"{PREFIX}one")["Body"].read()
    assert hashlib.sha256(got).digest() == hashlib.sha256(file).digest()


@pytest.mark.parametrize(
    ("size", "code"), [(1001, "EntityTooLarge"), (300_000, "EntityTooLarge"), (9, "EntityTooSmall")]
)
def test_the_size_is_bounded(
    store: Store, s3: Any, bucket: str, form: Form, size: int, code: str
) -> None:
    store.needs("policies")
    refused(form.send(b"x" * size), s3, bucket, 400, f"<Code>{code}</Code>")


@pytest.mark.parametrize("size", [10, 1000])
def test_the_bounds_themselves_are_allowed(form: Form, size: int) -> None:
    assert form.send(b"x" * size).status_code == 204


@pytest.mark.parametrize(
    "key", ["uploads/interview/answer/2/camera/0", "x", PREFIX[:-1], "/" + PREFIX, "reports/x"]
)
def test_another_prefix(store: Store, s3: Any, bucket: str, form: Form, key: str) -> None:
    store.needs("policies")
    refused(form.send(BODY, key=key), s3, bucket)


def test_dots_do_not_climb(store: Store, s3: Any, bucket: str, form: Form) -> None:
    """A key is text, not a path: `..` in it means nothing."""
    key = PREFIX + "../../../../reports/x"
    form.send(BODY, key=key)
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="reports")
    assert listed["KeyCount"] == 0


@pytest.mark.parametrize("kind", ["text/html", "Video/webm", None])
def test_another_type(store: Store, s3: Any, bucket: str, form: Form, kind: str | None) -> None:
    store.needs("policies")
    refused(form.send(BODY, Content_Type=kind), s3, bucket)


def test_an_undeclared_field(store: Store, s3: Any, bucket: str, form: Form) -> None:
    store.needs("policies")
    refused(form.send(BODY, x_amz_meta_extra="1"), s3, bucket)
    refused(form.send(BODY, acl="public-read"), s3, bucket)


def test_ignored_fields_are_allowed(form: Form) -> None:
    assert form.send(BODY, x_ignore_this="1").status_code == 204


def test_an_expired_policy(store: Store, s3: Any, bucket: str) -> None:
    store.needs("policies")
    stale = form_for(store, bucket, expires=now() - dt.timedelta(seconds=5))
    refused(stale.send(BODY), s3, bucket)


def test_an_altered_policy(store: Store, s3: Any, bucket: str, form: Form) -> None:
    store.needs("signatures")

    def later(policy: dict[str, Any]) -> None:
        policy["expiration"] = "2099-01-01T00:00:00Z"

    def wider(policy: dict[str, Any]) -> None:
        policy["conditions"][1][2] = ""

    for change in (later, wider):
        refused(form.send(BODY, policy=altered_policy(form, change)), s3, bucket)


def test_a_policy_that_is_none(store: Store, s3: Any, bucket: str, form: Form) -> None:
    store.needs("signatures")
    for policy in ("", "%%%", base64.b64encode(b"[]").decode(), base64.b64encode(b"{").decode()):
        answer = form.send(BODY, policy=policy)
        assert answer.status_code in {400, 403}
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_signature_of_another_key(store: Store, s3: Any, bucket: str) -> None:
    store.needs("signatures")
    refused(form_for(store, bucket, secret_key="wrong" * 8).send(BODY), s3, bucket)
    refused(form_for(store, bucket, access_key="UNKNOWNKEY00").send(BODY), s3, bucket)


def test_an_altered_signature(store: Store, s3: Any, bucket: str, form: Form) -> None:
    store.needs("signatures")
    signature = form.fields["x-amz-signature"]
    spoilt = ("0" if signature[0] != "0" else "1") + signature[1:]
    refused(form.send(BODY, x_amz_signature=spoilt), s3, bucket)


@pytest.mark.parametrize("name", ["policy", "x-amz-signature", "x-amz-credential"])
def test_an_unsigned_form(store: Store, s3: Any, bucket: str, form: Form, name: str) -> None:
    store.needs("signatures")
    answer = form.send(BODY, **{name.replace("-", "_"): None})
    assert answer.status_code in {400, 403}
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_policy_for_another_bucket(store: Store, s3: Any, bucket: str, form: Form) -> None:
    store.needs("policies")
    other = f"{bucket}-other"
    s3.create_bucket(Bucket=other)
    form.url = f"{store.url}/{other}"
    refused(form.send(BODY), s3, other)
    if store.name == "endpoint":
        s3.delete_bucket(Bucket=other)


def test_a_form_cut_short(store: Store, s3: Any, bucket: str, form: Form) -> None:
    store.needs("whole forms")
    request = httpx.Request(
        "POST", form.url, data=form.fields, files={"file": ("x", BODY, "video/webm")}
    )
    whole = request.read()
    headers = {"Content-Type": request.headers["content-type"]}
    answer = httpx.post(form.url, content=whole[:-60], headers=headers)
    refused(answer, s3, bucket, 400)


def test_a_form_without_a_file(store: Store, s3: Any, bucket: str, form: Form) -> None:
    store.needs("form")
    files = {name: (None, value) for name, value in form.fields.items()}
    answer = httpx.post(form.url, files=files)  # type: ignore[arg-type]
    refused(answer, s3, bucket, 400)


def test_no_form_at_all(store: Store, s3: Any, bucket: str) -> None:
    store.needs("form")
    answer = httpx.post(f"{store.url}/{bucket}", content=b"x=1")
    assert 400 <= answer.status_code < 500
