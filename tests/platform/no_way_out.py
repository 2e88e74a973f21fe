"""The main job where nothing leads out; run as root by `unshare --net --mount`, prints one JSON object.

Loopback alone is real. Every name is asked of a server of ours that writes it down and knows the configured hosts only.
The default route leads to a cable whose other end nobody holds: what is sent there is counted and arrives nowhere.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from greenroom_local.platform import PocketPlatform, Ports

STORE, MAIL = "store.company.test", "mail.company.test"
NAME_SERVER = ("127.0.0.53", 53)


def asked_by(names: list[str]) -> None:
    """Answer questions for ever: the configured hosts are this machine, nothing else exists."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(NAME_SERVER)
        ready.set()
        while True:
            wire, caller = server.recvfrom(4096)
            question = dns.message.from_wire(wire)
            answer = dns.message.make_response(question)
            answer.flags |= dns.flags.RA
            [wanted] = question.question
            name = wanted.name.to_text(omit_final_dot=True)
            names.append(name)
            if name not in (STORE, MAIL):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            elif wanted.rdtype == dns.rdatatype.A:
                answer.answer.append(dns.rrset.from_text(wanted.name, 1, "IN", "A", "127.0.0.1"))
            server.sendto(answer.to_wire(), caller)


ready = threading.Event()


def shut_in(folder: Path) -> None:
    for words in (
        "ip link set lo up",
        "ip link add out type veth peer name nobody",
        "ip link set nobody addrgenmode none up",
        "ip link set out addrgenmode none up",
        "ip address add 198.51.100.1/32 dev out",
        "ip route add default dev out",
    ):
        subprocess.run(words.split(), check=True)
    resolver = folder / "resolv.conf"
    resolver.write_text(f"nameserver {NAME_SERVER[0]}\noptions timeout:1 attempts:1\n")
    subprocess.run(["mount", "--bind", str(resolver), "/etc/resolv.conf"], check=True)


def sent_out() -> int:
    """Packets that were to leave this machine."""
    told = subprocess.run(
        ["ip", "-json", "-statistics", "link", "show", "out"],
        check=True,
        stdout=subprocess.PIPE,
    )
    packets: int = json.loads(told.stdout)[0]["stats64"]["tx"]["packets"]
    return packets


def interview(folder: Path) -> tuple[int, str]:
    """Status of the demo, and how its interview ended."""
    ports = Ports.free()
    hosts = {
        "GREENROOM_STORE__ENDPOINT": f"http://{STORE}:{ports.store}",
        "GREENROOM_MAIL__HOST": MAIL,
    }
    with PocketPlatform(folder / "platform", ports=ports, extra=hosts) as platform:
        server = ["--server", platform.url, "--api-key", platform.api_key]
        server += ["--mailbox", platform.mailbox_url]
        kept = str(folder / "kept")
        done = subprocess.run(
            [sys.executable, "-m", "greenroom_cli", "demo", "--json", *server, "--keep", kept],
            stdout=subprocess.PIPE,
            text=True,
            timeout=400,
            check=False,
        )
    return done.returncode, json.loads(done.stdout)["state"]


def main(folder: Path) -> dict[str, Any]:
    names: list[str] = []
    shut_in(folder)
    threading.Thread(target=asked_by, args=[names], daemon=True).start()
    ready.wait(10)
    status, state = interview(folder)
    found = {"status": status, "state": state, "names": sorted(set(names)), "packets": sent_out()}
    # What must be seen, were it there: else silence would prove nothing.
    with contextlib.suppress(socket.gaierror):
        socket.getaddrinfo("canary.example", 443)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as canary:
        canary.sendto(b"", ("192.0.2.1", 9))
    seen = {"canary_asked": "canary.example" in names, "canary_packets": sent_out()}
    return {**found, **seen}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))
