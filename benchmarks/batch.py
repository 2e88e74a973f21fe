"""A batch of 5,000 candidates over HTTP against writing the same bytes to the same pocket store with boto3.

Ours is the whole request to the real HTTP host: key, parsing, catalogue, the batch's row, the object, the answer.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import boto3
import httpx
from botocore.config import Config

from benchmarks.house import http_host, settled_house
from benchmarks.table import alternate, heading, row
from greenroom.domain.ids import new_id
from tests.invitation_fixtures import batch, candidate
from tests.pocket import ACCESS_KEY, BUCKET, SECRET_KEY

CANDIDATES = 5000
RUNS = 9
RESUME = {"education": "本科", "years_of_experience": 3.5, "keywords": ["零售", "门店管理", "团队"]}


def run() -> dict[str, float]:
    rows = [candidate(number, resume=RESUME) for number in range(CANDIDATES)]
    document = batch(0, candidates=rows, deadline="2099-12-31T18:00:00+08:00")
    body = json.dumps(document, ensure_ascii=False).encode()
    with (
        tempfile.TemporaryDirectory() as folder,
        settled_house(25, Path(folder)) as (pocket, keys),
        http_host(keys) as client,
    ):
        store = boto3.client(
            "s3",
            endpoint_url=pocket.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
            config=Config(request_checksum_calculation="when_required"),
        )

        def put() -> float:
            started = time.perf_counter()
            store.put_object(Bucket=BUCKET, Key=f"floor/{new_id('bat')}.json", Body=body)
            return time.perf_counter() - started

        for _ in range(3):  # both warm
            post(client, body)
            put()
        heading()
        found = alternate(RUNS, ours=lambda: post(client, body), floor=put)
    what = f"{CANDIDATES} candidates, {len(body) / 1e6:.1f} MB"
    ratio = row(what, found["ours"] * 1000, found["floor"] * 1000, "ms", 5)
    return {"batch_5000_vs_put": ratio}


def post(client: httpx.Client, body: bytes) -> float:
    """Seconds until the batch is accepted."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": new_id("key")}
    started = time.perf_counter()
    answer = client.post("/v1/batches", content=body, headers=headers)
    took = time.perf_counter() - started
    assert answer.status_code == 202, answer.text[:500]
    assert answer.json()["accepted"] == CANDIDATES
    return took
