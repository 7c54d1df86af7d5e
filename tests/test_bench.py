"""The bench measures what it says: its databases, its answers, its verdicts."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from telegram import Bot

from bench import photos, printed, report
from bench.cards import BALANCE_SHOWN, fill, fill_due, read_since
from bench.load import Load, Server, WrongAnswerError
from bench.refresh import Refreshed
from bot.transport import AiohttpRequest
from storage import MasterKey, open_store


async def test_a_long_table_still_holds_the_cards_of_those_who_ask(tmp_path: Path) -> None:
    key, database = MasterKey.generate(), tmp_path / "long.db"
    await fill(database, key, [11, 12], total=500)
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM cards").fetchone() == (500,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    store = await open_store(f"sqlite:///{database}", key)
    cards = await store.cards.list(11)
    await store.close()
    assert [card.balance_minor for card in cards] == [3766] * 3


async def test_due_cards_are_due_and_unread(tmp_path: Path) -> None:
    key, database, now = MasterKey.generate(), tmp_path / "due.db", datetime.now(UTC)
    await fill_due(database, key, [11, 12], 7, ["kiosk", "corner"])
    assert read_since(database, now) == []
    assert len(read_since(database, now - timedelta(days=1))) == 7
    store = await open_store(f"sqlite:///{database}", key)
    due = [len(await store.cards.claim_due(of, now, now, 100)) for of in ("kiosk", "corner")]
    await store.close()
    assert due == [4, 3]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as server:
        yield server


async def parrot(server: Server) -> None:
    async with Bot(
        server.token,
        base_url=server.api_url,
        request=AiohttpRequest(),
        get_updates_request=AiohttpRequest(pool_size=1),
    ) as bot:
        offset = 0
        while True:
            for update in await bot.get_updates(offset=offset, timeout=10):
                offset = update.update_id + 1
                assert update.message is not None
                await bot.send_message(update.message.chat_id, update.message.text or "")


@contextlib.asynccontextmanager
async def answering(server: Server) -> AsyncIterator[None]:
    task = asyncio.create_task(parrot(server))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_every_answer_is_counted_once(server: Server) -> None:
    people = [server.person(f"Reader {n}") for n in range(5)]
    load = Load(server, people, "/balance", "/balance")
    async with answering(server):
        assert await load.one() > 0
        answers = await load.paced(1000, 0.02)
    assert answers.count == len(server.called("sendMessage")) - 1
    assert 0 < answers.p50 <= answers.p99


async def test_an_answer_without_the_balance_does_not_count(server: Server) -> None:
    load = Load(server, [server.person("Reader")], "/balance", BALANCE_SHOWN)
    async with answering(server):
        with pytest.raises(WrongAnswerError, match=r"'37.66' is not in '/balance'"):
            await load.one()


def figures(**changed: Sequence[float]) -> dict[str, list[float | None]]:
    usual: dict[str, Sequence[float]] = {
        "replies/s": [1000, 1100, 900],
        "40 ms away: replies/s": [800, 900, 850],
        "p99 ms at 50/s": [4, 5, 3],
        "MB after load": [100, 100, 100],
        "cold start s": [1, 1, 1],
    }
    return {name: list(rounds) for name, rounds in {**usual, **changed}.items()}


def kept(told: list[tuple[str, str, bool]]) -> list[bool]:
    return [verdict for _, _, verdict in told]


def test_a_target_is_kept_or_it_is_said_that_it_is_not() -> None:
    equal = {report.AIOGRAM: figures(), report.PTB: figures(), report.KABAO: figures()}
    assert all(kept(report.targets(equal, None, Refreshed(100, 1.2, 1.0, 3.0))))
    slow = {**equal, report.KABAO: figures(**{"replies/s": [999, 999, 999]})}
    assert kept(report.targets(slow, None, Refreshed(100, 1.3, 1.0, 3.0))).count(False) == 3


def test_many_cards_may_cost_noise_but_no_more() -> None:
    few = {report.AIOGRAM: figures(), report.PTB: figures(), report.KABAO: figures()}
    for rounds, within in (([880, 950, 890], True), ([700, 720, 710], False)):
        many = {**few, "many": figures(**{"replies/s": rounds})}
        assert kept(report.targets(many, "many", None))[-1] is within


def test_a_bot_that_fell_behind_in_a_round_has_no_figure() -> None:
    table = report.replies_table({"slow": {"p50 ms at 200/s": [3.0, None, 4.0]}})
    assert "| p50 ms at 200/s | cannot follow |" in table
    assert report.middle([3.0, 9.0, 4.0]) == 4.0


def test_what_was_read_wrongly_is_told_apart_from_what_was_not_read() -> None:
    made = photos.Made("hard", "curved", b"", "6035", "1", None)
    told = printed.Read(barcode_ms=[1.0], printed_ms=[2.0])
    for said in (["6035"], ["6036", "6035"], ["6036"], []):
        told.count("number", made, said, made.number)
    assert told.tallies["number"]["hard"]["curved"] == printed.Tally(1, 1, 1, 1)
    assert "1 + 1 as a second guess of 4 right, 1 wrong, 1 nothing" in str(
        told.tallies["number"]["hard"]["all"]
    )
    assert kept([printed.target(told)]) == [False]
