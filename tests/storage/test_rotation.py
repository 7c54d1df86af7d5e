"""A new master key: at every moment everything opens for whoever may, and for nobody else."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from storage import MasterKey, SealError, StorageError, WrongKeyError, open_store
from storage.keyring import held
from storage.questions import KEY_COLUMNS
from storage.rotating import Manner, Rotated, Step, rotate
from storage.schema import people
from storage.snapshot import snapshot
from storage.vault import Vault
from tests.storage.conftest import LI, Clock, coffee

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from storage import Store

PEOPLE = range(100, 125)
BATCH = 4
ALL_KEYS = people.select().with_only_columns(people.c.id, *KEY_COLUMNS, people.c.master_id)


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture
def new() -> MasterKey:
    return MasterKey.generate()


@pytest.fixture
async def filled(store: Store) -> Store:
    """Twenty-five people, each with a card."""
    for who in PEOPLE:
        await store.people.arrive(who, name=f"Person {who}", language="zh")
        await store.cards.add(who, coffee(f"6222000000000{who}"))
    return store


def manner(clock: Clock, told: Callable[[Step, int], object] = lambda *_: None) -> Manner:
    async def sleep(seconds: float) -> None:
        clock.advance(seconds=seconds)
        await asyncio.sleep(0)

    return Manner(batch=BATCH, sleep=sleep, told=told)


@asynccontextmanager
async def opened(url: str, key: MasterKey, clock: Clock) -> AsyncIterator[Store]:
    """The database as a process of its own would open it."""
    store = await open_store(url, key, clock=clock)
    try:
        yield store
    finally:
        await store.close()


async def everything(store: Store) -> list[object]:
    """Read what there is of everybody, down to the numbers."""
    found: list[object] = [store.installation.stamp("somebody", "x")]
    for who in PEOPLE:
        found.append(await store.people.get(who))
        for card in await store.cards.list(who):
            found += [card, await store.cards.secrets(who, card.id)]
    return found


async def under(store: Store, key: MasterKey) -> int:
    """Count whose key opens with this master key alone."""
    vault, count = Vault(key), 0
    for who, key_id, wrapped, _ in await store._runner.fetch(ALL_KEYS):
        try:
            vault.open_key(who, key_id, wrapped)
        except SealError:
            continue
        count += 1
    return count


async def test_all_opens_with_the_new_key_and_nothing_with_the_old(
    url: str, filled: Store, key: MasterKey, new: MasterKey, clock: Clock
) -> None:
    before = await everything(filled)
    done = await rotate(filled, new, clock, manner(clock))
    assert done == Rotated(len(PEOPLE), len(PEOPLE))
    assert await under(filled, new) == len(PEOPLE)
    assert await under(filled, key) == 0
    assert {row[3] for row in await filled._runner.fetch(ALL_KEYS)} == {new.id}
    assert await everything(filled) == before
    async with opened(url, new, clock) as store:
        assert await everything(store) == before
        await store.check()
    with pytest.raises(WrongKeyError, match=r"replaced by `kabao key rotate` on 2026-03-01"):
        await open_store(url, key)
    with pytest.raises(WrongKeyError, match="made with another master key"):
        await open_store(url, MasterKey.generate())


async def test_the_log_tells_of_a_rotation_and_still_holds(
    url: str, filled: Store, new: MasterKey, clock: Clock
) -> None:
    await filled.audit.append("started", subject=100, actor=100)
    await rotate(filled, new, clock, manner(clock))
    async with opened(url, new, clock) as store:
        await store.audit.verify()
        told = [row.action for row in await store.audit.recent(limit=3)]
    assert told == ["key rotation done", "key rotation begun", "started"]


async def test_a_rotation_that_ends_at_any_step_is_gone_on_with(
    url: str, filled: Store, key: MasterKey, new: MasterKey, clock: Clock
) -> None:
    before, steps = await everything(filled), count()
    rewrapped, ended = 0, 0
    while True:
        allowed = next(steps)
        left = allowed

        def told(step: Step, _: int) -> None:
            nonlocal left, rewrapped
            rewrapped += step == "rewrapped"
            left -= 1
            if left < 0:
                raise Killed

        # Whoever goes on has taken either key into their settings.
        async with opened(url, (key, new)[allowed % 2], clock) as store:
            try:
                await rotate(store, new, clock, manner(clock, told))
                break
            except Killed:
                ended += 1
            if "next master key" not in await held(store._runner):
                break
        for valid in (key, new):
            async with opened(url, valid, clock) as reader:
                assert await everything(reader) == before
    assert ended > len(PEOPLE) // BATCH
    assert await under(filled, new) == len(PEOPLE)
    assert await under(filled, key) == 0
    async with opened(url, new, clock) as store:
        assert await everything(store) == before
        actions = [row.action for row in await store.audit.recent(limit=9)]
    assert actions == ["key rotation done", "key rotation begun"]


async def test_a_step_that_fails_half_way_leaves_what_was_and_is_done_again(
    url: str, filled: Store, key: MasterKey, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first writing statement of a rotation fails, of the next one the second, and so on."""
    before, old, failing, writes = await everything(filled), key, 0, 0
    async with filled._runner.transaction() as tx:
        kind = type(tx)
    real = kind.execute, kind.execute_many

    def failing_at(one: Callable[..., object]) -> Callable[..., object]:
        async def run(self: object, *statement: object, **values: object) -> object:
            nonlocal writes
            writes += 1
            if writes == failing:
                raise StorageError("the disk is full")
            return await one(self, *statement, **values)  # type: ignore[misc]

        return run

    at_once = Manner(batch=1000, pause=0)
    while True:
        failing, writes, new = failing + 1, 0, MasterKey.generate()
        with monkeypatch.context() as patch:
            patch.setattr(kind, "execute", failing_at(real[0]))
            patch.setattr(kind, "execute_many", failing_at(real[1]))
            async with opened(url, old, clock) as store:
                try:
                    await rotate(store, new, clock, at_once)
                    break
                except StorageError as error:
                    assert str(error) == "the disk is full"  # noqa: PT017
        begun = "next master key" in await held(filled._runner)
        for valid in (old, new) if begun else (old,):
            async with opened(url, valid, clock) as reader:
                assert await everything(reader) == before
        async with opened(url, old, clock) as store:
            await rotate(store, new, clock, at_once)
        old = new
    assert failing > 10
    async with opened(url, new, clock) as store:
        assert await everything(store) == before
        assert await under(store, old) == 0


