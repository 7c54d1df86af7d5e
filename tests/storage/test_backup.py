"""A backup holds everything, comes back as it was, and is refused if it is not whole."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import random
import shutil
import sqlite3
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pyrage  # type: ignore[import-untyped]
import pytest
from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Table, insert

from bot.bookings import Bookings
from bot.issuers import Issuers
from storage import MasterKey, NewEntry, StorageError, Store, WrongKeyError, open_store
from storage import snapshot as snapshots
from storage.agefile import Lock, Unlock, read
from storage.backup import KEYS, open_keys, write_keys
from storage.dump import BackupError, Reader, lines
from storage.filling import Filling
from storage.restore import check
from storage.schema import UtcTime, metadata
from storage.snapshot import engine_for, reflected, snapshot
from storage.verify import verify_database
from tests.storage.backups import IDENTITY, LOCK, UNLOCK, Backups, everything
from tests.storage.conftest import LI, WANG, Clock, coffee, with_card
from tests.storage.test_bookings import yuan
from tests.storage.test_secrecy import live_a_life

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres import Postgres

GUEST: Final = 7_000_000_000
CHOSEN: Final = {
    "people.id": GUEST,
    "people.access": "asked",
    "cards.episode": "zero",
    "cards.balance_source": "message",
    "outbox.outcome": "given up",
    "shares.right": "spend",
    "share_links.right": "own",
    "group_shares.right": "spend",
    "tickets.state": "answered",
    "ticket_messages.by": "operator",
}
"""What a row made up below must say for the tables' own checks."""


@pytest.fixture
def backups(url: str, tmp_path: Path, clock: Clock) -> Backups:
    return Backups(url, tmp_path / "backups", clock)


@pytest.fixture(params=["sqlite", "postgresql"])
async def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place of each kind to restore into."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new home/restored.db"
    server: Postgres | None = request.getfixturevalue("server")
    if server is None:
        pytest.skip("this machine has no PostgreSQL server")
    return await server.new_database()


def made_up(table: Table, number: int) -> dict[str, Any]:
    """A row in which nothing is missing, with values that are easily lost on the way."""
    row: dict[str, Any] = {}
    for column in table.columns:
        name = f"{table.name}.{column.name}"
        if column.foreign_keys:
            theirs = next(iter(column.foreign_keys)).column
            row[column.name] = made_up(theirs.table, number)[theirs.name]
        elif name in CHOSEN:
            row[column.name] = CHOSEN[name]
        elif isinstance(column.type, LargeBinary):
            row[column.name] = b'\x00\xff\n"' + name.encode() + bytes([number])
        elif isinstance(column.type, Boolean):
            row[column.name] = number % 2 == 0
        elif isinstance(column.type, BigInteger):
            named = metadata.tables[table.name].columns[column.name]
            row[column.name] = (2**50 if isinstance(named.type, UtcTime) else 2**62) + number
        elif isinstance(column.type, Integer):
            row[column.name] = -(2**31) + number
        else:
            row[column.name] = f'{name} 咖啡 \U0001f42b "\\\n\t{number}'
    return row


async def fill(url: str) -> None:
    """Put a made-up row into every table."""
    engine = engine_for(url)
    async with engine.begin() as connection:
        for table in await connection.run_sync(reflected):
            await connection.execute(insert(table), [made_up(table, 1)])
    await engine.dispose()


