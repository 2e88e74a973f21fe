"""The allow-list of webhook receivers: what it opens, and the ways around it that it closes."""

import pytest

from greenroom.adapters.receivers import AllowList
from greenroom.domain.errors import Invalid, MisconfiguredSetting

NAMES = {
    "ehr.example.com": ["10.20.0.7"],
    "oa.example.com": ["10.30.0.1"],
    "rebound.example.com": ["127.0.0.1"],
    "metadata.example.com": ["169.254.169.254"],
    "mixed.example.com": ["127.0.0.1", "10.20.0.8"],
    "2130706433": ["127.0.0.1"],
    "six.example.com": ["fd00::7"],
}


def resolve(host: str, port: int) -> list[str]:
    literal = host.strip("[]")
    if (literal.replace(".", "").isdigit() and literal not in NAMES) or ":" in literal:
        return [literal]
    try:
        return NAMES[host]
    except KeyError:
        raise OSError("no such name") from None


def check(entries: list[str], url: str) -> str:
    return str(AllowList(entries, resolve=resolve).check(url).address)


@pytest.mark.parametrize(
    ("entry", "url", "address"),
    [
        ("ehr.example.com", "https://ehr.example.com/hooks", "10.20.0.7"),
        ("EHR.example.com.", "https://ehr.EXAMPLE.com./hooks", "10.20.0.7"),
        ("ehr.example.com:8443", "https://ehr.example.com:8443/", "10.20.0.7"),
        ("10.20.0.0/16", "http://ehr.example.com/", "10.20.0.7"),
        ("10.20.0.7", "http://10.20.0.7:9000/", "10.20.0.7"),
        ("127.0.0.1:9000", "http://127.0.0.1:9000/", "127.0.0.1"),
        ("127.0.0.0/8", "http://127.0.0.1:9000/", "127.0.0.1"),
        ("fd00::/8", "http://six.example.com/", "fd00::7"),
        ("[fd00::7]:80", "http://[fd00::7]/", "fd00::7"),
        ("10.20.0.0/16", "http://mixed.example.com/", "10.20.0.8"),
    ],
)
def test_what_an_entry_opens(entry: str, url: str, address: str) -> None:
    assert check([entry], url) == address


@pytest.mark.parametrize(
    ("entries", "url"),
    [
        ([], "https://ehr.example.com/"),
        (["ehr.example.com"], "https://oa.example.com/"),
        (["ehr.example.com"], "https://ehr.example.com.evil.example/"),
        (["ehr.example.com:8443"], "https://ehr.example.com/"),
        (["rebound.example.com"], "http://rebound.example.com/"),
        (["metadata.example.com"], "http://metadata.example.com/latest"),
        (["10.20.0.0/16"], "http://2130706433/"),
        (["10.20.0.0/16"], "http://[::ffff:127.0.0.1]/"),
        (["ehr.example.com"], "http://user:password@ehr.example.com/"),
        (["ehr.example.com"], "ftp://ehr.example.com/"),
        (["ehr.example.com"], "http:///hooks"),
        (["ehr.example.com"], "http://ehr.example.com:99999/"),
    ],
)
def test_what_stays_shut(entries: list[str], url: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(entries, url)
    assert refused.value.code in ("endpoint_not_allowed", "endpoint_unresolved")
    assert refused.value.status == 422


def test_mapped_ipv4_is_the_ipv4_it_reaches() -> None:
    assert check(["127.0.0.1"], "http://[::ffff:127.0.0.1]/") == "127.0.0.1"


def test_a_name_that_does_not_resolve_is_said_so() -> None:
    with pytest.raises(Invalid) as refused:
        check(["nowhere.example.com"], "http://nowhere.example.com/")
    assert refused.value.code == "endpoint_unresolved"


@pytest.mark.parametrize(
    "entry", ["", "10.20.0.0/33", "300.1.1.1", "http://ehr.example.com", "a b"]
)
def test_a_malformed_entry_is_named(entry: str) -> None:
    with pytest.raises(MisconfiguredSetting, match="webhook receivers"):
        AllowList([entry])