async def test_those_who_are_there_are_waited_for_until_they_know_the_new_key(
    url: str, filled: Store, key: MasterKey, new: MasterKey, clock: Clock
) -> None:
    """A bot's clock is an hour slow: it is alive because it goes on saying something."""
    slow = Clock()
    slow.now = clock.in_(hours=-1)
    looks = 0
    async with opened(url, key, slow) as bot, opened(url, key, clock) as rotating:
        before = await everything(bot)
        await bot.processes.beat("bot")
        going = manner(clock)

        async def sleep(seconds: float) -> None:
            nonlocal looks
            looks += 1
            slow.advance(seconds=seconds)
            assert await under(bot, new) == 0 or looks > 15
            if looks == 15:
                await bot.processes.beat("bot")
            await going.sleep(seconds)

        await rotate(rotating, new, clock, Manner(batch=BATCH, sleep=sleep))
        assert looks > 15
        assert await everything(bot) == before
        await bot.people.arrive(LI, name="Li", language="zh")
        await bot.processes.leave("bot")
        assert await bot.processes.all() == []
    assert await under(filled, new) == len(PEOPLE) + 1


async def test_a_rotation_during_a_backup_leaves_nothing_in_the_file_once_that_is_over(
    on_file: Store, file: Path, key: MasterKey, new: MasterKey, clock: Clock
) -> None:
    await on_file.people.arrive(LI, name="Li", language="zh")
    ((_, _, wrapped, _),) = await on_file._runner.fetch(ALL_KEYS)
    url = f"sqlite:///{file}"
    async with opened(url, key, clock) as rotating, snapshot(url):
        await rotating.rotation.begin(new)
        await on_file.processes.beat("bot")
        assert len(on_file._vault.masters()) == 2
        await rotate(rotating, new, clock, manner(clock))
    assert wrapped in file.read_bytes()
    await on_file.processes.beat("bot")
    for side in ("", "-wal"):
        assert wrapped not in file.with_name(f"{file.name}{side}").read_bytes()
    assert [master.id for master in on_file._vault.masters()] == [new.id]


