"""The candidate pool, API keys and request rates, on every database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from greenroom.adapters.database import Database
from greenroom.domain.batch import CandidateRow, Resume
from greenroom.domain.errors import NotFound
from tests.unit.database.conftest import Turnable


def person(external_id: str, **fields: object) -> CandidateRow:
    document = {"external_id": external_id, "name": "李明", "email": "li@example.com", **fields}
    return CandidateRow.model_validate(document)


def test_a_batch_keeps_what_it_does_not_say_and_the_ehr_replaces_it(database: Database) -> None:
    known = person("c1", locale="en", resume={"education": "本科"})
    with database.begin() as tx:
        tx.candidates.save(known)
        tx.candidates.keep([person("c2"), person("c1", name="李明亮")])
        assert tx.candidates.get("c1") == known.model_copy(update={"name": "李明亮"})
        tx.candidates.keep([person("c1", resume={"education": "硕士"})])
        assert tx.candidates.get("c1").resume == Resume(education="硕士")
        tx.candidates.save(person("c1"))
        assert tx.candidates.get("c1") == person("c1")
        tx.candidates.keep([])
        with pytest.raises(NotFound):
            tx.candidates.get("c3")


def test_the_pool_is_read_in_blocks_and_in_order(database: Database) -> None:
    ids = [f"c{number:02}" for number in range(13)]
    with database.begin() as tx:
        tx.candidates.keep([person(one) for one in reversed(ids)])

        def found(limit: int, after: str | None = None, *, even: bool = False) -> list[str]:
            def fits(one: CandidateRow) -> bool:
                return not even or int(one.external_id[1:]) % 2 == 0

            listed = tx.candidates.find(fits, limit=limit, after=after, block=4)
            return [one.external_id for one in listed]

        assert found(100) == ids
        assert found(2, "c03") == ["c04", "c05"]
        assert found(3, "c02", even=True) == ["c04", "c06", "c08"]
        assert found(100, even=True) == ids[::2]
        assert found(5, "c12") == []


def test_a_bucket_empties_and_fills_again(database: Database, clock: Turnable) -> None:
    with database.begin() as tx:
        waits = [tx.request_rates.take("k", per_s=0.5, burst=3) for _ in range(4)]
        assert waits[:3] == [0, 0, 0]
        assert waits[3] == pytest.approx(2)
        assert tx.request_rates.take("other", per_s=0.5, burst=3) == 0
        clock.turn(seconds=1)
        assert tx.request_rates.take("k", per_s=0.5, burst=3) == pytest.approx(1)
        clock.turn(seconds=1)
        assert tx.request_rates.take("k", per_s=0.5, burst=3) == 0
        clock.turn(hours=1)
        later = [tx.request_rates.take("k", per_s=0.5, burst=3) for _ in range(4)]
        assert [wait == 0 for wait in later] == [True, True, True, False], "not more than a bucket"


def test_many_at_once_take_no_more_than_there_is(database: Database) -> None:
    def ask(_: int) -> float:
        with database.begin() as tx:
            return tx.request_rates.take("k", per_s=0.001, burst=5)

    with ThreadPoolExecutor(4) as threads:
        waits = list(threads.map(ask, range(12)))
    assert waits.count(0) == 5


def test_a_key_is_good_until_its_end_and_is_replaced_once(
    database: Database, clock: Turnable
) -> None:
    hour = timedelta(hours=1)
    with database.begin() as tx:
        assert tx.api_keys.add(
            "k", "a" * 64, ["interviews:read"], "EHR", expires_at=clock.now + hour
        )
        assert not tx.api_keys.add("k", "b" * 64, [], "other")
        assert tx.api_keys.replace("k", "n", clock.now + 2 * hour)
        assert not tx.api_keys.replace("k", "m", clock.now)
        kept = tx.api_keys.get("k")
        assert kept is not None
        assert (kept.expires_at, kept.replaced_by) == (clock.now + hour, "n"), (
            "no later than before"
        )
        clock.turn(hours=1)
        assert tx.api_keys.get("k") is None
        assert tx.api_keys.find("k").state(clock.now) == "expired"
        tx.api_keys.add("r", "c" * 64, [], "OA", signed=True)
        tx.api_keys.revoke("r")
        assert tx.api_keys.get("r") is None
        assert [(key.id, key.state(clock.now), key.signed) for key in tx.api_keys.list()] == [
            ("k", "expired", False),
            ("r", "revoked", True),
        ]
