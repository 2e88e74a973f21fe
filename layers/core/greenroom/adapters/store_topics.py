"""Topics of Ceph RGW, by which the store tells RabbitMQ of new objects (SNS's calls on the store's own endpoint)."""

from __future__ import annotations

from collections.abc import Iterable

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from greenroom.domain.errors import Forbidden, Unavailable


def ensure_topics(
    names: Iterable[str],
    *,
    broker: str,
    broker_ca: str | None = None,
    exchange: str,
    endpoint: str,
    access_key: str | None,
    secret_key: str | None,
    region: str,
) -> dict[str, str]:
    """Make or renew a topic for each name; their ARNs. The topic's name is the routing key to `exchange` of `broker`.

    `broker_ca` is a file on the store's own hosts that holds who signed the broker's certificate: for `amqps://` Ceph
    knows no authority by itself. Events are kept by the store until the broker has confirmed them, and go to the broker
    as it was named when they happened. One call after another: Ceph loses parallel ones.
    Raises `Unavailable` (`store_unavailable`), `Forbidden` (`store_denied`).
    """
    client = boto3.session.Session(
        aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=region
    ).client(
        "sns",
        endpoint_url=endpoint,
        config=Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 1}),
    )
    attributes = {
        "push-endpoint": broker,
        "amqp-exchange": exchange,
        "amqp-ack-level": "broker",
        "persistent": "true",
        **({} if broker_ca is None else {"ca-location": broker_ca}),
    }
    try:
        return {
            name: client.create_topic(Name=name, Attributes=attributes)["TopicArn"]
            for name in names
        }
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = error.response.get("Error", {}).get("Code", "")
        if status == 403:
            raise Forbidden(f"the store refuses topics: {code}", code="store_denied") from error
        hint = ""
        if status == 400 and endpoint.startswith("http:"):
            hint = " (it takes no broker's password over plain HTTP)"  # Ceph gives no reason
        raise Unavailable(
            f"topics of the store: {code or status}{hint}", code="store_unavailable"
        ) from error
    except BotoCoreError as error:
        raise Unavailable(f"topics of the store: {error}", code="store_unavailable") from error
