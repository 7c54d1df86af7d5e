from __future__ import annotations

import base64
import shutil
import sqlite3
from typing import TYPE_CHECKING

from storage import NewEntry, open_store, receipt
from storage.schema import metadata, people
from storage.snapshot import snapshot
from tests.storage.conftest import LI, Clock, coffee

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Table

    from storage import Card, MasterKey, Store

NUMBER, PIN = "6222847190355168", "83920174"
LABEL, NAME, WORDS = "Lunch 午餐卡 Wangfujing", "Li Lei 李雷 of Chaoyang", "Latte 拿铁 at Sanlitun"
BOT_SAYS = "your number is 6222847190355168"
TOLD = (NUMBER, PIN, LABEL, NAME, WORDS, NUMBER[-8:], BOT_SAYS)


async def live_a_life(store: Store, clock: Clock, owner: int = LI) -> Card:
    """Leave a trace in every table."""
    receipt.set(owner % 1000)
    await store.people.arrive(owner, name=NAME, language="zh-hans")
    card = await store.cards.add(
        owner,
        coffee(NUMBER, label=LABEL, secrets={"number": NUMBER, "pin": PIN}, balance_minor=3766),
    )
    entry = NewEntry(clock.now, -5, "CNY", "purchase", WORDS, "issuer", external_id=NUMBER)
    await store.ledger.add(owner, card.id, [entry])
    await store.outbox.put(
        owner, card.id, "low", {"label": LABEL, "says": BOT_SAYS}, key="k", not_before=clock.now
    )
    await store.dialogues.put(
        owner, {"number": NUMBER, "pin": PIN, "said": BOT_SAYS}, clock.in_(minutes=15)
    )
    await store.cards.change(owner, card.id, label=f"{LABEL} again")
    await store.cards.replace_secrets(
        owner, card.id, {"number": NUMBER, "pin": PIN}, NUMBER, NUMBER[-4:]
    )
    assert await store.cards.secrets(owner, card.id) == {"number": NUMBER, "pin": PIN}
    receipt.set(None)
    return card


def spellings(text: str) -> Iterator[bytes]:
    """The ways in which a text may lie in a file."""
    plain = [text, text[::-1]]
    if text.isdigit():
        plain += [f"{text[:4]}{gap}{text[4:8]}" for gap in " -"]
        plain += ["\0".join(text), ",".join(text), " ".join(text)]
        yield bytes.fromhex(text)
        yield bytes(int(digit) for digit in text)
        yield int(text).to_bytes(8)
        yield int(text).to_bytes(8, "little")
    for one in plain:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "gb18030"):
            raw = one.encode(encoding)
            yield raw
            yield raw.hex().encode()
            yield raw.hex().upper().encode()
            for skipped in range(3):
                # Base64 spells the same bytes in three ways, by where they begin.
                coded = base64.b64encode(bytes(skipped) + raw)[4:-4]
                if len(coded) >= 6:
                    yield coded


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("kabao.db*")))


async def test_no_number_pin_or_label_lies_in_the_file_in_any_encoding(
    on_file: Store, file: Path, clock: Clock
) -> None:
    for owner in range(LI, LI + 5):
        await live_a_life(on_file, clock, owner)
    held = everything_in(file.parent)
    assert LI.to_bytes(6) in held, "the log is looked at too"
    for text in TOLD:
        for spelled in spellings(text):
            assert spelled not in held
    await on_file.close()
    held = everything_in(file.parent)
    for text in TOLD:
        for spelled in spellings(text):
            assert spelled not in held


async def test_no_column_on_either_database_holds_what_was_said(store: Store, clock: Clock) -> None:
    await live_a_life(store, clock)
    values: list[object] = []
    for table in metadata.sorted_tables:
        for row in await store._runner.fetch(table.select()):
            values += row
    held = b"".join(v if isinstance(v, bytes) else str(v).encode() for v in values)
    for text in TOLD:
        for spelled in spellings(text):
            assert spelled not in held


def whose(table: Table) -> str | None:
    """The column of a table that says whose a row is, if rows go with their person."""
    names = [c.name for c in table.columns if c.name in {"owner_id", "person_id", "created_by"}]
    return names[0] if names else None


