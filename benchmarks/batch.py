"""A batch of 5,000 candidates over HTTP against writing the same bytes to the same pocket store with boto3.

Ours is the whole request to the real HTTP host: key, parsing, catalogue, the batch's row, the object, the answer.
"""

from __future__ import annotations

import json
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

import boto3
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
        http_host(keys) as url,
    ):
        connection = HTTPConnection(url.host, url.port)
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
            post(connection, keys["batches:write"], body)
            put()
        heading()
        found = alternate(
            RUNS, ours=lambda: post(connection, keys["batches:write"], body), floor=put
        )
    what = f"{CANDIDATES} candidates, {len(body) / 1e6:.1f} MB"
    ratio = row(what, found["ours"] * 1000, found["floor"] * 1000, "ms", 5)
    return {"batch_5000_vs_put": ratio}


def post(connection: HTTPConnection, key: str, body: bytes) -> float:
    """Seconds until the batch is accepted. `http.client` because it adds the least of its own."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Idempotency-Key": new_id("key"),
    }
    started = time.perf_counter()
    connection.request("POST", "/v1/batches", body, headers)
    with connection.getresponse() as response:
        answer = response.read()
    took = time.perf_counter() - started
    assert response.status == 202, answer[:500]
    assert json.loads(answer)["accepted"] == CANDIDATES
    return took
