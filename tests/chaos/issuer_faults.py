"""An issuer out of order, one way after another: what people see, what is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.chaos.rows import Row
from tests.chaos.stories import story
from tests.house import KIOSK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.playground.issuer import DemoIssuer
    from tests.chaos.stories import Story


def _down(issuer: DemoIssuer) -> None:
    issuer.down = True


def _slow(issuer: DemoIssuer) -> None:
    issuer.latency = 3600


MANY = 200
OTHER = (
    '{"card": {"id": "x", "number": "770011112222", "balance": {"amount": 1, "currency": "CNY"}}}'
)
TROUBLES: dict[str, Callable[[DemoIssuer], object]] = {
    "429 without a time": lambda i: i.fail_next(429, times=MANY),
    "429, wait 600 s": lambda i: i.fail_next(429, times=MANY, retry_after="600"),
    "400": lambda i: i.fail_next(400, "{}", times=MANY),
    "401, the key is refused": lambda i: i.fail_next(401, "{}", times=MANY),
    "403": lambda i: i.fail_next(403, "{}", times=MANY),
    "409": lambda i: i.fail_next(409, "{}", times=MANY),
    "500": lambda i: i.fail_next(500, "{}", times=MANY),
    "503 as a page of HTML": lambda i: i.fail_next(503, "<h1>Sorry</h1>", times=MANY),
    "200 with garbage": lambda i: i.fail_next(200, "\x00 not JSON", times=MANY),
    "200, cut off in the middle": lambda i: i.fail_next(200, '{"card": {"nu', times=MANY),
    "200 with another's card": lambda i: i.fail_next(200, OTHER, times=MANY),
    "connections reset": _down,
    "silence": _slow,
}


async def rows(folder: Path) -> list[Row]:
    """Try them all."""
    found = []
    for number, (what, cause) in enumerate(TROUBLES.items()):
        async with story(folder / f"issuer-{number}") as one:
            found.append(await _trouble(one, what, cause))
    return found


async def _trouble(one: Story, what: str, cause: Callable[[DemoIssuer], object]) -> Row:
    """Let money be spent at the issuer while it is out of order, and look after it is over."""
    house, alice, issuer = one.house, one.alice, one.house.issuer
    cause(issuer)
    issuer.spend(KIOSK, 14000, "feast")
    if what == "silence":
        house.clock.advance(7 * 3600)
        waiting = asyncio.create_task(house.settled())
        await alice.person.says("/balance")
        await alice.person.finds("Kiosk Card")
        await asyncio.sleep(1)
    else:
        await house.passes(hours=7)
        await alice.says("/balance")
    sees = one.seen()
    await alice.says("/spent 1 market tea") if what != "silence" else None
    issuer.down, issuer.latency = False, 0.0
    issuer._script.clear()
    if what == "silence":
        await waiting
        await alice.says("/spent 1 market tea")
    for _ in range(4):
        await house.passes(hours=7)
    await alice.says("/balance")
    wrong = await one.wrong(notes=("tea", "feast"), alerts=(1,))
    return Row("issuers", what, sees, str(one.heard), wrong)
