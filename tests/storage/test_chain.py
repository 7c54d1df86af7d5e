"""Whoever changes the log without the key is found out: which row, and what is wrong with it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from storage import Anchor, BrokenChainError, InstallationKey, StorageError, Store, chain
from storage.chain import HEAD, START, chained
from storage.schema import audit, meta
from tests.storage.conftest import LI, WANG

if TYPE_CHECKING:
    from pathlib import Path

    from storage import LogRow

ROWS = 7


async def life(store: Store) -> Anchor:
    """Let seven things happen: of every kind of row there is."""
    for person in (LI, WANG):
        await store.people.arrive(person, name="Somebody", language=None)
    await store.audit.append("started")
    for person in (LI, WANG):
        await store.audit.append("bound", subject=person, actor=person, detail={"label": "Tea"})
    await store.audit.append("refresh failed", subject=LI, detail={"why": "network"})
    await store.audit.append("barred", subject=WANG, actor=LI)
    await store.audit.append("backup made", actor=LI)
    await store.audit.append("shown", subject=LI, actor=LI, detail={"label": "Tea"})
    return await store.audit.verify()


async def rows_of(store: Store) -> list[dict[str, Any]]:
    found = await store._runner.fetch(select(*audit.c).order_by(audit.c.seq))
    return [dict(zip(audit.c.keys(), row, strict=True)) for row in found]


async def change(store: Store, seq: int, /, **values: Any) -> None:
    assert await store._runner.execute(update(audit).where(audit.c.seq == seq).values(**values))


async def remove(store: Store, *seqs: int) -> None:
    for seq in seqs:
        assert await store._runner.execute(delete(audit).where(audit.c.seq == seq)) == 1


async def set_end(store: Store, end: Anchor) -> None:
    await store._runner.execute(update(meta).where(meta.c.name == HEAD).values(value=end.head()))


async def swap(store: Store, one: int, other: int) -> None:
    for was, then in ((one, 99), (other, one), (99, other)):
        await change(store, was, seq=then)


async def fault(store: Store, since: Anchor | None = None) -> str:
    with pytest.raises(BrokenChainError) as found:
        await store.audit.verify(since)
    return str(found.value)


def bytes_changed(value: Any) -> list[Any]:
    """The value with one byte changed: the first, one in the middle, the last."""
    if value is None:
        return [b"\0", b""]
    if isinstance(value, str):
        return [chr(ord(value[at]) ^ 1).join((value[:at], value[at + 1 :])) for at in (0, 2)]
    raw = bytearray(value)
    found = []
    for at in {0, len(raw) // 2, len(raw) - 1}:
        raw[at] ^= 1
        found.append(bytes(raw))
        raw[at] ^= 1
    return found


@pytest.mark.parametrize("column", ["action", "actor", "subject", "sealed", "mac"])
async def test_one_byte_changed_in_any_row_is_found(store: Store, column: str) -> None:
    end = await life(store)
    for row in await rows_of(store):
        for changed in bytes_changed(row[column]):
            await change(store, row["seq"], **{column: changed})
            assert await fault(store) == f"row {row['seq']} was changed"
        await change(store, row["seq"], **{column: row[column]})
    assert await store.audit.verify() == end


async def test_a_time_that_is_off_by_a_microsecond_is_found(store: Store) -> None:
    await life(store)
    for row in await rows_of(store):
        await change(store, row["seq"], at=row["at"].replace(microsecond=1))
        assert await fault(store) == f"row {row['seq']} was changed"
        await change(store, row["seq"], at=row["at"])
    await store.audit.verify()


async def test_a_value_that_was_emptied_is_found(store: Store) -> None:
    await life(store)
    await change(store, 2, sealed=None)
    assert await fault(store) == "row 2 was changed"


@pytest.mark.parametrize("seq", range(1, ROWS))
async def test_a_row_taken_out_is_found(store: Store, seq: int) -> None:
    await life(store)
    await remove(store, seq)
    assert await fault(store) == f"row {seq} is missing"


async def test_rows_cut_off_at_the_end_are_found(store: Store) -> None:
    await life(store)
    await remove(store, 6, 7)
    assert await fault(store) == "row 6 is missing: the log was cut off before 7"
    await remove(store, 1, 2, 3, 4, 5)
    assert await fault(store) == "row 1 is missing: the log was cut off before 7"


@pytest.mark.parametrize(("one", "other"), [(2, 3), (1, 2), (6, 7), (2, 6), (1, 7)])
async def test_rows_that_changed_places_are_found(store: Store, one: int, other: int) -> None:
    await life(store)
    await swap(store, one, other)
    assert await fault(store) == f"row {one} holds what was written as row {other}"
    await swap(store, one, other)
    await store.audit.verify()


async def test_a_row_taken_out_with_all_others_moved_up_is_found(store: Store) -> None:
    await life(store)
    await remove(store, 3)
    for seq in range(4, ROWS + 1):
        await change(store, seq, seq=seq - 1)
    assert (await fault(store)).startswith("row 3 ")


@pytest.mark.parametrize("seq", [0, -5])
async def test_a_row_put_in_before_the_first_is_found(store: Store, seq: int) -> None:
    await life(store)
    made_up = (await rows_of(store))[0] | {"seq": seq}
    await store._runner.execute(insert(audit).values(**made_up))
    assert await fault(store) == f"row {seq} was put in"


async def test_a_row_put_in_behind_the_last_is_found(store: Store) -> None:
    end = await life(store)
    made_up = (await rows_of(store))[-1] | {"seq": ROWS + 1}
    await store._runner.execute(insert(audit).values(**made_up))
    assert await fault(store) == "row 8 holds what was written as row 7"
    await change(store, 8, action="shared")
    await set_end(store, Anchor(ROWS + 1, end.mac))
    assert await fault(store) == "row 8 was changed"


async def test_an_end_that_was_set_back_alone_is_found(store: Store) -> None:
    await life(store)
    earlier = (await rows_of(store))[4]
    await set_end(store, Anchor(5, earlier["mac"]))
    assert await fault(store) == "row 6 stands behind the end that is noted"
    with pytest.raises(StorageError):
        await store.audit.append("bound", subject=LI, actor=LI)


@pytest.mark.parametrize("value", [bytes(40), b"", b"\0" * 7 + b"\7" + bytes(32)])
async def test_an_end_that_was_changed_or_taken_away_is_found(store: Store, value: bytes) -> None:
    await life(store)
    await store._runner.execute(update(meta).where(meta.c.name == HEAD).values(value=value))
    await fault(store)
    await store._runner.execute(delete(meta).where(meta.c.name == HEAD))
    assert await fault(store) == "row 1 stands behind the end that is noted"


async def test_a_log_put_back_to_an_earlier_state_is_found_by_its_anchor(store: Store) -> None:
    """The database alone cannot tell: this is why the anchor is kept elsewhere."""
    end = await life(store)
    earlier = (await rows_of(store))[4]
    anchor = Anchor(5, earlier["mac"])
    await remove(store, 6, 7)
    await set_end(store, anchor)
    assert await store.audit.verify() == anchor
    assert await store.audit.verify(anchor) == anchor
    gone = "row 6 is missing: the log ends before its anchor, row 7"
    assert await fault(store, end) == gone
    for _ in range(3):
        await store.audit.append("shown", subject=LI, actor=LI)
    assert (await store.audit.verify(anchor)).seq == 8
    assert await fault(store, end) == "row 7 is another than the anchor says"


async def test_a_log_that_was_emptied_is_found_by_its_anchor(store: Store) -> None:
    end = await life(store)
    await store._runner.execute(delete(audit))
    await store._runner.execute(delete(meta).where(meta.c.name == HEAD))
    assert await store.audit.verify() == START
    assert await store.audit.verify(START) == START
    assert (await fault(store, end)).startswith("row 1 is missing")


async def test_a_log_is_walked_in_small_pieces(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = await life(store)
    monkeypatch.setattr(chain, "_BATCH", 2)
    assert [row.seq async for row in store.audit.walk()] == list(range(1, ROWS + 1))
    await swap(store, 2, 6)
    assert await fault(store) == "row 2 holds what was written as row 6"
    await swap(store, 2, 6)
    await remove(store, 5)
    seen: list[LogRow] = []
    with pytest.raises(BrokenChainError, match="row 5 is missing"):
        seen.extend([row async for row in store.audit.walk()])
    assert end.seq == ROWS


async def test_a_log_that_is_written_meanwhile_is_whole(store: Store) -> None:
    await life(store)
    writing = True

    async def look() -> int:
        looked = 0
        while writing:
            await store.audit.verify()
            looked += 1
        return looked

    looking = asyncio.create_task(look())
    await asyncio.gather(
        *(store.audit.append("shown", subject=LI, actor=LI) for _ in range(60)),
    )
    writing = False
    assert await looking > 0
    assert (await store.audit.verify()).seq == ROWS + 60


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit SET at = 'soon' WHERE seq = 4", "row 4 was changed"),
        ("UPDATE audit SET at = 9e300 WHERE seq = 4", "row 4 was changed"),
        ("UPDATE audit SET action = x'ff' WHERE seq = 4", "row 4 was changed"),
        ("UPDATE audit SET action = CAST(x'ff' AS TEXT) WHERE seq = 4", "row 4 was changed"),
        ("UPDATE audit SET subject = 'me' WHERE seq = 4", "row 4 was changed"),
        ("UPDATE audit SET mac = 7 WHERE seq = 4", "row 4 was changed"),
        ("UPDATE audit SET seq = 'four' WHERE seq = 4", "row 4 is missing"),
        ("UPDATE audit SET seq = 'last' WHERE seq = 7", "row last was put in"),
        ("UPDATE meta SET value = 'x' WHERE name = 'audit head'", "the end that is noted"),
    ],
)
async def test_what_sqlite_would_keep_and_is_no_row_is_found(
    on_file: Store, file: Path, statement: str, said: str
) -> None:
    await life(on_file)
    with closing(sqlite3.connect(file)) as raw, raw:
        assert raw.execute(statement).rowcount == 1
    assert said in await fault(on_file)


blobs = st.none() | st.binary(max_size=4)
rows = st.tuples(
    st.binary(min_size=32, max_size=32),
    st.integers(1, 2**62),
    st.integers(-(2**62), 2**62),
    st.text(max_size=4),
    blobs,
    blobs,
    blobs,
)


@given(rows, rows)
def test_rows_that_differ_in_anything_hash_to_something_else(
    one: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    key = InstallationKey(bytes(32))
    assert (chained(key, *one) == chained(key, *other)) == (one == other)


@given(st.integers(0, 2**59), st.binary(min_size=32, max_size=32))
def test_an_anchor_is_read_as_it_was_written_and_shows_no_number(seq: int, mac: bytes) -> None:
    anchor = Anchor(seq, mac)
    assert Anchor.parse(f" {anchor.text()}\n") == anchor
    assert Anchor.of_head(anchor.head()) == anchor
    assert anchor.text().partition(":")[2].isalpha()


@pytest.mark.parametrize(
    "text", ["", "7", "7:ab12", "x:" + "a" * 64, "07:" + "a" * 64, "7:" + "q" * 64]
)
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(StorageError, match="no anchor"):
        Anchor.parse(text)
