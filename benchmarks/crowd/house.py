"""The real stack and our processes for a crowd: started once, invited by HR's batch, watched by what each uses."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from benchmarks.processes import cpu_s
from greenroom_cli.demo.hr import HrSystem
from greenroom_local.mailbox.letters import Letters
from tests.platform.deployment import Deployment
from tests.platform.stack import Stack, running_stack, why_not

STORE = ("mon", "osd", "rgw")
QUESTION = {"id": "q1", "text": {"zh-CN": "请介绍你自己。", "en": "Tell us."}, "max_s": 600}
_LINK = re.compile(r"https?://\S+/i/([A-Za-z0-9_.-]+)")
MOST_MAILS = 1_000_000


@dataclass(frozen=True)
class Letter:
    """An invitation as it arrived."""

    message_id: str
    token: str


@dataclass(frozen=True)
class Invitation:
    """One person's: the same letter may have come again, under the same Message-ID."""

    subject: str
    letters: list[Letter] = field(default_factory=list)

    @property
    def token(self) -> str:
        return self.letters[-1].token

    @property
    def times(self) -> int:
        """How often this person was invited."""
        return len({letter.message_id for letter in self.letters})


class House:
    """A deployment over a stack, and what HR and its mailbox know."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.stack = deployment.stack
        self.hr = HrSystem(deployment.url, deployment.api_key)
        self.objects = deployment.store()
        self._letters = Letters(deployment.folder / "mails")
        self._read_letters: dict[str, Letter] = {}

    def invite(self, name: str, size: int) -> str:
        """A batch of so many candidates, once however often it is asked for; its id."""
        self.hr.import_catalogue("store-manager", "screening")
        kept = self.deployment.folder / f"{name}.deadline"
        if not kept.exists():
            kept.write_text((datetime.now(UTC) + timedelta(days=14)).isoformat())
        people = [
            {"external_id": f"{name}-{n}", "name": f"候选人{n}", "email": address(name, n)}
            for n in range(size)
        ]
        wanted = {
            "template": "screening",
            "competency_model": "store-manager",
            "deadline": kept.read_text(),
            "questions": [QUESTION],
            "candidates": people,
        }
        headers = {"Idempotency-Key": f"{name}-{size}"}
        accepted = self.hr.call("POST", "/v1/batches", json=wanted, headers=headers)
        return str(accepted["batch"])

    def invitations(self, name: str) -> dict[int, Invitation]:
        """What has arrived in the mailboxes of a batch's candidates, by their numbers.

        The first letter to somebody is the invitation; others of its subject are the same or a second one.
        """
        envelopes = self._letters.newest_first(limit=MOST_MAILS)
        found: dict[int, Invitation] = {}
        for envelope in reversed(envelopes):
            number = _number(name, envelope.recipients[0])
            if number is None:
                continue
            before = found.setdefault(number, Invitation(envelope.subject))
            if envelope.subject == before.subject:
                before.letters.append(self._read(envelope.id))
        return found

    def _read(self, letter: str) -> Letter:
        if letter not in self._read_letters:
            mail = message_from_bytes(self._letters.raw(letter), policy=policy.default)
            text = mail.get_body(("plain",))
            assert text is not None
            link = _LINK.search(text.get_content())
            assert link is not None
            self._read_letters[letter] = Letter(str(mail["Message-ID"]), link[1])
        return self._read_letters[letter]

    def await_invitations(self, name: str, size: int, within_s: float) -> dict[int, Invitation]:
        """Raises TimeoutError that says how many came."""
        ends = time.monotonic() + within_s
        while len(found := self.invitations(name)) < size:
            if time.monotonic() > ends:
                raise TimeoutError(f"{len(found)} of {size} were invited in {within_s:.0f} s")
            time.sleep(2)
        return found

    def mend(self) -> bool:
        """Start again what has ended by itself; whether the stack had."""
        whole = self.stack.is_whole()
        if not whole:
            self.stack.start()
        self.deployment.restart_ended()
        return not whole

    def cpu(self) -> dict[str, float]:
        """CPU seconds until now: our API, the store, the database, the broker.

        Raises RuntimeError when one of the stack has ended: what it had used is gone, and the measurement with it. Ceph
        16's gateway does so now and then while it announces objects.
        """
        if not self.stack.is_whole():
            raise RuntimeError("a process of the stack has ended: measure again")
        pids = {name: self._pid(name) for name in (*STORE, "postgres", "rabbitmq")}
        return {
            "api": cpu_s(self.deployment.processes["http"].pid),
            "store": sum(cpu_s(pids[name]) for name in STORE),
            "database": cpu_s(pids["postgres"]),
            "broker": cpu_s(pids["rabbitmq"]),
        }

    def _pid(self, name: str) -> int:
        return int((self.stack.folder / "run" / name).read_text().split()[0])


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Goes on with what `folder` holds. Raises SystemExit where no stack can be started."""
    reason = why_not()
    if reason is not None:
        raise SystemExit(reason)
    ours = folder / "greenroom"
    ours.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # PostgreSQL runs as nobody
    with running_stack(folder / "stack") as stack, deployed(stack, ours) as house:
        yield house


@contextmanager
def deployed(stack: Stack, folder: Path) -> Iterator[House]:
    with Deployment(stack, folder) as deployment:
        yield House(deployment)


def address(name: str, number: int) -> str:
    return f"{name}.{number}@example.com"


def _number(name: str, recipient: str) -> int | None:
    local = recipient.partition("@")[0]
    head, _, number = local.rpartition(".")
    return int(number) if head == name and number.isdigit() else None