async def test_every_field_of_every_table_comes_back_from_each_database_into_each(
    store: Store, url: str, elsewhere: str, key: MasterKey, clock: Clock, backups: Backups
) -> None:
    for owner in (LI, WANG):
        await live_a_life(store, clock, owner)
    await store.audit.append("bound", subject=LI, actor=LI, detail={"card": "one"})
    await store.close()
    await fill(url)
    before = await everything(url)
    assert before.keys() == metadata.tables.keys()
    filled = {
        f"{table}.{name}"
        for table, rows in before.items()
        for row in rows
        for name, value in row.items()
        if value is not None
    }
    every = {f"{table.name}.{c.name}" for table in metadata.sorted_tables for c in table.columns}
    assert filled == every, "a column that nothing was ever put into would prove nothing"
    await backups.make()
    restored = await backups.restore(elsewhere, key)
    after = await everything(elsewhere)
    assert before.pop("inbox"), "what is being answered is nobody's, so it is in no backup"
    assert after.pop("inbox") == []
    assert restored.rows.pop("inbox") == 0
    assert after == before
    assert restored.rows == {name: len(rows) for name, rows in before.items()}
    assert (restored.erased_people, restored.erased_cards) == (0, 0)
    again = await open_store(elsewhere, key, clock=clock)
    (card,) = await again.cards.list(WANG)
    assert (await again.cards.secrets(WANG, card.id))["pin"] == "83920174"
    await again.close()


async def test_a_passphrase_opens_what_it_locked_and_no_other_does(
    store: Store, tmp_path: Path, key: MasterKey, clock: Clock, backups: Backups
) -> None:
    await live_a_life(store, clock)
    backups.lock = Lock(passphrase="correct horse battery")
    backups.unlock = Unlock(passphrase="correct horse battery staple")
    target = f"sqlite:///{tmp_path}/restored.db"
    await backups.make()
    for wrong in (backups.unlock, UNLOCK):
        backups.unlock = wrong
        with pytest.raises(StorageError, match="passphrase"):
            await backups.restore(target, key)
    assert not (tmp_path / "restored.db").exists()
    backups.unlock = Unlock(passphrase="correct horse battery")
    restored = await backups.restore(target, key)
    assert restored.rows["cards"] == 1


async def test_rows_to_come_are_counted_on_and_no_entrys_number_comes_twice(
    store: Store, elsewhere: str, key: MasterKey, clock: Clock, backups: Backups
) -> None:
    card = await with_card(store)
    new = NewEntry(clock.now, -5, "CNY", "purchase", "Latte", "holder")
    kept = await store.ledger.book(LI, card.id, new)
    undone = await store.ledger.book(LI, card.id, new)
    assert kept is not None
    assert undone is not None
    await store.ledger.remove(LI, card.id, undone.id)
    await backups.make()
    await backups.restore(elsewhere, key)
    again = await open_store(elsewhere, key, clock=clock)
    next_one = await again.ledger.book(LI, card.id, new)
    assert next_one is not None
    assert next_one.id > undone.id
    assert await again.outbox.put(LI, card.id, "low", {}, key="k", not_before=clock.now)
    await again.close()


async def test_a_backup_taken_while_everybody_writes_is_of_one_moment(
    store: Store,
    tmp_path: Path,
    key: MasterKey,
    clock: Clock,
    backups: Backups,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshots, "BATCH", 3)
    bookings = Bookings(store, Issuers([]), clock)
    cards = [await with_card(store, number=f"622200001111{n}") for n in range(2000, 2010)]
    for card in cards:
        await bookings.set(LI, card.id, yuan(100_000))
    spent = 0
    over = asyncio.Event()

    async def spends(card_id: str) -> None:
        nonlocal spent
        while not over.is_set():
            await bookings.book(LI, card_id, kind="purchase", change=yuan(-1))
            spent += 1

    spending = [asyncio.create_task(spends(card.id)) for card in cards]
    for number in range(3):
        before = spent
        await backups.make(f"{number}.age")
        assert spent > before, "somebody wrote meanwhile"
    over.set()
    await asyncio.gather(*spending)
    for number in range(3):
        restored = await backups.restore(f"sqlite:///{tmp_path}/{number}.db", key, f"{number}.age")
        assert restored.report.fine, restored.report.faults
        assert restored.report.added_up == len(cards)


