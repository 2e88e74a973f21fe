"""nginx's configuration sends each path of the wiring table to its function, and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from greenroom.domain.errors import Invalid
from greenroom.host.wiring import read_wiring
from infra.proxy.__main__ import configuration

WIRING = read_wiring()
SERVERS = {
    wired.name: [f"10.0.0.{number}:8080"]
    for number, wired in enumerate(WIRING.values())
    if wired.http
}
GIVEN: dict[str, Any] = {
    "name": "interviews.example.com",
    "certificate": "/etc/ssl/pages.pem",
    "key": "/etc/ssl/pages.key",
}


def test_every_path_goes_to_its_function() -> None:
    text = configuration(WIRING, SERVERS, **GIVEN)
    locations = re.findall(r"location (= )?(\S+) \{ proxy_pass http://greenroom_(\w+); \}", text)
    assert {(path, name) for exact, path, name in locations if exact} == {
        (path, wired.name) for wired in WIRING.values() for path in wired.http
    }
    assert {(path, name) for exact, path, name in locations if not exact} == {
        (f"{path}/", wired.name) for wired in WIRING.values() for path in wired.http
    }
    for name, (server,) in SERVERS.items():
        assert re.search(rf"upstream greenroom_{name} {{\s+server {server};", text)


@pytest.mark.parametrize(
    ("servers", "code"),
    [
        ({**SERVERS, "nobody": ["h:1"]}, "unknown_function"),
        ({**SERVERS, "analysis": ["h:1"]}, "unknown_function"),
        ({name: SERVERS[name] for name in list(SERVERS)[1:]}, "proxy_server_missing"),
        ({**SERVERS, "portal": []}, "proxy_server_missing"),
        ({**SERVERS, "portal": ["h:1; }"]}, "proxy_value_invalid"),
        ({**SERVERS, "portal": ["h"]}, "proxy_value_invalid"),
    ],
)
def test_servers_that_cannot_be(servers: dict[str, list[str]], code: str) -> None:
    with pytest.raises(Invalid) as raised:
        configuration(WIRING, servers, **GIVEN)
    assert raised.value.code == code


@pytest.mark.parametrize("field", ["name", "certificate", "key", "listen"])
@pytest.mark.parametrize("word", ["", "a b", "x;", "{", "$host", 'a"'])
def test_words_that_would_mean_more_to_nginx(field: str, word: str) -> None:
    with pytest.raises(Invalid) as raised:
        configuration(WIRING, SERVERS, **{**GIVEN, field: word})
    assert raised.value.code == "proxy_value_invalid"


def test_the_command_says_what_is_missing() -> None:
    words = ["--name", "h", "--certificate", "/c", "--key", "/k", "portal=h:1"]
    done = subprocess.run(
        [sys.executable, "-m", "infra.proxy", *words], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.startswith("proxy_server_missing: name a server for ")


@pytest.mark.skipif(not shutil.which("nginx"), reason="no nginx here")
def test_nginx_takes_it(tmp_path: Path) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    words = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", *words, "/CN=h", *files], check=True, capture_output=True)
    text = configuration(
        WIRING, SERVERS, name="h", certificate=str(certificate), key=str(key), listen="127.0.0.1:1"
    )
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid; events {{}} http {{ {text} }}")
    command = ["nginx", "-t", "-e", "stderr", "-p", str(tmp_path), "-c", str(whole)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
