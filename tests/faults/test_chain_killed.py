"""Kill each event function at random points, deliver everything twice and out of order: the same bytes come out."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from greenroom_local.platform import PocketPlatform
from tests.faults.chain import FUNCTIONS, Chain, with_the_same_secrets
from tests.media_fixtures import MediaWorkshop
from tests.thorough import lots
from tests.webhook_receiver import WebhookReceiver

KILLS = lots(3, long=30)
KILLED = ("invitation", "quality_check", "analysis", "status_sync")
"""chunk_assembly has a test of its own that kills it as often."""
SECONDS = 2
LONGEST_LIFE_S = 2.0
"""Workers are killed within this, in seconds, so that a slow machine does not take all day."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return MediaWorkshop(tmp_path_factory.mktemp("media")).webm(SECONDS, size="640x360")


@pytest.fixture(scope="module")
def begin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path | None], Chain]]:
    """Starts a chain in a data folder of its own, with the ids of `like` where given."""
    with ExitStack() as stack:

        def start(like: Path | None = None) -> Chain:
            folder = tmp_path_factory.mktemp("platform")
            if like is not None:
                with_the_same_secrets(like, folder)
            receiver = stack.enter_context(WebhookReceiver())
            platform = PocketPlatform(folder, ports="free", workers=False)
            return Chain(stack.enter_context(platform), receiver)

        yield start


@pytest.fixture(scope="module")
def undisturbed(begin: Callable[..., Chain], recording: Path) -> tuple[Chain, dict[str, float]]:
    """The reference run, and how long each function took."""
    chain = begin()
    chain.invite()
    chain.drain("invitation")
    chain.answer(recording, SECONDS)
    for function in FUNCTIONS[1:]:
        chain.drain(function)
    chain.settle_all()
    # Measured on a replay of everything: by now nothing is imported or loaded for the first time.
    took = {}
    for function in KILLED:
        chain.send_again(function)
        took[function] = min(chain.drain(function), LONGEST_LIFE_S)
    chain.settle_all()
    return chain, took


def test_the_reference_run_is_scored(undisturbed: tuple[Chain, dict[str, float]]) -> None:
    chain, _ = undisturbed
    outcome = chain.outcome()
    assert outcome["state"] == "scored"
    assert outcome["steps"].count("interview.scored") == 1
    assert len(chain.message_ids()) == 1
    sequence = [number for number, _ in chain.webhooks()]
    assert sequence == list(range(1, len(sequence) + 1))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kills_of_each_function_leave_the_same_bytes(
    undisturbed: tuple[Chain, dict[str, float]], begin: Callable[..., Chain], recording: Path
) -> None:
    reference, took = undisturbed
    chance = random.Random(20261123)
    chain = begin(reference.platform.data)
    chain.invite()
    chain.drain_killing("invitation", KILLS, chance, took["invitation"])
    chain.leases_are_over("invitation")
    chain.answer(recording, SECONDS)
    for function in FUNCTIONS[1:]:
        if function in KILLED:
            chain.drain_killing(function, KILLS, chance, took[function])
        else:
            chain.drain(function)
    chain.leases_are_over("status_sync")
    chain.settle_all()
    assert chain.kills == dict.fromkeys(KILLED, KILLS)
    assert chain.outcome()["steps"] == reference.outcome()["steps"]
    assert chain.outcome() == reference.outcome()
    # A receiver that drops repeated ids sees the same story in the same order.
    assert chain.webhooks() == reference.webhooks()
    assert chain.message_ids() == reference.message_ids()


@pytest.mark.slow
def test_everything_twice_and_out_of_order_leaves_the_same_bytes(
    undisturbed: tuple[Chain, dict[str, float]],
    begin: Callable[..., Chain],
    recording: Path,
) -> None:
    reference, _ = undisturbed
    chance = random.Random(1)
    chain = begin(reference.platform.data)
    chain.invite()
    chain.drain("invitation")
    chain.answer(recording, SECONDS)
    for _ in range(lots(1, long=3)):
        for function in chance.sample(FUNCTIONS, len(FUNCTIONS)):
            chain.drain(function)
            chance.shuffle(chain.sent)
            chain.send_again(function)
    chance.shuffle(chain.sent)
    chain.send_again(*FUNCTIONS)
    chain.settle_all()
    assert chain.outcome()["steps"] == reference.outcome()["steps"]
    assert chain.outcome() == reference.outcome()
    assert chain.webhooks() == reference.webhooks()
    assert chain.message_ids() == reference.message_ids()