async def test_whoever_is_erased_is_erased_from_old_backups_too_and_nobody_else(
    store: Store, elsewhere: str, url: str, key: MasterKey, clock: Clock, backups: Backups
) -> None:
    await live_a_life(store, clock, LI)
    await live_a_life(store, clock, WANG)
    await backups.make()
    keys = backups.folder / KEYS
    linked = backups.folder / "the old blocks"
    linked.hardlink_to(keys)
    old = keys.read_bytes()
    await store.people.forget(LI)
    await write_keys(url, backups.folder, LOCK, clock())
    assert linked.read_bytes() != old, "the old file's blocks are written over"
    with pytest.raises(StorageError):
        open_keys(linked, UNLOCK)
    restored = await backups.restore(elsewhere, key)
    assert (restored.erased_people, restored.erased_cards) == (1, 1)
    assert restored.rows["people"] == 1
    again = await open_store(elsewhere, key, clock=clock)
    assert await again.people.get(LI) is None
    assert await again.cards.list(LI) == []
    (card,) = await again.cards.list(WANG)
    assert (await again.cards.secrets(WANG, card.id))["pin"] == "83920174"
    await again.close()


async def test_whoever_comes_back_after_erasing_does_not_get_their_old_cards_back(
    store: Store, tmp_path: Path, key: MasterKey, clock: Clock, backups: Backups
) -> None:
    await live_a_life(store, clock, LI)
    await backups.make()
    await store.people.forget(LI)
    await store.people.arrive(LI, name="Li again", language=None)
    await backups.make("two.age")
    restored = await backups.restore(f"sqlite:///{tmp_path}/restored.db", key)
    assert (restored.erased_people, restored.erased_cards) == (1, 1)


async def test_a_backup_alone_holds_no_key_and_nothing_that_was_said(
    store: Store, clock: Clock, backups: Backups
) -> None:
    await live_a_life(store, clock, LI)
    made = await backups.make()
    wrapped = await store._runner.fetch(metadata.tables["people"].select())
    keys = open_keys(backups.folder / KEYS, UNLOCK)
    content = io.BytesIO()
    read(made.path, UNLOCK, content)
    text = gzip.decompress(content.getvalue())
    assert {row[2] for row in wrapped} == {key[1] for key in keys.people.values()}
    assert b"wrapped_key" in text
    for row in (row for row in text.splitlines() if row.startswith(b'["people"')):
        assert row.count(b"null") > 1
    for secret in [row[2] for row in wrapped] + list(keys.meta.values()):
        assert base64.b64encode(secret) not in text
    assert b"6222847190355168" not in text


async def test_after_a_new_master_key_old_backups_open_with_it_and_with_no_other(
    store: Store, url: str, tmp_path: Path, key: MasterKey, clock: Clock, backups: Backups
) -> None:
    await live_a_life(store, clock, LI)
    await backups.make()
    new = MasterKey.generate()
    exchange = await store.rotation.begin(new)
    await write_keys(url, backups.folder, LOCK, clock())
    for number, either in enumerate((key, new)):
        middle = await backups.restore(f"sqlite:///{tmp_path}/{number}.db", either)
        assert middle.rows["cards"] == 1
    await store.rotation.hand_over(exchange)
    await store.rotation.rewrap(-1, 100)
    assert await store.rotation.finish(exchange)
    await write_keys(url, backups.folder, LOCK, clock())
    with pytest.raises(WrongKeyError, match=new.id):
        await backups.restore(f"sqlite:///{tmp_path}/restored.db", key)
    assert not (tmp_path / "restored.db").exists()
    restored = await backups.restore(f"sqlite:///{tmp_path}/restored.db", new)
    assert restored.rows["cards"] == 1


async def test_nothing_is_written_over(
    store: Store, elsewhere: str, key: MasterKey, clock: Clock, backups: Backups
) -> None:
    await live_a_life(store, clock, LI)
    await backups.make()
    await backups.restore(elsewhere, key)
    before = await everything(elsewhere)
    with pytest.raises(StorageError, match="nothing is written over"):
        await backups.restore(elsewhere, key)
    assert await everything(elsewhere) == before


