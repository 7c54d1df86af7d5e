"""The Bot API over real HTTP, against a server that answers what each story needs."""

import asyncio
import io
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram import Bot, InputMediaDocument
from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.transport import AiohttpRequest

TOKEN = "123456789:AAsecretsecretsecretsecretsecretsecr"
ME = {"id": 123456789, "is_bot": True, "first_name": "Kabao", "username": "kabao_bot"}
MESSAGE = {"message_id": 7, "date": 1_700_000_000, "chat": {"id": 1, "type": "private"}}

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def unpacked(field: str | bytes | bytearray | web.FileField) -> object:
    if isinstance(field, web.FileField):
        return field.filename, field.file.read()
    return field


class Telegram:
    """A server whose answers a test chooses; it remembers who connected and what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, object]]] = []
        self.peers: set[object] = set()
        self.hung = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{file:file/|}bot{token}/{method:.*}", self.answer)
        self.server = TestServer(app)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        self.peers.add(request.transport.get_extra_info("peername"))
        method = request.match_info["method"]
        if request.content_type == "application/json":
            self.asked.append((method, await request.json()))
        elif request.content_type == "multipart/form-data":
            fields = (await request.post()).items()
            self.asked.append((method, {name: unpacked(field) for name, field in fields}))
        if chosen := self.answers.get(method):
            return await chosen(request)
        return web.json_response({"ok": True, "result": ME if method == "getMe" else MESSAGE})

    def fails(self, method: str, status: int, **body: object) -> None:
        async def refuse(_request: web.Request) -> web.Response:
            return web.json_response({"ok": False, "error_code": status, **body}, status=status)

        self.answers[method] = refuse


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    telegram = Telegram()
    await telegram.server.start_server()
    yield telegram
    await telegram.server.close()


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    root = str(telegram.server.make_url("/")).rstrip("/")
    async with Bot(
        TOKEN,
        base_url=f"{root}/bot",
        base_file_url=f"{root}/file/bot",
        request=AiohttpRequest(read_timeout=5),
        get_updates_request=AiohttpRequest(pool_size=1),
    ) as bot:
        yield bot


async def test_a_message_is_sent_and_its_answer_is_read(telegram: Telegram, bot: Bot) -> None:
    sent = await bot.send_message(1, "余额 <b>37.66</b>", parse_mode="HTML")
    assert sent.message_id == 7
    assert telegram.asked[-1] == (
        "sendMessage",
        {"chat_id": 1, "text": "余额 <b>37.66</b>", "parse_mode": "HTML"},
    )


async def test_a_file_is_uploaded_with_its_name_and_its_caption(
    telegram: Telegram, bot: Bot
) -> None:
    await bot.send_document(1, io.BytesIO(b"a,b\n"), filename="history.csv", caption="历史")
    method, fields = telegram.asked[-1]
    assert method == "sendDocument"
    assert fields["document"] == ("history.csv", b"a,b\n")
    assert fields["caption"] == "历史"
    assert fields["chat_id"] == "1"


async def test_an_album_is_uploaded_with_each_of_its_files(telegram: Telegram, bot: Bot) -> None:
    async def album(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": [MESSAGE, MESSAGE]})

    telegram.answers["sendMediaGroup"] = album
    sent = await bot.send_media_group(1, [InputMediaDocument(b"one"), InputMediaDocument(b"two")])
    uploads = [field for field in telegram.asked[-1][1].values() if isinstance(field, tuple)]
    assert len(sent) == 2
    assert {content for _name, content in uploads} == {b"one", b"two"}


async def test_a_file_is_downloaded(telegram: Telegram, bot: Bot) -> None:
    async def described(_request: web.Request) -> web.Response:
        file = {"file_id": "f", "file_unique_id": "u", "file_path": "photos/1.png"}
        return web.json_response({"ok": True, "result": file})

    async def content(_request: web.Request) -> web.Response:
        return web.Response(body=b"\x89PNG")

    telegram.answers |= {"getFile": described, "photos/1.png": content}
    assert await (await bot.get_file("f")).download_as_bytearray() == b"\x89PNG"


async def test_many_calls_one_after_another_share_one_connection(
    telegram: Telegram, bot: Bot
) -> None:
    for _ in range(5):
        await bot.send_message(1, "x")
    assert len(telegram.peers) == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, {"parameters": {"retry_after": 3}, "description": "Too Many Requests"}, RetryAfter),
        (403, {"description": "Forbidden: bot was blocked by the user"}, Forbidden),
        (400, {"description": "Bad Request: message is not modified"}, BadRequest),
        (401, {"description": "Unauthorized"}, InvalidToken),
        (500, {"description": "Internal Server Error"}, NetworkError),
    ],
)
async def test_a_refusal_is_the_error_python_telegram_bot_has_for_it(
    telegram: Telegram, bot: Bot, status: int, body: dict[str, object], error: type[TelegramError]
) -> None:
    telegram.fails("sendMessage", status, **body)
    with pytest.raises(error):
        await bot.send_message(1, "x")


async def test_a_gateway_that_answers_with_a_page_does_not_tell_the_token(
    telegram: Telegram, bot: Bot
) -> None:
    async def page(request: web.Request) -> web.Response:
        return web.Response(status=502, text=f"<h1>{request.url}</h1>", content_type="text/html")

    telegram.answers["sendMessage"] = page
    with pytest.raises(NetworkError, match=r"Bad Gateway \(502\)") as failed:
        await bot.send_message(1, "x")
    assert TOKEN not in "".join(traceback.format_exception(failed.value))


async def test_an_answer_that_is_no_json_is_an_error_and_is_not_shown(
    telegram: Telegram, bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    async def garbled(_request: web.Request) -> web.Response:
        return web.Response(text="{card 6006491234567890")

    telegram.answers["sendMessage"] = garbled
    with pytest.raises(TelegramError, match="Invalid server response"):
        await bot.send_message(1, "x")
    assert "6006" not in caplog.text


async def test_silence_is_a_timeout(telegram: Telegram, bot: Bot) -> None:
    async def silence(_request: web.Request) -> web.Response:
        await telegram.hung.wait()
        return web.Response()

    telegram.answers["sendMessage"] = silence
    with pytest.raises(TimedOut) as failed:
        await bot.send_message(1, "x", read_timeout=0.02)
    telegram.hung.set()
    assert TOKEN not in "".join(traceback.format_exception(failed.value))


async def test_a_connection_cut_off_is_a_network_error(
    telegram: Telegram, bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    caplog.set_level(logging.DEBUG)
    telegram.answers["sendMessage"] = cut
    with pytest.raises(NetworkError) as failed:
        await bot.send_message(1, "x")
    assert not isinstance(failed.value, TimedOut)
    assert TOKEN not in "".join(traceback.format_exception(failed.value))
    assert TOKEN not in caplog.text


async def test_nobody_listening_is_a_network_error(telegram: Telegram, bot: Bot) -> None:
    await telegram.server.close()
    with pytest.raises(NetworkError) as failed:
        await bot.send_message(1, "x")
    assert TOKEN not in "".join(traceback.format_exception(failed.value))


async def test_a_redirect_is_not_followed_with_the_token(telegram: Telegram, bot: Bot) -> None:
    async def elsewhere(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/botelsewhere/sendMessage")

    telegram.answers["sendMessage"] = elsewhere
    with pytest.raises(NetworkError):
        await bot.send_message(1, "x")
    assert [method for method, _ in telegram.asked] == ["getMe", "sendMessage"]


async def test_a_request_before_it_is_opened_says_so() -> None:
    with pytest.raises(RuntimeError, match="not initialised"):
        await AiohttpRequest().do_request("http://127.0.0.1/", "GET")
