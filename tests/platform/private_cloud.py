"""What moto's server lacks of a Lambda API: it keeps the functions that Terraform made, and this runs them.

Everything is read back from the API: handler, layers, environment, role, mappings, rules and routes. moto does not give
packages out again, so the files that were sent are told by their digests.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.platform.lambda_runtime import ExecutionEnvironment, InvocationFailed, runtime_client
from tests.platform.stores import REGION, Store

PATH = "/usr/local/bin:/usr/bin:/bin"
POLL_S = 1


class Throttled(Exception):
    """All that the function may run at once is busy."""


@dataclass
class Deployed:
    """A function as it runs: where its files lie, what it may do."""

    name: str
    arn: str
    handler: str
    code: Path
    environment: dict[str, str]
    timeout_s: float
    at_once: int
    idle: list[ExecutionEnvironment] = field(default_factory=list)
    busy: list[ExecutionEnvironment] = field(default_factory=list)


class PrivateCloud:
    """A context manager: functions run while it is open. `packages` is what `make package` wrote, `images` the
    context of each function that is an image, by its URI; logs are written to `folder`."""

    def __init__(self, api: Store, packages: Path, images: dict[str, Path], folder: Path) -> None:
        self._api = api
        self._files = {_digest(file): file for file in sorted(packages.glob("*/*.zip"))}
        self._images = images
        self._folder = folder
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []
        self._client = runtime_client(folder / "runtime")
        self.failures: dict[str, list[str]] = defaultdict(list)
        self.invoked: dict[str, int] = defaultdict(int)
        self.functions = {found["FunctionName"]: self._deployed(found) for found in self._all()}

    def __enter__(self) -> Self:
        for work in (*self._mappings(), *self._ticks()):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        for name in self.functions:
            self.kill(name)
        for thread in self._threads:
            thread.join(30)

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        """What the function returns. Raises `InvocationFailed` and `Throttled`."""
        function = self.functions[name]
        environment = self._taken(function)
        self.invoked[name] += 1
        try:
            return environment.invoke(event, function.timeout_s)
        except InvocationFailed as failure:
            self.failures[name].append(str(failure))
            raise
        finally:
            with self._lock:
                function.busy.remove(environment)
                if environment.alive:
                    function.idle.append(environment)

    def kill(self, name: str) -> int:
        """kill -9 for every process of a function; how many of them had an invocation in hand."""
        function = self.functions[name]
        with self._lock:
            busy, idle = list(function.busy), list(function.idle)
            function.idle.clear()
        for environment in (*busy, *idle):
            environment.kill()
        return len(busy)

    def routes(self) -> dict[str, str]:
        """Function by route key, as the gateway has them."""
        gateway = self._api.client("apigatewayv2")
        [api] = gateway.get_apis()["Items"]
        of = {
            one["IntegrationId"]: one["IntegrationUri"].split(":function:")[1].split("/")[0]
            for one in _pages(gateway.get_integrations, "Items", ApiId=api["ApiId"])
        }
        return {
            one["RouteKey"]: of[one["Target"].removeprefix("integrations/")]
            for one in _pages(gateway.get_routes, "Items", ApiId=api["ApiId"])
        }

    # --- functions ---------------------------------------------------------------------------

    def _all(self) -> list[dict[str, Any]]:
        functions = self._api.client("lambda")
        return [
            functions.get_function(FunctionName=found["FunctionName"])["Configuration"]
            for found in _pages(functions.list_functions, "Functions")
        ]

    def _deployed(self, found: dict[str, Any]) -> Deployed:
        functions = self._api.client("lambda")
        name = found["FunctionName"]
        asked = functions.get_function_concurrency(FunctionName=name)
        if found["PackageType"] == "Image":
            image = functions.get_function(FunctionName=name)["Code"]["ImageUri"]
            code, layers = self._images[image] / "site", []
            [handler] = found["ImageConfigResponse"]["ImageConfig"]["Command"]
        else:
            code, handler = self._unpacked(found["CodeSha256"]), found["Handler"]
            layers = [self._layer(layer["Arn"]) for layer in found["Layers"]]
        return Deployed(
            name,
            found["FunctionArn"],
            handler,
            code,
            {
                **found["Environment"]["Variables"],
                **self._credentials(found["Role"], name),
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_LAMBDA_FUNCTION_NAME": name,
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(found["MemorySize"]),
                "LAMBDA_TASK_ROOT": str(code),
                "LANG": "C.UTF-8",
                "PATH": PATH,
                "PYTHONPATH": ":".join(map(str, (code, *layers, self._client))),
            },
            found["Timeout"],
            asked["ReservedConcurrentExecutions"],
        )

    def _layer(self, arn: str) -> Path:
        name, version = arn.rsplit(":", 1)
        layers = self._api.client("lambda")
        found = layers.get_layer_version(LayerName=name, VersionNumber=int(version))
        return self._unpacked(found["Content"]["CodeSha256"]) / "python"

    def _unpacked(self, digest: str) -> Path:
        file = self._files[digest]
        folder = self._folder / "opt" / file.parent.name / file.stem
        if not folder.exists():
            with zipfile.ZipFile(file) as packed:
                packed.extractall(folder)
        return folder

    def _credentials(self, role: str, session: str) -> dict[str, str]:
        """Of the function's own role, as a platform hands them to the process."""
        assumed = self._api.client("sts").assume_role(RoleArn=role, RoleSessionName=session)
        return {
            "AWS_ACCESS_KEY_ID": assumed["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": assumed["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": assumed["Credentials"]["SessionToken"],
        }

    def _taken(self, function: Deployed) -> ExecutionEnvironment:
        with self._lock:
            function.idle = [one for one in function.idle if one.alive]
            if function.idle:
                environment = function.idle.pop()
            elif len(function.busy) < function.at_once:
                environment = ExecutionEnvironment(
                    function.arn,
                    function.handler,
                    function.code,
                    function.environment,
                    self._folder / f"{function.name}.log",
                )
            else:
                raise Throttled(function.name)
            function.busy.append(environment)
            return environment

    # --- what starts them --------------------------------------------------------------------

    def _mappings(self) -> list[Callable[[], None]]:
        functions = self._api.client("lambda")
        return [
            lambda mapping=mapping: self._poll(mapping)
            for mapping in _pages(functions.list_event_source_mappings, "EventSourceMappings")
        ]

    def _poll(self, mapping: dict[str, Any]) -> None:
        """Take batches from the queue for ever; what the function could not do is visible again at once.

        (A real platform leaves it hidden until the queue's visibility timeout, which is an hour and more.)
        """
        queues = self._api.client("sqs", read_timeout=60)
        source = mapping["EventSourceArn"]
        name = mapping["FunctionArn"].rsplit(":", 1)[1]
        url = queues.get_queue_url(QueueName=source.rsplit(":", 1)[1])["QueueUrl"]
        while not self._closed.is_set():
            found = queues.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=mapping["BatchSize"],
                WaitTimeSeconds=POLL_S,
                AttributeNames=["All"],
            )
            messages = found.get("Messages", [])
            if not messages:
                continue
            try:
                answer = self.invoke(name, {"Records": [_record(one, source) for one in messages]})
                assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
                kept = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
            except (InvocationFailed, Throttled):
                kept = {one["MessageId"] for one in messages}
            for one in messages:
                receipt = {"QueueUrl": url, "ReceiptHandle": one["ReceiptHandle"]}
                if one["MessageId"] in kept:
                    queues.change_message_visibility(**receipt, VisibilityTimeout=0)
                else:
                    queues.delete_message(**receipt)
            if kept:
                time.sleep(POLL_S)

    def _ticks(self) -> list[Callable[[], None]]:
        events = self._api.client("events")
        return [
            lambda rule=rule, target=target: self._tick(rule["ScheduleExpression"], target)
            for rule in _pages(events.list_rules, "Rules")
            for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        ]

    def _tick(self, rate: str, target: dict[str, Any]) -> None:
        count, unit = rate.removeprefix("rate(").removesuffix(")").split()
        assert unit.rstrip("s") == "minute", rate
        while not self._closed.wait(int(count) * 60):
            with suppress(InvocationFailed, Throttled):
                self.invoke(target["Arn"].rsplit(":", 1)[1], json.loads(target["Input"]))


def _record(message: dict[str, Any], source: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": REGION,
    }


def _pages(call: Callable[..., dict[str, Any]], items: str, **wanted: Any) -> list[dict[str, Any]]:
    """All of a list that may come in pieces."""
    found: list[dict[str, Any]] = []
    while True:
        page = call(**wanted)
        found += page[items]
        token = next((name for name in ("NextMarker", "NextToken") if page.get(name)), None)
        if token is None:
            return found
        wanted[{"NextMarker": "Marker"}.get(token, token)] = page[token]


def _digest(file: Path) -> str:
    return base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()
