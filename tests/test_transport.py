"""The Bot API over real HTTP, against the playground and its ways to go wrong."""

import asyncio
import io
import logging
import traceback
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram import Bot
from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.playground.people import Person
from bot.playground.shapes import Upload
from bot.playground.telegram import Telegram
from bot.transport import AiohttpRequest


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram() as telegram:
        yield telegram


@pytest.fixture
async def alice(telegram: Telegram) -> Person:
    alice = telegram.person("Alice", "en")
    await alice.says("/start")
    return alice


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    async with Bot(
        telegram.token,
        base_url=telegram.api_url,
        base_file_url=telegram.file_url,
        request=AiohttpRequest(read_timeout=5),
        get_updates_request=AiohttpRequest(pool_size=1),
    ) as bot:
        yield bot


def told(failure: BaseException) -> str:
    return "".join(traceback.format_exception(failure))


async def test_a_message_is_sent_and_its_answer_is_read(alice: Person, bot: Bot) -> None:
    sent = await bot.send_message(alice.id, "余额 <b>37.66</b>", parse_mode="HTML")
    assert sent.message_id == alice.newest.id
    assert alice.sees("余额 37.66")


async def test_what_a_person_writes_arrives(alice: Person, bot: Bot) -> None:
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert (update.message.text, update.message.chat_id) == ("/start", alice.id)


async def test_a_file_is_uploaded_with_its_name_and_its_caption(
    telegram: Telegram, alice: Person, bot: Bot
) -> None:
    content = io.BytesIO(b"a,b\n")
    await bot.send_document(alice.id, content, filename="history.csv", caption="历史")
    (call,) = telegram.called("sendDocument")
    assert call["document"] == Upload("history.csv", b"a,b\n")
    assert (call["caption"], call["chat_id"]) == ("历史", alice.id)


async def test_a_file_comes_back_as_it_was(alice: Person, bot: Bot) -> None:
    sent = await bot.send_document(alice.id, b"\x00\xff card", filename="export.bin")
    assert sent.document is not None
    file = await bot.get_file(sent.document.file_id)
    assert await file.download_as_bytearray() == b"\x00\xff card"


async def test_many_calls_one_after_another_share_one_connection(
    telegram: Telegram, alice: Person, bot: Bot
) -> None:
    for _ in range(5):
        await bot.send_message(alice.id, "x")
    assert telegram._runner is not None
    assert telegram._runner.server is not None
    assert len(telegram._runner.server.connections) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, BadRequest), (401, InvalidToken), (403, Forbidden), (500, NetworkError)],
)
async def test_a_refusal_is_the_error_python_telegram_bot_has_for_it(
    telegram: Telegram, alice: Person, bot: Bot, status: int, error: type[TelegramError]
) -> None:
    telegram.fail("sendMessage", status=status)
    with pytest.raises(error):
        await bot.send_message(alice.id, "x")


async def test_a_flood_is_told_with_the_time_to_wait(
    telegram: Telegram, alice: Person, bot: Bot
) -> None:
    telegram.fail("sendMessage", retry_after=3)
    with pytest.raises(RetryAfter, match="3 seconds"):
        await bot.send_message(alice.id, "x")


async def test_a_gateway_that_answers_with_a_page_does_not_tell_the_token(
    telegram: Telegram, alice: Person, bot: Bot
) -> None:
    page = f"<h1>{telegram.api_url}{telegram.token}/sendMessage</h1>"
    telegram.garble("sendMessage", status=502, body=page.encode())
    with pytest.raises(NetworkError, match=r"Bad Gateway \(502\)") as failed:
        await bot.send_message(alice.id, "x")
    assert telegram.token not in told(failed.value)


async def test_an_answer_that_is_no_json_is_an_error_and_is_not_shown(
    telegram: Telegram, alice: Person, bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.garble("sendMessage", status=200, body=b"{card 6006491234567890")
    with pytest.raises(TelegramError, match="Invalid server response") as failed:
        await bot.send_message(alice.id, "x")
    assert "6006" not in caplog.text + told(failed.value)


async def test_silence_is_a_timeout(telegram: Telegram, alice: Person, bot: Bot) -> None:
    telegram.hang("sendMessage")
    with pytest.raises(TimedOut) as failed:
        await bot.send_message(alice.id, "x", read_timeout=0.02)
    assert telegram.token not in told(failed.value)


async def test_an_upload_that_is_never_answered_is_a_timeout(
    telegram: Telegram, alice: Person, bot: Bot
) -> None:
    telegram.hang("sendDocument")
    with pytest.raises(TimedOut):
        await bot.send_document(alice.id, b"x", filename="x.csv", read_timeout=0.02)


async def test_a_connection_cut_off_is_a_network_error(
    telegram: Telegram, alice: Person, bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    telegram.reset("sendMessage")
    with pytest.raises(NetworkError) as failed:
        await bot.send_message(alice.id, "x")
    assert not isinstance(failed.value, TimedOut)
    assert telegram.token not in caplog.text + told(failed.value)


async def test_nobody_listening_is_a_network_error(
    telegram: Telegram, alice: Person, bot: Bot
) -> None:
    await telegram.stop()
    with pytest.raises(NetworkError) as failed:
        await bot.send_message(alice.id, "x")
    assert telegram.token not in told(failed.value)


async def test_one_long_poll_does_not_keep_an_answer_waiting(
    telegram: Telegram, alice: Person, bot: Bot
) -> None:
    await bot.get_updates()
    poll = asyncio.create_task(bot.get_updates(offset=2**31 - 1, timeout=30))
    await telegram.next_call("getUpdates")
    await bot.send_message(alice.id, "at once")
    assert not poll.done()
    poll.cancel()


async def test_a_redirect_is_not_followed_with_the_token() -> None:
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        raise web.HTTPFound("/elsewhere")

    gateway = web.Application()
    gateway.router.add_route("*", "/{any:.*}", elsewhere)
    async with TestServer(gateway) as server, AiohttpRequest() as request:
        with pytest.raises(NetworkError):
            await request.post(str(server.make_url("/bot1:secret/getMe")))
    assert asked == ["/bot1:secret/getMe"]


async def test_a_request_before_it_is_opened_says_so() -> None:
    with pytest.raises(RuntimeError, match="not initialised"):
        await AiohttpRequest().do_request("http://127.0.0.1/", "GET")
