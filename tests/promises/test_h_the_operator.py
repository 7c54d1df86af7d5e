"""What the operator's own people can do, and who is shut out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bot.features import discover
from storage import MasterKey, SealError, WrongKeyError, open_store, utc_now
from storage.rotating import rotate
from storage.vault import Vault
from tests.house import DOLLARS, KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_rotation_leaves_nothing_under_the_old_master_key(
    house: House, tmp_path: Path, alice: Guest, eve: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await eve.binds(KIOSK)
    old, new = house.settings.master_key, MasterKey.generate()
    await house.stop()
    url = f"sqlite:///{tmp_path}/kabao.db"
    store = await open_store(url, old)
    done = await rotate(store, new, utc_now)
    await store.close()
    assert done.proved == 3
    with pytest.raises(WrongKeyError):
        await open_store(url, old)
    with closing(sqlite3.connect(house.database)) as raw:
        keys = raw.execute("SELECT id, key_id, wrapped_key FROM people").fetchall()
        (installation,) = raw.execute(
            "SELECT value FROM meta WHERE name = 'installation key'"
        ).fetchone()
    before, after = Vault(old), Vault(new)
    for row in keys:
        after.open_key(*row)
        with pytest.raises(SealError):
            before.open_key(*row)
    with pytest.raises(SealError):
        before.open_installation(installation)
    house._key = new.text()
    await house.start()
    assert "¥200.00" in (await alice.says("/balance")).text


async def test_an_admin_sees_no_number_and_no_balance_of_others(
    house: House, carol: Guest, alice: Guest, eve: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await eve.binds(KIOSK)
    await carol.says("/people")
    await carol.presses("Alice")
    await carol.says("/admin")
    await carol.presses("Log")
    await carol.says("/health", "/balance", "/cards", "/history", "/activity", "/show 1001")
    (card,) = await house.kabao.parts.store.cards.list(alice.id)
    for name in discover().buttons:
        await carol.forges(f"{name}:{card.id}")
        await carol.forges(f"{name}:{card.id}:0")
    said = "\n".join(carol.told)
    assert "Alice" in said
    for secret in (YUAN, KIOSK, "·1001", "·2001", "¥", "200.00"):
        assert secret not in said


async def test_whoever_is_shut_out_is_locked_out_at_once(
    house: House, carol: Guest, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    old = alice.newest
    await alice.says("/bind", YUAN)  # half-way through
    house.issuer.spend(KIOSK, 17000)
    await carol.says("/people")
    await carol.presses("Alice")
    await carol.presses("Shut out")
    asked = house.issuer.requests
    before = len(alice.told)
    await alice.says(PIN, "/balance", DOLLARS)
    await alice.presses("Refresh", message=old)
    await house.passes(hours=7)
    said = alice.told[before:]
    assert not any("CN¥" in text or "·2001" in text for text in said)
    assert house.issuer.requests == asked
    assert len(await house.kabao.parts.store.cards.list(alice.id)) == 1
