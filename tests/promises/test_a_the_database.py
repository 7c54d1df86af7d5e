"""What somebody can do who has the database file, or can write to it, but has no master key."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from storage import BrokenChainError, MasterKey, SealError, WrongKeyError, open_store
from tests.house import DOLLARS, KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from pathlib import Path

LABEL, WORDS, NUMBER = "Grandmother 奶奶", "Birthday cake 蛋糕", "QX-559317042886"


async def test_a_copy_of_the_database_shows_no_number_pin_name_label_or_word(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await alice.says("/bind", NUMBER, LABEL, "80", f"/spent 5 {WORDS}")
    await alice.says("/bind", DOLLARS)  # left half-finished
    held = b"".join(path.read_bytes() for path in house.folder.rglob("kabao.db*"))
    assert len(held) > 100_000
    for secret in (YUAN, DOLLARS, NUMBER, LABEL, WORDS, "Alice", "Panda Gift Card ·", "1001"):
        assert secret.encode() not in held, secret
        assert secret.encode("utf-16-le") not in held, secret


async def test_a_value_moved_to_another_card_or_person_does_not_open(
    house: House, alice: Guest, eve: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await eve.binds(DOLLARS, PIN)
    await house.stop()
    with closing(sqlite3.connect(house.database)) as raw, raw:
        opened_by = "SELECT sealed FROM card_secrets WHERE owner_id = ? AND field = ?"
        move = "UPDATE card_secrets SET sealed = ? WHERE owner_id = ? AND field = 'number'"
        (number,) = raw.execute(opened_by, (alice.id, "number")).fetchone()
        (pin,) = raw.execute(opened_by, (alice.id, "pin")).fetchone()
        raw.execute(move, (number, eve.id))
        raw.execute(move, (pin, alice.id))
    await house.start()
    store = house.kabao.parts.store
    for guest in (alice, eve):
        (card,) = await store.cards.list(guest.id)
        with pytest.raises(SealError):
            await store.cards.secrets(guest.id, card.id)


async def test_whoever_writes_to_the_database_becomes_no_admin(house: House, eve: Guest) -> None:
    with closing(sqlite3.connect(house.database)) as raw, raw:
        raw.execute("UPDATE people SET role = 'admin' WHERE id = ?", (eve.id,))
    for command in ("/invite", "/people", "/admin"):
        told = await eve.says(command)
        assert "did not understand" in told.text


async def test_whoever_writes_to_the_database_changes_no_row_of_the_audit_log_unnoticed(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    store = house.kabao.parts.store
    end = await store.audit.verify()
    with closing(sqlite3.connect(house.database)) as raw, raw:
        raw.execute("UPDATE audit SET at = at + 1 WHERE seq = ?", (end.seq - 1,))
    with pytest.raises(BrokenChainError) as found:
        await store.audit.verify()
    assert found.value.seq == end.seq - 1


async def test_an_audit_log_rolled_back_is_found_by_an_anchor_kept_elsewhere(
    house: House, alice: Guest
) -> None:
    store = house.kabao.parts.store
    with closing(sqlite3.connect(house.database)) as raw:
        earlier = raw.execute("SELECT value FROM meta WHERE name = 'audit head'").fetchone()
        (rows,) = raw.execute("SELECT max(seq) FROM audit").fetchone()
    await alice.binds(KIOSK)
    kept = await store.audit.verify()
    with closing(sqlite3.connect(house.database)) as raw, raw:
        raw.execute("UPDATE meta SET value = ? WHERE name = 'audit head'", earlier)
        raw.execute("DELETE FROM audit WHERE seq > ?", (rows,))
    await store.audit.verify()  # by itself it looks whole
    with pytest.raises(BrokenChainError):
        await store.audit.verify(kept)


async def test_another_master_key_opens_nothing(tmp_path: Path, house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    await house.stop()
    with pytest.raises(WrongKeyError):
        await open_store(f"sqlite:///{tmp_path}/kabao.db", MasterKey.generate())
    await house.start()