async def test_a_postgresql_that_the_bot_has_only_been_started_on_is_empty(
    on_file: Store, server: Postgres | None, tmp_path: Path, key: MasterKey, clock: Clock
) -> None:
    if server is None:
        pytest.skip("this machine has no PostgreSQL server")
    await live_a_life(on_file, clock, LI)
    target = await server.new_database()
    await (await open_store(target, MasterKey.generate(), clock=clock)).close()
    backups = Backups(f"sqlite:///{tmp_path}/kabao.db", tmp_path / "backups", clock)
    await backups.make()
    await backups.restore(target, key)
    assert await everything(target) == await everything(backups.url)


@pytest.mark.parametrize(
    ("left", "said"), [("a log", "an audit log"), ("a bot that runs", "stop it")]
)
async def test_a_postgresql_that_was_used_or_is_in_use_is_not_empty(
    on_file: Store,
    server: Postgres | None,
    tmp_path: Path,
    key: MasterKey,
    clock: Clock,
    left: str,
    said: str,
) -> None:
    if server is None:
        pytest.skip("this machine has no PostgreSQL server")
    await live_a_life(on_file, clock, LI)
    target = await server.new_database()
    used = await open_store(target, key)
    await used.audit.append("started")
    if left == "a log":
        await with_card(used, WANG)
        await used.people.forget(WANG)
    else:
        await used.processes.beat("the bot")
    before = await everything(target)
    backups = Backups(f"sqlite:///{tmp_path}/kabao.db", tmp_path / "backups", clock)
    await backups.make()
    with pytest.raises(StorageError, match=said):
        await backups.restore(target, key)
    assert await everything(target) == before
    await used.processes.leave("the bot")
    await used.close()
    if left == "a bot that runs":
        await backups.restore(target, key)


