"""A person's lock, as it is kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from storage import MasterKey, StorageError, Store, open_store
from tests.storage.conftest import LI, WANG, Clock

if TYPE_CHECKING:
    from pathlib import Path

PHC = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$aGFzaA"
KEY = b"a key of twenty bytes"
PHONE = "+8613800001234"
HOUR = timedelta(hours=1)


def wait_after(failures: int) -> timedelta:
    return timedelta(0) if failures < 3 else timedelta(minutes=failures)


@pytest.fixture
async def li(store: Store) -> int:
    for person in (LI, WANG):
        await store.people.arrive(person, name="Somebody", language="zh-hans")
    return LI


async def test_who_never_set_anything_has_no_lock(store: Store, li: int) -> None:
    assert await store.locks.get(li) is None
    assert await store.locks.get(404) is None


async def test_a_lock_gives_back_what_was_put_in(store: Store, li: int, clock: Clock) -> None:
    until = clock.in_(minutes=5)
    await store.locks.change(li, passcode=PHC, totp=KEY, totp_step=7, phone=PHONE)
    await store.locks.change(li, unlocked_until=until, minutes=15, covers_balances=True)
    lock = await store.locks.get(li)
    assert lock is not None
    assert (lock.passcode, lock.totp, lock.totp_step, lock.phone) == (PHC, KEY, 7, PHONE)
    assert (lock.unlocked_until, lock.minutes, lock.covers_balances) == (until, 15, True)
    assert (lock.failures, lock.closed_until, lock.reset_at) == (0, None, None)
    await store.locks.change(li, passcode=None, totp=None, phone=None)
    lock = await store.locks.get(li)
    assert lock is not None
    assert (lock.passcode, lock.totp, lock.phone, lock.minutes) == (None, None, None, 15)
    assert await store.locks.get(WANG) is None


async def test_a_lock_does_not_show_its_secrets_by_accident(store: Store, li: int) -> None:
    await store.locks.change(li, passcode=PHC, totp=KEY, phone=PHONE)
    shown = repr(await store.locks.get(li))
    assert not any(secret in shown for secret in (PHC, str(KEY), PHONE))


async def test_only_a_person_has_a_lock_and_only_with_known_fields(store: Store, li: int) -> None:
    with pytest.raises(StorageError, match="no such person"):
        await store.locks.change(404, minutes=5)
    with pytest.raises(StorageError, match="no such fields"):
        await store.locks.change(li, changed_at=store._clock())  # type: ignore[call-arg]
    with pytest.raises(StorageError, match="no lock"):
        await store.locks.book_try(li, store._clock(), wait_after)


async def test_fifty_tries_at_once_get_no_more_than_one_after_another(
    store: Store, li: int, clock: Clock
) -> None:
    await store.locks.change(li, passcode=PHC)
    tries = [store.locks.book_try(li, clock(), wait_after) for _ in range(50)]
    allowed = [tried for tried in await asyncio.gather(*tries) if tried.allowed]
    assert sorted(tried.failures for tried in allowed) == [1, 2, 3]
    lock = await store.locks.get(li)
    assert lock is not None
    assert (lock.failures, lock.closed_until) == (3, clock.in_(minutes=3))
    clock.advance(minutes=3)
    tries = [store.locks.book_try(li, clock(), wait_after) for _ in range(50)]
    outcomes = Counter(tried.allowed for tried in await asyncio.gather(*tries))
    assert outcomes == {True: 1, False: 49}


async def test_two_processes_share_what_tries_there_are(
    url: str, key: MasterKey, clock: Clock
) -> None:
    one, other = await open_store(url, key, clock=clock), await open_store(url, key, clock=clock)
    try:
        await one.people.arrive(LI, name="Li", language="zh")
        await one.locks.change(LI, passcode=PHC)
        tries = [
            store.locks.book_try(LI, clock(), wait_after)
            for _ in range(25)
            for store in (one, other)
        ]
        outcomes = Counter(tried.allowed for tried in await asyncio.gather(*tries))
        assert outcomes == {True: 3, False: 47}
    finally:
        await one.close()
        await other.close()


async def test_a_try_that_was_right_is_given_back_with_the_wait_it_began_and_no_other(
    store: Store, li: int, clock: Clock
) -> None:
    await store.locks.change(li, passcode=PHC, failures=2)
    mine = await store.locks.book_try(li, clock(), wait_after)
    assert mine.closed_until is not None
    await store.locks.give_back(li, mine)
    lock = await store.locks.get(li)
    assert lock is not None
    assert (lock.failures, lock.closed_until) == (2, None)
    again = await store.locks.book_try(li, clock(), wait_after)
    later = clock.in_(days=1)
    await store.locks.change(li, closed_until=later)
    await store.locks.give_back(li, again)
    lock = await store.locks.get(li)
    assert lock is not None
    assert (lock.failures, lock.closed_until) == (2, later)


async def test_a_time_step_is_taken_once_and_none_before_it(store: Store, li: int) -> None:
    await store.locks.change(li, totp=KEY)
    taken = await asyncio.gather(*(store.locks.take_step(li, 100) for _ in range(20)))
    assert Counter(taken) == {True: 1, False: 19}
    assert not await store.locks.take_step(li, 99)
    assert await store.locks.take_step(li, 101)


async def test_a_recovery_code_is_used_once_by_its_owner(store: Store, li: int) -> None:
    for person in (LI, WANG):
        await store.locks.replace_codes(person, ["abcdefghjk", f"own{person}"])
    used = await asyncio.gather(*(store.locks.use_code(li, "abcdefghjk") for _ in range(20)))
    assert Counter(used) == {True: 1, False: 19}
    assert await store.locks.count_codes(li) == 1
    assert await store.locks.count_codes(WANG) == 2
    assert not await store.locks.use_code(li, f"own{WANG}")


async def test_new_recovery_codes_end_the_old_ones(store: Store, li: int) -> None:
    await store.locks.replace_codes(li, ["old", "older"])
    await store.locks.replace_codes(li, ["new"])
    assert not await store.locks.use_code(li, "old")
    assert await store.locks.use_code(li, "new")
    await store.locks.replace_codes(li, [])
    assert await store.locks.count_codes(li) == 0


async def test_a_hash_is_made_anew_only_of_the_passcode_that_still_is(
    store: Store, li: int
) -> None:
    await store.locks.change(li, passcode=PHC)
    assert await store.locks.rehash(li, PHC, "dearer")
    assert not await store.locks.rehash(li, PHC, "of one that was changed meanwhile")
    lock = await store.locks.get(li)
    assert lock is not None
    assert lock.passcode == "dearer"


async def test_a_wait_is_warned_of_then_ended_once(store: Store, li: int, clock: Clock) -> None:
    await store.locks.change(li, passcode=PHC, reset_at=clock.in_(hours=24))
    await store.locks.change(WANG, passcode=PHC)
    assert await store.locks.to_warn(clock() + HOUR) == []
    clock.advance(hours=24)
    # Nobody was told: however late it is, nothing is lifted.
    assert await store.locks.to_warn(clock() + HOUR) == [li]
    assert await store.locks.to_lift(clock(), clock() - HOUR) == []
    assert not await store.locks.end_wait(li, clock(), clock() - HOUR)
    await store.locks.change(li, reset_warned_at=clock())
    assert await store.locks.to_warn(clock() + HOUR) == []
    clock.advance(hours=1)
    assert await store.locks.to_lift(clock(), clock() - HOUR) == [li]
    ended = await asyncio.gather(
        *(store.locks.end_wait(li, clock(), clock() - HOUR) for _ in range(10))
    )
    assert Counter(ended) == {True: 1, False: 9}


async def test_a_wait_that_was_cancelled_is_not_ended(store: Store, li: int, clock: Clock) -> None:
    await store.locks.change(li, passcode=PHC, reset_at=clock(), reset_warned_at=clock() - HOUR)
    assert await store.locks.cancel_wait(li)
    assert not await store.locks.cancel_wait(li)
    assert await store.locks.to_lift(clock(), clock()) == []
    assert not await store.locks.end_wait(li, clock(), clock())


async def test_what_a_lock_covers_is_put_away_once_when_its_time_is_over(
    store: Store, li: int, clock: Clock
) -> None:
    until = clock.in_(minutes=5)
    await store.locks.change(li, passcode=PHC, covers_balances=True, unlocked_until=until)
    await store.locks.change(WANG, passcode=PHC, unlocked_until=until)
    assert await store.locks.to_cover(clock.in_(minutes=4)) == []
    assert await store.locks.to_cover(until) == [li]
    await store.locks.change(li, unlocked_until=clock.in_(minutes=9))
    await store.locks.covered(li, until)
    lock = await store.locks.get(li)
    assert lock is not None
    assert lock.unlocked_until == clock.in_(minutes=9)
    await store.locks.covered(li, clock.in_(minutes=9))
    assert await store.locks.to_cover(clock.in_(minutes=10)) == []


async def test_a_lock_goes_with_its_person(store: Store, li: int) -> None:
    await store.locks.change(li, passcode=PHC)
    await store.locks.replace_codes(li, ["abcdefghjk"])
    await store.people.forget(li)
    await store.people.arrive(li, name="Li again", language="zh-hans")
    assert await store.locks.get(li) is None
    assert await store.locks.count_codes(li) == 0


async def test_no_hash_key_phone_or_code_lies_open_in_the_file(on_file: Store, file: Path) -> None:
    await on_file.people.arrive(LI, name="Li", language="zh-hans")
    await on_file.locks.change(LI, passcode=PHC, totp=KEY, phone=PHONE)
    await on_file.locks.replace_codes(LI, ["abcdefghjk"])
    raw = b"".join(each.read_bytes() for each in file.parent.iterdir())
    assert b"CREATE TABLE locks" in raw
    for secret in (PHC, "argon2id", PHONE, PHONE[1:], "abcdefghjk"):
        assert secret.encode() not in raw
    assert KEY not in raw