def blobs_of(file: Path, owner: int) -> set[bytes]:
    """Every sealed value of a person, in runs short enough to be found in half a page."""
    connection = sqlite3.connect(file)
    found: set[bytes] = set()
    for table in metadata.sorted_tables:
        mine = "id" if table.name == "people" else whose(table)
        if mine is None:
            continue
        rows = connection.execute(f"SELECT * FROM {table.name} WHERE {mine} = ?", (owner,))  # noqa: S608
        values = [value for row in rows for value in row if isinstance(value, bytes)]
        found |= {value[at : at + 12] for value in values for at in range(0, len(value) - 12, 6)}
    connection.close()
    return found


async def test_nothing_of_a_forgotten_person_is_left_in_the_file(
    on_file: Store, file: Path, clock: Clock
) -> None:
    crowd = range(LI, LI + 60)
    cards = {}
    for owner in crowd:
        cards[owner] = await live_a_life(on_file, clock, owner)
        await on_file.invitations.create(f"token of {owner}", owner, clock.in_(days=1))
    forgotten = crowd[::3]
    traces = {owner: blobs_of(file, owner) for owner in forgotten}
    assert all(len(trace) > 40 for trace in traces.values())
    for owner in forgotten:
        assert await on_file.people.forget(owner)
        held = everything_in(file.parent)
        left = [trace for trace in traces[owner] if trace in held]
        assert left == []
        assert cards[owner].id.encode() not in held
    assert (file.parent / "kabao.db-wal").stat().st_size == 0
    for owner in set(crowd) - set(forgotten):
        assert (await on_file.cards.list(owner))[0].id == cards[owner].id


async def test_whoever_is_erased_during_a_backup_is_gone_from_the_log_after_it(
    on_file: Store, file: Path, clock: Clock
) -> None:
    await live_a_life(on_file, clock)
    key = (await on_file._runner.fetch(people.select()))[0][2]
    log = file.with_name(f"{file.name}-wal")
    async with snapshot(f"sqlite:///{file}"):
        await on_file.people.forget(LI)
    await on_file.processes.beat("the bot")
    assert key not in log.read_bytes()
    assert key not in file.read_bytes()


async def test_whoever_was_erased_just_before_a_kill_is_gone_from_the_log_at_the_next_start(
    on_file: Store, file: Path, tmp_path: Path, key: MasterKey, clock: Clock
) -> None:
    await live_a_life(on_file, clock)
    wrapped = (await on_file._runner.fetch(people.select()))[0][2]
    async with snapshot(f"sqlite:///{file}"):
        await on_file.people.forget(LI)
        for side in ("", "-wal"):
            shutil.copy(f"{file}{side}", tmp_path / f"killed.db{side}")
    assert wrapped in (tmp_path / "killed.db-wal").read_bytes()
    again = await open_store(f"sqlite:///{tmp_path}/killed.db", key, clock=clock)
    assert await again.people.get(LI) is None
    for side in ("", "-wal"):
        assert wrapped not in (tmp_path / f"killed.db{side}").read_bytes()
    await again.close()


async def test_nothing_of_an_erased_card_is_left_in_the_file(
    on_file: Store, file: Path, clock: Clock
) -> None:
    card = await live_a_life(on_file, clock)
    connection = sqlite3.connect(file)
    ((sealed,),) = connection.execute("SELECT sealed FROM card_secrets WHERE field = 'pin'")
    connection.close()
    assert sealed in everything_in(file.parent)
    await on_file.cards.remove(LI, card.id, clock.now)
    assert await on_file.cards.purge_removed(clock.in_(seconds=1)) == 1
    assert sealed not in everything_in(file.parent)


async def test_nothing_handed_in_or_out_shows_what_is_sealed(store: Store, clock: Clock) -> None:
    card = await live_a_life(store, clock)
    shown = [
        coffee(NUMBER, label=LABEL),
        NewEntry(clock.now, -5, "CNY", "purchase", WORDS, "issuer", external_id=NUMBER),
        *await store.ledger.page(LI, card.id, limit=1),
        *await store.outbox.claim(clock.now, 60, 1),
        await store.people.get(LI),
        await store.cards.list(LI),
    ]
    assert len(shown) == 6
    for text in (*TOLD, NUMBER[-4:]):
        assert text not in repr(shown)
