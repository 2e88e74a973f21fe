"""What tests of functions share: the pocket store, a database in a file, the environment that names them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from greenroom.adapters.database import Database
from tests.pocket import Pocket, pocket_store
from tests.seeded import environment, opened
from tests.thorough import skip_thorough

if TYPE_CHECKING:
    from greenroom.adapters.object_store import ObjectStore

# A busy machine makes an example slow, not wrong.
hypothesis.settings.register_profile("greenroom", deadline=None)
hypothesis.settings.load_profile("greenroom")


@pytest.fixture(scope="session")
def pocket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pocket]:
    with pocket_store(tmp_path_factory.mktemp("store")) as pocket:
        yield pocket


@pytest.fixture
def store(pocket: Pocket) -> Iterator[ObjectStore]:
    """The store, emptied after each test."""
    yield pocket.store
    for item in list(pocket.store.listing("")):
        pocket.store.delete(item.key)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated SQLite file, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("database") / "empty.sqlite"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path.read_bytes()


@pytest.fixture
def database(tmp_path: Path, empty_database: bytes) -> Database:
    path = tmp_path / "greenroom.sqlite"
    path.write_bytes(empty_database)
    return opened(f"sqlite:///{path}")


@pytest.fixture
def platform(
    pocket: Pocket,
    store: ObjectStore,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The environment of functions over the store and the database."""
    settings = environment(f"sqlite:///{tmp_path}/greenroom.sqlite") | pocket.environment
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, then those with many: the last one to start should not be the longest."""
    skip_thorough(items)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in slow, -tests[item.path]))
