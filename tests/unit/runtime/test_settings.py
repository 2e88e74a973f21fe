"""Settings fail at start with the name of the variable."""

import pytest

from greenroom.domain.errors import MisconfiguredSetting
from greenroom.runtime.settings import (
    DatabaseSettings,
    FunctionSettings,
    StoreSettings,
    TokenSettings,
)


class Settings(FunctionSettings):
    store: StoreSettings
    database: DatabaseSettings
    tokens: TokenSettings


GOOD = {
    "GREENROOM_STORE__ENDPOINT": "http://127.0.0.1:9000",
    "GREENROOM_STORE__ACCESS_KEY": "key",
    "GREENROOM_STORE__SECRET_KEY": "hush-hush",
    "GREENROOM_DATABASE__URL": "sqlite:////tmp/x.sqlite",
    "GREENROOM_TOKENS__KEY": "k" * 32,
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_settings_are_read_from_the_environment() -> None:
    settings = Settings.load()
    assert settings.store.endpoint == "http://127.0.0.1:9000"
    assert "hush-hush" not in repr(settings)


STORE_KEYS = ("GREENROOM_STORE__ACCESS_KEY", "GREENROOM_STORE__SECRET_KEY")


def test_without_the_store_s_keys_the_function_s_role_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in STORE_KEYS:
        monkeypatch.delenv(name)
    store = Settings.load().store
    assert store.access_key is None
    assert store.secret_key is None


@pytest.mark.parametrize("name", STORE_KEYS)
def test_one_of_two_keys_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(MisconfiguredSetting, match=r"GREENROOM_STORE: .* or neither"):
        Settings.load()


@pytest.mark.parametrize("name", sorted(GOOD.keys() - set(STORE_KEYS)))
def test_an_unset_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(MisconfiguredSetting) as caught:
        Settings.load()
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GREENROOM_STORE__ENDPOINT", "ftp://x"),
        ("GREENROOM_TOKENS__KEY", "short"),
        ("GREENROOM_DATABASE__KEYS", "x"),
    ],
)
def test_a_malformed_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(MisconfiguredSetting) as caught:
        Settings.load()
    assert name in str(caught.value)
    assert value not in str(caught.value) or name.endswith("ENDPOINT")
