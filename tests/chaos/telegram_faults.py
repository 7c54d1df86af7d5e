"""Telegram out of order, one way after another: what people see, what is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.chaos.rows import Row
from tests.chaos.stories import Story, story
from tests.house import KIOSK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.playground import Telegram

WHILE_IT_LASTS: dict[str, Callable[[Telegram], object]] = {
    "429, wait 2 s": lambda t: t.fail("sendMessage", retry_after=2),
    "429, wait 120 s": lambda t: t.fail("sendMessage", retry_after=120),
    "400 to every message": lambda t: t.fail("sendMessage", status=400, times=None),
    "400 to every edit": lambda t: t.fail("editMessageText", status=400, times=None),
    "403 to every message": lambda t: t.fail("sendMessage", status=403, times=None),
    "500 to everything": lambda t: t.fail("*", status=500, times=None),
    "502 as a page of HTML to everything": lambda t: t.garble("*", status=502, times=None),
    "garbage instead of JSON to every message": lambda t: t.garble(
        "sendMessage", status=200, body=b"\x00\xff{not JSON", times=None
    ),
    "connections reset, every call": lambda t: t.reset("*", times=None),
    "an answer lost after the message was sent": lambda t: t.lose("sendMessage"),
    "409, another process polls, 3 times": lambda t: t.fail("getUpdates", status=409, times=3),
    "getUpdates reset and garbled": lambda t: (t.reset("getUpdates"), t.garble("getUpdates")),
}


async def rows(folder: Path, *, silence: float) -> list[Row]:
    """Try them all. `silence` is how many seconds Telegram answers nothing, of real time."""
    found = []
    for number, (what, cause) in enumerate(WHILE_IT_LASTS.items()):
        async with story(folder / f"telegram-{number}") as one:
            found.append(await _trouble(one, what, cause))
    for number, tried in enumerate((_blocked, _doubled, _reordered)):
        async with story(folder / f"telegram-more-{number}") as one:
            found.append(await tried(one))
    async with story(folder / "telegram-silence") as one:
        found.append(await _silence(one, silence))
    return found


async def _trouble(one: Story, what: str, cause: Callable[[Telegram], object]) -> Row:
    """Let Alice book something and a card run low meanwhile, and look after it is over."""
    house, alice = one.house, one.alice
    cause(house.telegram)
    update = await alice.person.says("/spent 1 market tea")
    house.issuer.spend(KIOSK, 14000)
    everything = house.telegram._all and house.telegram._all[0].method == "*"
    if everything:  # nothing of it arrives before Telegram is back
        await asyncio.sleep(1.5)
    else:
        await house.settled(update)
    sees = one.seen()
    house.telegram.heal()
    await house.settled(update)
    await house.passes(hours=7)
    await house.passes(hours=1)
    if everything:
        sees = f"nothing before it is back; then: {one.seen()}"
    await alice.says("/balance")
    alerts = (1, 2) if "lost" in what else (1,)
    if "403" in what and one.alerts == 0:  # taken for one who blocked the bot, till she writes
        await house.passes(minutes=1)
    return Row("telegram", what, sees, str(one.heard), await _wrong(one, alerts))


async def _wrong(one: Story, alerts: tuple[int, ...] = (1,)) -> str:
    return await one.wrong(notes=("tea",), alerts=alerts)


async def _blocked(one: Story) -> Row:
    house, alice = one.house, one.alice
    await alice.says("/spent 1 market tea")
    await alice.person.blocks()
    house.issuer.spend(KIOSK, 14000)
    await house.passes(hours=100)
    silent = one.alerts == 0
    await alice.person.unblocks()
    await alice.says("/help")
    await house.passes(seconds=1)
    sees = "nothing while it is blocked; the alert once she writes again"
    wrong = await _wrong(one) or ("" if silent else "it wrote to who blocked it")
    return Row("telegram", "403, Alice blocks the bot for 100 hours", sees, str(one.heard), wrong)


async def _doubled(one: Story) -> Row:
    house, alice = one.house, one.alice
    update = await alice.person.says("/spent 1 market tea")
    await house.settled(update)
    assert update is not None
    for restart in (False, True, False):
        for _ in range(3):
            house.telegram.redeliver(update)
        await alice.says("/help")
        if restart:
            await house.restart()
    answers = sum("tea" in text.splitlines() for text in alice.told)
    wrong = await _wrong(one, (0,)) or ("" if answers == 1 else f"{answers} answers")
    sees = "one answer"
    what = "an update delivered 10 times, over a restart too"
    return Row("telegram", what, sees, str(one.heard), wrong)


async def _reordered(one: Story) -> Row:
    """Let the newest of twelve updates arrive first."""
    house, alice, updates = one.house, one.alice, one.house.telegram.world.updates
    house.telegram.hang("getUpdates", times=1)
    await asyncio.sleep(0)
    notes = [f"tea {word}" for word in "abcdefghij"]
    put = [await alice.person.says(f"/spent 1 market {note}") for note in notes]
    updates._waiting = dict(reversed(updates._waiting.items()))
    house.telegram.heal()
    updates._wake()
    for update in put:
        await house.settled(update)
    wrong = await one.wrong(notes=tuple(notes), alerts=(0,))
    sees = f"ten answers; the last: {one.seen()}"
    return Row("telegram", "ten updates delivered in reversed order", sees, str(one.heard), wrong)


async def _silence(one: Story, seconds: float) -> Row:
    house, alice = one.house, one.alice
    house.telegram.hang("*", times=None)
    update = await alice.person.says("/spent 1 market tea")
    house.issuer.spend(KIOSK, 14000)
    house.clock.advance(7 * 3600)
    await asyncio.sleep(seconds)
    silent = one.seen()
    house.telegram.heal()
    await house.settled(update)
    await house.passes(hours=8)
    await house.passes(hours=1)
    sees = f"{silent} meanwhile; then: {one.seen()}"
    what = f"{seconds:g} s of silence, every call"
    return Row("telegram", what, sees, str(one.heard), await _wrong(one, (1, 2)))