async def test_one_that_ended_without_a_word_is_dead_in_a_minute(
    filled: Store, new: MasterKey, clock: Clock, url: str, key: MasterKey
) -> None:
    async with opened(url, key, clock) as gone:
        await gone.processes.beat("gone")
    began = clock.now
    await rotate(filled, new, clock, manner(clock))
    assert 59 <= (clock.now - began).total_seconds() < 90
    await filled.processes.purge(clock.now)
    assert await filled.processes.all() == []


async def test_one_that_lives_and_never_takes_the_new_key_keeps_the_old_one_in_force(
    url: str, filled: Store, key: MasterKey, new: MasterKey, clock: Clock
) -> None:
    before, going = await everything(filled), manner(clock)
    deaf = filled.processes
    await deaf._say("deaf")
    async with opened(url, key, clock) as rotating:

        async def sleep(seconds: float) -> None:
            await deaf._say("deaf")
            await going.sleep(seconds)

        with pytest.raises(StorageError, match="1 running processes have not taken the new key"):
            await rotate(rotating, new, clock, Manner(batch=BATCH, sleep=sleep))
    assert await under(filled, key) == len(PEOPLE)
    for valid in (key, new):
        async with opened(url, valid, clock) as store:
            assert await everything(store) == before
            await store.people.arrive(LI, name="Li", language="zh")
    await filled.processes.leave("deaf")
    async with opened(url, new, clock) as store:
        assert (await rotate(store, new, clock, manner(clock))).proved == len(PEOPLE) + 1


async def test_nobody_is_met_under_a_key_that_is_not_in_force(
    url: str, filled: Store, key: MasterKey, new: MasterKey, clock: Clock
) -> None:
    """A process that slept through the rotation meets somebody during it, and after it."""
    async with opened(url, key, clock) as sleeper, opened(url, key, clock) as other:

        def told(step: Step, _: int) -> None:
            if step == "in force":
                raise Killed

        with pytest.raises(Killed):
            await rotate(filled, new, clock, manner(clock, told))
        met = await other.people.arrive(LI, name="Li", language="zh")
        assert met.name == "Li"
        assert await under(filled, new) == 1
        await rotate(filled, new, clock, manner(clock))
        with pytest.raises(WrongKeyError, match="was replaced"):
            await sleeper.people.arrive(LI + 1, name="Wang", language="zh")
        with pytest.raises(WrongKeyError, match="was replaced"):
            await sleeper.processes.beat("sleeper")
        for who in PEOPLE:
            with pytest.raises(SealError):
                await sleeper.people.get(who)
    assert await under(filled, key) == 0
    assert await under(filled, new) == len(PEOPLE) + 1


async def test_somebody_met_in_a_transaction_that_lasts_is_not_left_behind(
    url: str, filled: Store, key: MasterKey, new: MasterKey, clock: Clock
) -> None:
    async with opened(url, key, clock) as bot:
        async with bot.transaction() as tx:
            await tx.people.arrive(LI, name="Li", language="zh")
            going = asyncio.create_task(rotate(filled, new, clock, manner(clock)))
            done, _ = await asyncio.wait([going], timeout=0.5)
            assert not done
        assert (await going).proved == len(PEOPLE) + 1
        assert await under(filled, key) == 0
    async with opened(url, new, clock) as store:
        assert (person := await store.people.get(LI)) is not None
        assert person.name == "Li"


async def test_people_come_and_go_while_the_key_is_rotated(
    url: str, filled: Store, key: MasterKey, new: MasterKey, clock: Clock
) -> None:
    """Somebody is erased and comes again, others come, all rename themselves at once."""
    names: dict[int, str] = {}
    async with opened(url, key, clock) as bot:
        await bot.processes.beat("bot")

        async def live() -> None:
            for turn in range(3):
                for who in PEOPLE:
                    await bot.people.change(who, name=f"{turn} {who}")
                    names[who] = f"{turn} {who}"
                    await bot.processes.beat("bot")  # as often as its rotation's clock asks
                await bot.people.set_panels(dict.fromkeys(reversed(PEOPLE), turn))
                await bot.people.forget(110)
                await bot.people.arrive(110, name="Again", language="zh")
                await bot.people.arrive(200 + turn, name=f"New {turn}", language="zh")
                await bot.processes.beat("bot")

        living = asyncio.create_task(live())
        done = await rotate(filled, new, clock, manner(clock))
        await living
        assert done.rewrapped >= len(PEOPLE) - 1
    assert await under(filled, key) == 0
    async with opened(url, new, clock) as store:
        for who, name in {**names, 110: "Again", 200: "New 0", 202: "New 2"}.items():
            assert (person := await store.people.get(who)) is not None
            assert person.name == name


