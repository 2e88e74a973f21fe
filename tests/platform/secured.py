"""The deployment as a bank's: TLS on every hop, a user of the store and settings for each function, nginx in front."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from greenroom.adapters.object_store import ObjectStore
from greenroom.runtime.settings import PREFIX
from greenroom_local.ports import HOST, Ports
from infra.proxy.__main__ import configuration
from tests.platform.deployment import Deployment
from tests.platform.stack import Stack
from tests.platform.terraform import Terraform

NAME = "localhost"
STORE_KEYS = ("GREENROOM_STORE__ACCESS_KEY", "GREENROOM_STORE__SECRET_KEY")


class SecuredDeployment(Deployment):
    """Bucket, policies and announcements by Terraform's own root. `folder` keeps its configuration and state."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        if shutil.which("nginx") is None:
            pytest.skip("no nginx here: apt-get install nginx-light")
        super().__init__(replace(stack, environment=stack.over_tls), folder)
        self.serving = {wired.name: wired for wired in self.wiring.values() if wired.http}
        ports = [port for _ in self.serving for port in [Ports.free().http]]
        self.http_ports = dict(zip(self.serving, ports, strict=True))
        self.url = f"https://{NAME}:{self.ports.http}"
        self.environment |= {
            "GREENROOM_LINKS__PUBLIC_URL": self.url,
            "GREENROOM_MAIL__HOST": NAME,
            "GREENROOM_MAIL__STARTTLS": "true",
        }
        self._users = stack.users()

    @property
    def certificate(self) -> tuple[str, str]:
        """What the stack shows, and its key."""
        folder = self.stack.folder / "tls"
        return str(folder / "server.pem"), str(folder / "server.key")

    def make_bucket(self) -> None:
        topics = self.folder / "topics.tfvars.json"
        self.command("wire", "--topics-to", str(topics))
        given = self.folder / "given.tfvars.json"
        endpoint = self.environment["GREENROOM_STORE__ENDPOINT"]
        values = {"endpoint": endpoint, "origins": [self.url], "keep_bucket": False}
        given.write_text(json.dumps(values))
        keys = {
            "AWS_ACCESS_KEY_ID": self.environment["GREENROOM_STORE__ACCESS_KEY"],
            "AWS_SECRET_ACCESS_KEY": self.environment["GREENROOM_STORE__SECRET_KEY"],
            "AWS_CA_BUNDLE": self.environment["AWS_CA_BUNDLE"],
        }
        self.terraform = Terraform("onprem", self.folder, environment=keys)
        users = self._users / "users.tfvars.json"
        self.variables = [f"-var-file={file}" for file in (given, topics, users)]
        self.terraform.run("apply", "-auto-approve", "-input=false", *self.variables).check()

    def user_of(self, function: str) -> dict[str, str]:
        """The keys of its user of the store, as settings."""
        lines = (self._users / f"{function}.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def store_of(self, function: str) -> ObjectStore:
        access_key, secret_key = (self.user_of(function)[name] for name in STORE_KEYS)
        endpoint = self.environment["GREENROOM_STORE__ENDPOINT"]
        return ObjectStore(
            bucket="greenroom", endpoint=endpoint, access_key=access_key, secret_key=secret_key
        )

    def environment_of(self, function: str) -> dict[str, str]:
        """The settings of its own parts, the broker, and its user's keys: nothing else of ours."""
        wired = self.wiring.get(function.removeprefix("http-"))
        return {
            name: value
            for name, value in {
                **self.environment,
                **({} if wired is None else self.user_of(wired.name)),
            }.items()
            if not name.startswith(PREFIX)
            or name.startswith(f"{PREFIX}BROKER__")
            or (wired is not None and wired.given(name))
        }

    def start_mailbox(self, *options: str) -> None:
        certificate, key = self.certificate
        super().start_mailbox("--certificate", certificate, "--key", key, *options)

    def start_http(self) -> None:
        for name, port in self.http_ports.items():
            words = ["greenroom.host.http", "--functions", name, "--port", str(port)]
            self._launch(f"http-{name}", words)
        certificate, key = self.certificate
        written = self.folder / "nginx.conf"
        server = configuration(
            self.wiring,
            {name: [f"{HOST}:{port}"] for name, port in self.http_ports.items()},
            name=NAME,
            certificate=certificate,
            key=key,
            listen=f"{HOST}:{self.ports.http}",
        )
        written.write_text(_around(server, self.folder))
        with (self.folder / "nginx.log").open("a") as log:
            command = ["nginx", "-e", "stderr", "-c", str(written), "-p", str(self.folder)]
            self.processes["nginx"] = subprocess.Popen(command, stderr=log, text=True)

    def pages_answer(self) -> bool:
        own = (f"http://{HOST}:{port}/-/ready" for port in self.http_ports.values())
        try:
            return all(httpx.get(url, timeout=10).status_code == 204 for url in own) and (
                self.get("/i/nobody").status_code < 500
            )
        except httpx.TransportError:
            return False

    def get(self, path: str) -> httpx.Response:
        """Through nginx, whose certificate is checked."""
        context = ssl.create_default_context(cafile=self.environment["SSL_CERT_FILE"])
        return httpx.get(f"{self.url}{path}", verify=context, timeout=10)


def _around(server: str, folder: Path) -> str:
    """A whole nginx of the test's own, in the foreground, as who we are."""
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "".join(
        f"{kind}_temp_path {folder}/nginx-{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    log = f"access_log {folder}/nginx-access.log;"
    return f"daemon off; pid {folder}/nginx.pid; {user} events {{}}\nhttp {{ {temporary} {log}\n{server}\n}}\n"
