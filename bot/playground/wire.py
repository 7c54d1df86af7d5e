"""HTTP in, HTTP out: bodies in every form the Bot API takes, answers and failures."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import orjson
from aiohttp import web

from bot.playground import calls
from bot.playground.doors import Doors
from bot.playground.faults import Garbage, Reset
from bot.playground.methods import METHODS
from bot.playground.refusals import Refusal, bad_request
from bot.playground.shapes import Upload

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http_parser import RawRequestMessage
    from aiohttp.streams import StreamReader
    from aiohttp.web_protocol import RequestHandler

    from bot.playground.telegram import Telegram

LARGEST_BODY = 60 * 1024 * 1024
JSON = "application/json"
NOT_FOUND = Refusal(404, "Not Found")
UNAUTHORIZED = Refusal(401, "Unauthorized")


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(
        message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY
    )


class Wire:
    """Takes each request to the method, file or door it asks for.

    A bare `aiohttp.web.Server` instead of an application with routes: that is a third more
    calls a second, and the whole of a path is needed anyway.
    """

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._names = {name.lower(): name for name in METHODS}
        self._checks = calls.methods(METHODS)
        self._bot = f"/bot{telegram.token}/"
        self._file = f"/file/bot{telegram.token}/"
        self._doors = Doors(telegram)

    def server(self) -> web.Server:
        """Make the server that a runner can run."""
        return web.Server(self._handle, request_factory=_request, access_log=None)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        if "%" in path:
            path = unquote(path)
        if path.startswith("/playground/"):
            return await self._doors.open(path.removeprefix("/playground/"), request)
        if path.startswith(self._file):
            return self._download(path.removeprefix(self._file))
        if not path.startswith(self._bot):
            known = path.startswith("/bot") and path.count("/") > 1
            return _answer(UNAUTHORIZED if known else NOT_FOUND)
        answer = await self._bot_call(path[len(self._bot) :], query, request)
        if self._telegram.latency:
            await asyncio.sleep(self._telegram.latency / 2)
        return answer

    async def _bot_call(
        self, name: str, query: str, request: web.BaseRequest
    ) -> web.StreamResponse:
        try:
            given = await _parameters(request, query)
            result = await self._perform(name.lower(), given)
        except Refusal as refusal:
            return _answer(refusal)
        except Garbage as garbage:
            return web.Response(status=garbage.status, body=garbage.body, content_type="text/html")
        except Reset:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return web.Response(
            body=b'{"ok":true,"result":' + orjson.dumps(result) + b"}", content_type=JSON
        )

    async def _perform(self, name: str, given: dict[str, Any]) -> Any:
        telegram = self._telegram
        check = self._checks.get(name)
        if check is None:
            raise NOT_FOUND
        values = check.read(given)
        if telegram.latency:
            await asyncio.sleep(telegram.latency / 2)
        telegram.note(calls.Call(check.name, values))
        lost: Reset | None = None
        if telegram:
            try:
                await telegram.meet(name, values)
            except Reset as reset:
                if not reset.done:
                    raise
                lost = reset
        result = METHODS[check.name](telegram.world, values)
        if inspect.isawaitable(result):
            result = await result
        if lost is not None:
            raise lost
        return result

    def _download(self, path: str) -> web.Response:
        stored = self._telegram.world.files.at(path)
        if stored is None:
            return _answer(NOT_FOUND)
        return web.Response(body=stored.content, content_type=stored.type)


def _answer(refusal: Refusal) -> web.Response:
    return web.Response(status=refusal.status, body=orjson.dumps(refusal.body()), content_type=JSON)


async def _parameters(request: web.BaseRequest, query: str) -> dict[str, Any]:
    given: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
    if not request.body_exists:
        return given
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return given | await _multipart(request)
    body = await request.read()
    if kind == JSON:
        return given | _json(body)
    if kind == "application/x-www-form-urlencoded":
        text = body.decode("utf-8", "replace")
        return given | dict(parse_qsl(text, keep_blank_values=True, max_num_fields=200))
    return given


def _json(body: bytes) -> dict[str, Any]:
    try:
        values = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(values, dict):
        raise bad_request("JSON object expected")
    return values


async def _multipart(request: web.BaseRequest) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            given[name] = Upload(value.filename, value.file.read())
        else:
            given[name] = value
    return given
