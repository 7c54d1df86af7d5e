"""The Bot API over one aiohttp session: python-telegram-bot's own extension point for it.

Its default transport, httpx, takes two thirds of a reply's time and slows down with every request
under way; this one is why hundreds of chats can be answered at once.
"""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import orjson
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

Seconds = float | None
Timeout = Any  # python-telegram-bot's private "seconds, None or not given"
Body = bytes | aiohttp.FormData | None

_JSON: Final = {"Content-Type": "application/json"}
_NO_JSON: Final = b'{"ok":false}'


class AiohttpRequest(BaseRequest):
    """Speaks HTTP for `telegram.Bot`.

    Give one with a large `pool_size` for requests, another with a pool of its own for polling,
    so that a long poll never waits in the queue of answers. `proxy` is an HTTP proxy's address.

    Errors are `TimedOut` and `NetworkError`. They name what went wrong and never where: the
    address holds the bot's token.
    """

    __slots__ = ("_connect", "_pool", "_pool_size", "_proxy", "_read", "_session", "_write")

    def __init__(
        self,
        *,
        pool_size: int = 256,
        read_timeout: Seconds = 10.0,
        write_timeout: Seconds = 20.0,
        connect_timeout: Seconds = 10.0,
        pool_timeout: Seconds = 10.0,
        proxy: str | None = None,
    ) -> None:
        self._pool_size = pool_size
        self._read = read_timeout
        self._write = write_timeout
        self._connect = connect_timeout
        self._pool = pool_timeout
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> Seconds:
        """How many seconds an answer may take when a call names no time of its own."""
        return self._read

    async def initialize(self) -> None:
        """Open the session; nothing is connected before the first request."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._pool_size, keepalive_timeout=30),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )

    async def shutdown(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        write_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        connect_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        pool_timeout: Timeout = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send one request; give the status and the bytes of the answer."""
        if self._session is None or self._session.closed:
            raise RuntimeError("this request is not initialised")
        timeout = _timeout(
            self._given(read_timeout, self._read),
            self._given(write_timeout, self._write),
            self._given(connect_timeout, self._connect),
            self._given(pool_timeout, self._pool),
            upload=request_data is not None and request_data.contains_files,
        )
        body, headers = _body(request_data)
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=timeout,
                proxy=self._proxy,
                allow_redirects=False,
            ) as response:
                answer = await response.read()
        except TimeoutError as fault:
            raise TimedOut(f"Timed out ({type(fault).__name__})") from None
        except (aiohttp.ClientError, OSError) as fault:
            raise NetworkError(f"No answer from Telegram ({type(fault).__name__})") from None
        if response.status >= HTTPStatus.MULTIPLE_CHOICES and not answer.startswith(b"{"):
            answer = _NO_JSON  # a gateway's page of HTML may repeat the address
        return response.status, answer

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """Read an answer. What cannot be read is not shown: it may hold somebody's words."""
        try:
            return orjson.loads(payload)
        except orjson.JSONDecodeError:
            raise TelegramError("Invalid server response") from None

    def _given(self, timeout: Timeout, otherwise: Seconds) -> Seconds:
        return otherwise if timeout is self.DEFAULT_NONE else timeout


@lru_cache(maxsize=64)
def _timeout(
    read: Seconds, write: Seconds, connect: Seconds, pool: Seconds, *, upload: bool
) -> aiohttp.ClientTimeout:
    """Bound each wait as asked. aiohttp bounds no write by itself, so an upload is bounded whole.

    Other bodies are small enough to be written at once, and one timer less is 5 % of a reply.
    """
    parts = [part for part in (read, write, connect, pool) if part is not None]
    bounded = upload and len(parts) == 4  # noqa: PLR2004 - one of them is unbounded
    waiting = None if pool is None or connect is None else pool + connect
    return aiohttp.ClientTimeout(
        total=sum(parts) if bounded else None,
        connect=waiting,
        sock_connect=connect,
        sock_read=read,
    )


def _body(
    data: RequestData | None,
) -> tuple[bytes | aiohttp.FormData | None, dict[str, str] | None]:
    if data is None:
        return None, None
    if not data.contains_files:
        return orjson.dumps(data.parameters), _JSON
    form = aiohttp.FormData(quote_fields=False)  # Telegram takes file names as they are
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form, None