async def test_a_database_that_came_to_be_during_a_restore_is_not_written_over(
    store: Store,
    tmp_path: Path,
    key: MasterKey,
    clock: Clock,
    backups: Backups,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await live_a_life(store, clock, LI)
    await backups.make()
    end, target = Filling.end, f"sqlite:///{tmp_path}/restored.db"

    async def ends(filling: Filling) -> None:
        await end(filling)
        started = await open_store(target, key, clock=clock)
        await with_card(started, WANG)
        await started.close()

    monkeypatch.setattr(Filling, "end", ends)
    with pytest.raises(StorageError, match="nothing is written over"):
        await backups.restore(target, key)
    started = await open_store(target, key, clock=clock)
    assert len(await started.cards.list(WANG)) == 1
    await started.close()


async def test_a_log_left_by_another_database_is_not_taken_for_the_new_ones(
    store: Store, tmp_path: Path, key: MasterKey, clock: Clock, backups: Backups
) -> None:
    await live_a_life(store, clock)
    await backups.make()
    (tmp_path / "restored.db-wal").write_bytes(b"left")
    with pytest.raises(StorageError, match=r"restored.db-wal is there al"):
        await backups.restore(f"sqlite:///{tmp_path}/restored.db", key)
    assert not (tmp_path / "restored.db").exists()


@pytest.mark.parametrize("how", ["fails", "is cut off"])
async def test_a_restore_that_ends_in_the_middle_leaves_nothing_usable(
    store: Store,
    elsewhere: str,
    key: MasterKey,
    clock: Clock,
    backups: Backups,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    await live_a_life(store, clock, LI)
    await backups.make()
    end, reached = Filling.end, asyncio.Event()

    async def ends(filling: Filling) -> None:
        await end(filling)
        reached.set()
        if how == "fails":
            raise StorageError("the disk is full")
        await asyncio.Event().wait()

    monkeypatch.setattr(Filling, "end", ends)
    restoring = asyncio.create_task(backups.restore(elsewhere, key))
    waiting = asyncio.create_task(reached.wait())
    await asyncio.wait({waiting, restoring}, return_when=asyncio.FIRST_COMPLETED)
    assert reached.is_set()
    if how == "is cut off":
        restoring.cancel()
    with pytest.raises((StorageError, asyncio.CancelledError)):
        await restoring
    with pytest.raises(StorageError, match="no database"):
        await everything(elsewhere)
    monkeypatch.setattr(Filling, "end", end)
    await backups.restore(elsewhere, key)


async def test_a_changed_or_cut_off_file_is_refused_wherever_it_was(
    on_file: Store, file: Path, tmp_path: Path, key: MasterKey, clock: Clock
) -> None:
    await live_a_life(on_file, clock, LI)
    backups = Backups(f"sqlite:///{file}", tmp_path / "backups", clock)
    whole = (await backups.make()).path.read_bytes()
    broken = backups.folder / "broken.age"
    chance = random.Random(4)  # noqa: S311 (places in a file)
    places = [*range(0, 300, 7), *chance.sample(range(300, len(whole)), 80), len(whole) - 1]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        broken.write_bytes(changed)
        with pytest.raises(StorageError):
            check(broken, UNLOCK)
    for length in [0, 1, 21, 100, *chance.sample(range(len(whole)), 60), len(whole) - 1]:
        broken.write_bytes(whole[:length])
        with pytest.raises(StorageError):
            check(broken, UNLOCK)
    with pytest.raises(StorageError):
        await backups.restore(f"sqlite:///{tmp_path}/restored.db", key, "broken.age")
    assert not [*tmp_path.glob("*restored*")]
    broken.write_bytes(whole)
    assert check(broken, UNLOCK)[1]["cards"] == 1


def took(packed: bytes, size: int = 64) -> dict[str, int]:
    """Read a backup that is not encrypted, a few bytes at a time."""
    reader = Reader(lambda _header: None, lambda _table, _row: None)
    for start in range(0, len(packed), size):
        reader.write(packed[start : start + size])
    reader.close()
    return reader.counts


async def test_a_backup_that_somebody_packed_anew_is_refused_by_its_own_checksum(
    on_file: Store, file: Path, clock: Clock
) -> None:
    await live_a_life(on_file, clock, LI)
    async with snapshot(f"sqlite:///{file}") as taken:
        written = [line async for batch in lines(taken, clock()) for line in batch]
    whole = gzip.compress(b"".join(written))
    assert took(whole)["cards"] == 1
    first, *rows, last = written
    balance = next(i for i, row in enumerate(rows) if b"3766" in row)
    richer = [*rows]
    richer[balance] = rows[balance].replace(b"3766", b"9999")
    wrong = {
        "a balance was changed": [first, *richer, last],
        "a row is missing": [first, *rows[1:], last],
        "a row came twice": [first, *rows, rows[0], last],
        "rows changed places": [first, *rows[::-1], last],
        "the end is missing": [first, *rows],
        "something follows": [*written, rows[0]],
        "of another version": [
            first.replace(b'"kabao backup":1', b'"kabao backup":2'),
            *rows,
            last,
        ],
        "no header": [*rows, last],
        "an unknown table": [first, b'["pets",1]\n', *rows, last],
        "no JSON": [first, b"{\n", *rows, last],
    }
    for story, said in wrong.items():
        with pytest.raises(BackupError):
            took(gzip.compress(b"".join(said)))
        assert story
    for place in range(0, len(whole), 5):
        changed = bytearray(whole)
        changed[place] ^= 4
        with suppress(BackupError):  # a bit of gzip's own header says nothing
            assert took(bytes(changed)) == took(whole)
            assert place < 10 or place == len(whole) - 9, "nor do the last byte's unused bits"
    with pytest.raises(BackupError, match="follows its end"):
        took(whole + b"more", len(whole) + 4)


async def test_a_backup_of_a_newer_version_is_refused_in_one_sentence(
    on_file: Store,
    file: Path,
    tmp_path: Path,
    key: MasterKey,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await live_a_life(on_file, clock, LI)
    backups = Backups(f"sqlite:///{file}", tmp_path / "backups", clock)
    monkeypatch.setattr(snapshots, "HEAD", "9999")
    on_file_at = sqlite3.connect(file)
    on_file_at.execute("UPDATE alembic_version SET version_num = '9999'")
    on_file_at.commit()
    on_file_at.close()
    await backups.make()
    with pytest.raises(BackupError, match="newer version of Kabao"):
        await backups.restore(f"sqlite:///{tmp_path}/restored.db", key)
    assert not (tmp_path / "restored.db").exists()


async def test_another_identity_opens_nothing_and_nobody_is_a_recipient_by_mistake(
    on_file: Store, file: Path, tmp_path: Path, clock: Clock
) -> None:
    await live_a_life(on_file, clock)
    backups = Backups(f"sqlite:///{file}", tmp_path / "backups", clock)
    made = await backups.make()
    other = str(pyrage.x25519.Identity.generate())
    for unlock in (Unlock(identities=other), Unlock(passphrase="x"), Unlock()):
        with pytest.raises(StorageError, match="identity"):
            check(made.path, unlock)
    with pytest.raises(StorageError, match="age-keygen"):
        check(made.path, Unlock(identities="AGE-SECRET-KEY-1NONE"))
    for nobody in ((), ("age1nobody",)):
        with pytest.raises(StorageError):
            Lock(nobody)
    (tmp_path / "letter.txt").write_text("Dear Li")
    with pytest.raises(StorageError, match="not a backup"):
        check(tmp_path / "letter.txt", UNLOCK)
    with pytest.raises(StorageError, match="cannot be read"):
        check(tmp_path / "nowhere", UNLOCK)


@pytest.mark.skipif(shutil.which("age") is None, reason="this machine has no age")
async def test_anybodys_age_opens_a_backup(
    on_file: Store, file: Path, tmp_path: Path, clock: Clock
) -> None:
    await live_a_life(on_file, clock, LI)
    backups = Backups(f"sqlite:///{file}", tmp_path / "backups", clock)
    made = await backups.make()
    (tmp_path / "identity").write_text(IDENTITY)
    opened = await asyncio.to_thread(
        subprocess.run,
        ["age", "-d", "-i", str(tmp_path / "identity"), str(made.path)],
        capture_output=True,
        check=True,
    )
    assert gzip.decompress(opened.stdout).startswith(b'{"kabao backup":1,')


async def test_only_its_owner_reads_a_backup_and_a_failed_one_leaves_no_part_behind(
    on_file: Store, file: Path, tmp_path: Path, clock: Clock
) -> None:
    await live_a_life(on_file, clock, LI)
    backups = Backups(f"sqlite:///{file}", tmp_path / "backups", clock)
    made = await backups.make()
    assert {oct(one.stat().st_mode & 0o777) for one in backups.folder.iterdir()} == {"0o600"}
    assert made.size == made.path.stat().st_size
    before = sorted(backups.folder.iterdir())
    raw = sqlite3.connect(file)
    raw.execute("UPDATE cards SET label = 'by hand'")
    raw.commit()
    raw.close()
    with pytest.raises(StorageError, match=r"cards.label is not bytes"):
        await backups.make("two.age")
    with pytest.raises(StorageError, match="cannot be written"):
        await backups.make("nowhere/two.age")
    assert sorted(backups.folder.iterdir()) == before


async def test_a_restored_database_verifies(
    store: Store, elsewhere: str, key: MasterKey, clock: Clock, backups: Backups
) -> None:
    await store.people.arrive(LI, name="Li", language=None)
    card = await store.cards.add(LI, coffee())
    await Bookings(store, Issuers([]), clock).set(LI, card.id, yuan(500))
    await backups.make()
    restored = await backups.restore(elsewhere, key)
    report = await verify_database(elsewhere, key)
    assert report.fine, report.faults
    assert restored.report == report
    assert (report.people, report.cards, report.added_up) == (1, 1, 1)