async def test_a_row_somebody_holds_is_passed_by_and_comes_later(
    url: str, filled: Store, key: MasterKey, new: MasterKey, clock: Clock
) -> None:
    if url.startswith("sqlite"):
        pytest.skip("one writes at a time on SQLite")
    exchange = await filled.rotation.begin(new)
    await filled.rotation.hand_over(exchange)
    async with opened(url, key, clock) as bot:
        async with bot.transaction() as tx:
            await tx.people.change(100, name="Held")
            assert await filled.rotation.rewrap(0, 1000) == (124, len(PEOPLE) - 1)
            assert not await filled.rotation.finish(exchange)
        assert await filled.rotation.rewrap(0, 1000) == (100, 1)
        assert await filled.rotation.finish(exchange)


async def test_two_who_rotate_at_once_to_one_key_both_end_well(
    url: str, filled: Store, key: MasterKey, new: MasterKey, clock: Clock
) -> None:
    await filled.rotation.begin(new)
    async with opened(url, key, clock) as one, opened(url, new, clock) as other:
        done = await asyncio.gather(
            rotate(one, new, clock, manner(clock)), rotate(other, new, clock, manner(clock))
        )
    assert [run.proved for run in done] == [len(PEOPLE)] * 2
    assert await under(filled, key) == 0
    actions = [row.action for row in await filled.audit.recent(limit=9)]
    assert actions == ["key rotation done", "key rotation begun"]


async def test_a_key_that_will_not_do_is_refused(
    filled: Store, key: MasterKey, new: MasterKey, clock: Clock
) -> None:
    with pytest.raises(StorageError, match="under this master key already"):
        await rotate(filled, key, clock, manner(clock))
    await filled.rotation.begin(new)
    with pytest.raises(StorageError, match="another master key is under way"):
        await rotate(filled, MasterKey.generate(), clock, manner(clock))
    with pytest.raises(StorageError, match="began meanwhile"):
        await filled.rotation.begin(MasterKey.generate())
    await rotate(filled, new, clock, manner(clock))
    with pytest.raises(StorageError, match="was replaced before"):
        await rotate(filled, key, clock, manner(clock))
    third = MasterKey.generate()
    assert (await rotate(filled, third, clock, manner(clock))).rewrapped == len(PEOPLE)


async def test_a_key_that_opens_with_neither_stops_the_rotation_and_loses_nothing(
    url: str, filled: Store, key: MasterKey, new: MasterKey, clock: Clock
) -> None:
    broken = update(people).where(people.c.id == 110).values(wrapped_key=b"\x01" + bytes(60))
    await filled._runner.execute(broken)
    with pytest.raises(StorageError, match="keys of 1 people open with neither"):
        await rotate(filled, new, clock, manner(clock))
    for valid in (key, new):
        async with opened(url, valid, clock) as store:
            assert (await store.people.get(124)) is not None
    mislabelled = update(people).values(master_id=new.id)
    await filled._runner.execute(mislabelled)
    with pytest.raises(StorageError, match="open with neither"):
        await rotate(filled, new, clock, manner(clock))
    assert await filled.rotation.under_way() is not None


async def test_the_keys_of_a_rotation_are_readable_for_their_purpose_only(
    filled: Store, key: MasterKey, new: MasterKey
) -> None:
    await filled.rotation.begin(new)
    rows = await held(filled._runner)
    assert key.open_key(rows["next master key"], "next master key").id == new.id
    assert new.open_key(rows["previous master key"], "previous master key").id == key.id
    for who, name, purpose in (
        (new, "next master key", "next master key"),
        (key, "next master key", "previous master key"),
        (MasterKey.generate(), "previous master key", "previous master key"),
    ):
        with pytest.raises(SealError):
            who.open_key(rows[name], purpose)
