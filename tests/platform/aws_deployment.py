"""The AWS-API root applied with what `make package` builds, and a private cloud that runs it."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from greenroom.domain.api_key import SCOPES
from greenroom.host.wiring import read_wiring
from greenroom_local.ports import HOST, Ports
from infra.package.__main__ import build, image
from tests.platform.private_cloud import PrivateCloud
from tests.platform.private_gateway import Gateway
from tests.platform.stores import ACCESS_KEY, SECRET_KEY, Store, moto_store
from tests.platform.terraform import Outcome, Terraform

ACCOUNT = "123456789012"
SERVICES = ("apigateway", "events", "iam", "lambda", "logs", "monitoring", "s3", "sqs", "sts")
IMAGES = {
    name: f"registry.example.com/greenroom/{name}:1"
    for name, wired in read_wiring().items()
    if "media" in wired.layers
}
"""Functions whose layers are more than a Lambda API takes as zips."""


@dataclass
class AwsDeployment:
    """What was applied, and the API that keeps it."""

    api: Store
    terraform: Terraform
    given: Path
    folder: Path
    ports: Ports
    settings: dict[str, str]

    @property
    def url(self) -> str:
        return self.settings["GREENROOM_LINKS__PUBLIC_URL"]

    @property
    def mailbox(self) -> str:
        return f"http://{HOST}:{self.ports.mailbox}"

    @property
    def packages(self) -> Path:
        return self.folder / "packages"

    def terraformed(self, command: str, *options: str) -> Outcome:
        return self.terraform.run(command, *options, "-input=false", f"-var-file={self.given}")

    def command(self, *words: str) -> str:
        """What `greenroom WORDS` says, run by somebody who administers the deployment."""
        return subprocess.run(
            [sys.executable, "-m", "greenroom_cli", *words],
            env=self._administrators,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=300,
        ).stdout

    def demo(self, api_key: str) -> subprocess.Popen[str]:
        """One interview from batch to signed webhook; standard output is the report."""
        words = ["--server", self.url, "--api-key", api_key, "--mailbox", self.mailbox]
        kept = str(self.folder / "kept")
        return subprocess.Popen(
            [sys.executable, "-m", "greenroom_cli", "demo", "--json", *words, "--keep", kept],
            env=self._administrators,
            stdout=subprocess.PIPE,
            text=True,
        )

    def new_api_key(self) -> str:
        scopes = [word for scope in SCOPES for word in ("--scope", scope)]
        found = re.search(r"gr_[\w-]+", self.command("keys", "create", "HR", *scopes))
        assert found is not None
        return found[0]

    def left_waiting(self, seconds: float) -> dict[str, int]:
        """`waiting`, as soon as it is nothing or when the time is over."""
        deadline = time.monotonic() + seconds
        while self.waiting() and time.monotonic() < deadline:
            time.sleep(1)
        return self.waiting()

    def waiting(self) -> dict[str, int]:
        """How many messages a queue holds, hidden ones too, by its name; empty queues are left out."""
        queues = self.api.client("sqs")
        counts = {}
        for url in queues.list_queues()["QueueUrls"]:
            found = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            names = (
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            )
            count = sum(int(found[name]) for name in names)
            if count:
                counts[url.rsplit("/", 1)[1]] = count
        return counts

    @contextmanager
    def running(self) -> Iterator[PrivateCloud]:
        """Functions, gateway and a relay for mails."""
        mails = ["--data", str(self.folder / "mails"), "--smtp-port", str(self.ports.smtp)]
        relay = [sys.executable, "-m", "greenroom_local.mailbox", *mails]
        images = {uri: self.packages / "images" / name for name, uri in IMAGES.items()}
        cloud = PrivateCloud(self.api, self.packages, images, self.folder)
        with ExitStack() as stack:
            process = subprocess.Popen([*relay, "--http-port", str(self.ports.mailbox)])
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            stack.enter_context(cloud)
            stack.enter_context(Gateway(cloud, self.ports.http))
            yield cloud

    @property
    def _administrators(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "GREENROOM_" not in name}
        return {**kept, **self.settings}


@contextmanager
def applied(folder: Path, database_url: str) -> Iterator[AwsDeployment]:
    """`terraform apply` against moto's server, with everything packaged; the server is gone afterwards."""
    ports = Ports.free()
    with moto_store() as api:
        keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
        terraform = Terraform("aws-api", folder, environment=keys)
        wiring = read_wiring()
        packages = folder / "packages"
        zipped = [wired for name, wired in wiring.items() if name not in IMAGES]
        layers = {layer for wired in zipped for layer in wired.layers}
        build(packages, {*layers, *(wired.name for wired in zipped)})
        for name in IMAGES:
            image(wiring[name], packages)
        settings = {
            "GREENROOM_STORE__ENDPOINT": api.url,
            "GREENROOM_DATABASE__URL": database_url,
            "GREENROOM_DATABASE__KEYS": json.dumps([_key()]),
            "GREENROOM_TOKENS__KEY": secrets.token_urlsafe(48),
            "GREENROOM_IDENTITY__KEY": _key(),
            "GREENROOM_ERASURE__KEY": _key(),
            "GREENROOM_LINKS__PUBLIC_URL": f"http://{HOST}:{ports.http}",
            "GREENROOM_MAIL__HOST": HOST,
            "GREENROOM_MAIL__PORT": str(ports.smtp),
            "GREENROOM_WEBHOOKS__ALLOW": json.dumps([HOST]),
        }
        given = folder / "given.tfvars.json"
        given.write_text(
            json.dumps(
                {
                    "account": ACCOUNT,
                    "packages": str(packages),
                    "origins": [settings["GREENROOM_LINKS__PUBLIC_URL"]],
                    "endpoints": dict.fromkeys(SERVICES, api.url),
                    "images": IMAGES,
                    "keep_bucket": False,
                    "settings": settings,
                }
            )
        )
        deployment = AwsDeployment(api, terraform, given, folder, ports, settings)
        deployment.terraformed("apply", "-auto-approve").check()
        deployment.command("migrate")
        yield deployment


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
