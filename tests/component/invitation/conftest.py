"""A fresh house for each test; one pocket store for all, with a bucket each."""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from tests.invitation_fixtures import Clock, House, Sink, add_keys, environment, fresh_app
from tests.pocket import Pocket, pocket_store


@pytest.fixture(scope="session")
def pocket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pocket]:
    with pocket_store(tmp_path_factory.mktemp("store")) as pocket:
        yield pocket


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.down()


@pytest.fixture
def house(
    pocket: Pocket,
    empty_database: bytes,
    sink: Sink,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> House:
    path = tmp_path / "house.sqlite"
    path.write_bytes(empty_database)
    settings = environment(pocket, f"test-{token_hex(6)}", path, sink.port)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    house = House(Clock(), sink, settings, fresh_app())
    house.app.clock = house.clock
    house.store.ensure_bucket(cors_origins=["*"], rules=[])
    house.keys = add_keys(house.database)
    house.fill_catalogue()
    return house
