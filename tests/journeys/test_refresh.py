from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from tests.house import FLAKY, KIOSK, PIN, YUAN, Guest, House

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

# Cards are read every six hours unless the operator says otherwise.

OTHERS = [f"7700{n:08}" for n in range(20)]


async def asked(house: House, *, hours: float = 0, minutes: float = 0) -> int:
    """Let time pass; how often the issuer was asked meanwhile."""
    before = house.issuer.requests
    await house.passes(hours=hours, minutes=minutes)
    return house.issuer.requests - before


def issue(house: House, numbers: list[str], minor: int = 10_000) -> None:
    """Let the kiosk issue more cards."""
    model = house.issuer.card(KIOSK)
    for number in numbers:
        house.issuer._cards[number] = type(model)(number, "CNY", {}, balance=minor)


async def test_a_card_is_read_again_every_six_hours_and_not_in_between(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    assert await asked(house, hours=5) == 0
    assert await asked(house, hours=2) == 1
    assert await asked(house, hours=5) == 0
    assert await asked(house, hours=2) == 1


async def test_what_became_due_while_the_bot_was_off_is_read_when_it_starts(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await house.stop()
    house.clock.advance(24 * 3600)
    house.issuer.spend(KIOSK, 14000)
    await house.start()
    assert alice.sees("runs low")


async def test_cards_bound_together_are_not_read_together(house: House, alice: Guest) -> None:
    issue(house, OTHERS)
    for number in OTHERS:
        await alice.binds(number)
    assert await asked(house, hours=5) == 0
    at_once = [await asked(house, minutes=5) for _ in range(24)]
    assert sum(at_once) == len(OTHERS)
    assert max(at_once) <= len(OTHERS) / 2


async def test_a_card_near_its_threshold_is_read_more_often(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    house.issuer.spend(KIOSK, 11000)  # 51.50 left, the threshold is 32.30
    await house.passes(hours=7)
    before = house.issuer.requests
    for _ in range(12):
        await house.passes(minutes=30)
    assert 3 <= house.issuer.requests - before <= 5


async def test_an_issuer_that_fails_is_asked_again_later_and_later(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.issuer.fail_next(503, times=1000)
    await house.passes(hours=7)
    minutes, waits = 0, []
    for _ in range(1200):
        minutes += 1
        if await asked(house, minutes=1):
            waits.append(minutes)
            minutes = 0
    assert waits[:7] == [2, 4, 8, 16, 32, 64, 128]
    assert max(waits) <= 6 * 60


async def test_a_failure_never_shows_as_zero_and_never_warns(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    for trouble in ("<html>", '{"card": {"balance": {}}}', '{"card": null}', ""):
        house.issuer.fail_next(200, trouble)
        await house.passes(hours=13)
    house.issuer.down = True
    await house.passes(hours=13)
    shown = await alice.says("/balance")
    assert "CN¥161.50" in shown.text
    assert "Old:" in shown.text
    assert not alice.sees("empty")
    assert not alice.sees("runs low")


async def test_an_issuer_that_asks_for_a_pause_gets_it(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    house.issuer.fail_next(429, retry_after="7200")
    await house.passes(hours=7)
    assert await asked(house, minutes=118) == 0
    assert await asked(house, minutes=4) == 1


async def test_a_card_that_answers_again_is_no_longer_old(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    house.issuer.down = True
    await house.passes(hours=7)
    assert "⚠️" in (await alice.says("/balance")).text
    house.issuer.down = False
    await house.passes(minutes=10)
    assert "⚠️" not in (await alice.says("/balance")).text


async def test_a_card_that_fails_every_second_time_is_still_read(
    house: House, alice: Guest
) -> None:
    await alice.binds(FLAKY)
    if not alice.sees("Bound"):
        await alice.presses("Try again")
    house.issuer.spend(FLAKY, 4400)
    await house.passes(hours=7)
    await house.passes(minutes=3)
    assert alice.sees("runs low")


async def test_a_wrong_pin_is_never_tried_again_by_the_machine(house: House, alice: Guest) -> None:
    await alice.binds(YUAN, PIN)
    house.issuer.card(YUAN).pin = "4321"
    assert await asked(house, hours=7) == 1
    assert await asked(house, hours=200) == 0
    await house.restart()
    assert await asked(house, hours=200) == 0
    before = house.issuer.requests
    shown = await alice.says("/balance")
    assert "no longer accepts the PIN" in shown.text
    assert "CN¥200.00" in shown.text
    await alice.says("/history")
    assert house.issuer.requests == before
    await alice.says("/bind", YUAN, "4321")
    assert "no longer accepts" not in (await alice.says("/balance")).text
    assert await asked(house, hours=7) == 1


async def test_an_unknown_number_is_not_asked_for_again_either(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    model = house.issuer._cards.pop(KIOSK)
    assert await asked(house, hours=7) == 1
    assert await asked(house, hours=200) == 0
    house.issuer._cards[KIOSK] = model
    await alice.says("/balance")
    await alice.presses("Kiosk")
    await alice.presses("Refresh")
    assert await asked(house, hours=7) == 1


async def test_an_issuer_that_hangs_does_not_hold_up_the_others(tmp_path: Path) -> None:
    (tmp_path / "well.toml").write_text(WELL)
    async with (
        silent_server() as (url, question),
        House(
            tmp_path, issuers_dir=str(tmp_path), secret_well_url=url, tick_seconds="0.05"
        ) as house,
    ):
        alice, bob = house.guest("Alice"), house.guest("Bob")
        await alice.binds(KIOSK)
        await bob.says("/start")
        wallet, well = house.kabao.parts.wallet, house.kabao.parts.issuers.get("well")
        assert well is not None
        for n in range(5):
            values = {"number": f"9900000{n}"}
            await wallet.bind(bob.id, well, values, None, label="Well")
        house.issuer.spend(KIOSK, 14000)
        house.clock.advance(7 * 3600)
        await question.wait()
        await alice.person.finds("runs low: CN¥21.50")
        await bob.person.says("/help")
        await bob.person.finds("/balance")


async def test_a_card_damaged_on_the_disk_holds_up_no_other(
    house: House, alice: Guest, bob: Guest, caplog: pytest.LogCaptureFixture
) -> None:
    await alice.binds(KIOSK)
    await bob.binds(KIOSK)
    await house.stop()
    with sqlite3.connect(house.database) as raw:
        raw.execute("UPDATE cards SET tail = x'0011' WHERE owner_id = ?", (bob.id,))
    raw.close()
    await house.start()
    house.issuer.spend(KIOSK, 14000)
    await house.passes(hours=7)
    assert alice.sees("runs low: CN¥21.50")
    assert "does not open" in caplog.text


async def test_who_wants_the_history_too_gets_it_although_the_balance_is_being_read(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    house.issuer.spend(KIOSK, 1500, "Umbrella")
    house.issuer.top_up(KIOSK, 1500, "Umbrella brought back")
    await house.passes(minutes=1)
    wallet, this = house.kabao.parts.wallet, await only_card(house, alice)
    await asyncio.gather(wallet.refresh(*this), wallet.refresh(*this, history=True))
    assert "Umbrella brought back" in (await alice.says("/history")).text


async def test_who_insists_is_not_put_off_with_a_balance_that_was_not_asked_for(
    house: House, alice: Guest
) -> None:
    await alice.binds(KIOSK)
    await house.passes(seconds=5)
    house.issuer.spend(KIOSK, 1500)
    wallet, this = house.kabao.parts.wallet, await only_card(house, alice)
    before = house.issuer.requests
    _, card = await asyncio.gather(wallet.refresh(*this), wallet.refresh(*this, insist=True))
    assert card is not None
    assert card.balance_minor == 14650
    once = house.issuer.requests - before
    await asyncio.gather(*(wallet.refresh(*this, insist=True) for _ in range(5)))
    assert house.issuer.requests - before <= 2 * once


async def test_a_wrong_old_pin_that_is_reported_late_does_not_stop_a_renewed_card(
    house: House, alice: Guest
) -> None:
    await alice.binds(YUAN, PIN)
    await house.passes(minutes=1)
    house.issuer.card(YUAN).pin = "4321"
    parts, this = house.kabao.parts, await only_card(house, alice)
    before, house.issuer.latency = house.issuer.requests, 0.5
    late = asyncio.create_task(parts.wallet.refresh(*this))
    while house.issuer.requests == before:  # noqa: ASYNC110 - the issuer raises no event
        await asyncio.sleep(0)
    house.issuer.latency = 0
    card = await parts.store.cards.get(*this)
    assert card is not None
    issuer = parts.issuers.get(card.issuer)
    assert issuer is not None
    values = {**await parts.store.cards.secrets(*this), issuer.fields[1].name: "4321"}
    await parts.wallet.renew(alice.id, card, issuer, values, None, store=parts.store)
    told = await late
    assert told is not None
    assert told.failure is None
    assert await asked(house, hours=7) >= 1
    assert "no longer accepts" not in (await alice.says("/balance")).text


async def test_no_reading_outlives_the_bot(house: House, alice: Guest) -> None:
    await alice.binds(KIOSK)
    this = await only_card(house, alice)
    before, house.issuer.latency = house.issuer.requests, 0.5
    asking = asyncio.create_task(house.kabao.parts.wallet.refresh(*this, insist=True))
    while house.issuer.requests == before:  # noqa: ASYNC110 - the issuer raises no event
        await asyncio.sleep(0)
    await house.stop()
    (ended,) = await asyncio.gather(asking, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError)  # and did not meet a store that is closed
    house.issuer.latency = 0
    await house.start()
    assert await asked(house, hours=7) == 1


async def only_card(house: House, guest: Guest) -> tuple[int, str]:
    (card,) = await house.kabao.parts.store.cards.list(guest.id)
    return guest.id, card.id


WELL = """
kind = "http"
name = { en = "Well" }

[[fields]]
name = "number"
label = { en = "Card number" }
pattern = '9900[0-9]{4}'
example = "99000001"
secret = true

[server]
url = "{secret:WELL_URL}"
concurrency = 1
timeout_seconds = 60

[balance]
request = { path = "/{number}" }
amount = "amount"
amount_format = "minor"
currency = "currency"
"""


@asynccontextmanager
async def silent_server() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Serve on loopback and answer nothing; its address, and an event for each question."""
    question, end = asyncio.Event(), asyncio.Event()

    async def handle(_: web.BaseRequest) -> web.Response:
        question.set()
        await end.wait()
        return web.Response()

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", question
    end.set()
    await runner.cleanup()
