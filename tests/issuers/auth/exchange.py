"""A file's [auth] made into a scheme, and used as an issuer's caller uses it, over real HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yarl import URL

from bot.issuers.auth import schemes
from bot.issuers.auth.scheme import Answer, Request
from bot.issuers.requests import encoded

if TYPE_CHECKING:
    import aiohttp

    from bot.issuers.auth.scheme import Scheme, Send
    from tests.issuers.conftest import Hands


def made(base: str, clock: Hands, table: dict[str, Any], **secrets: str) -> Scheme:
    """Make the scheme of an [auth] table, given the operator's secrets by name."""
    model = schemes()[table["kind"]].model_validate(table)
    return model.scheme(base, {f"secret:{name}": value for name, value in secrets.items()}, clock)


def sending(http: aiohttp.ClientSession) -> Send:
    """Make a `Send` of a client."""

    async def send(request: Request) -> Answer:
        body, headers = encoded(request)
        async with http.request(
            request.method,
            URL(request.url, encoded=True),
            headers=headers,
            data=body,
            allow_redirects=False,
            auto_decompress=False,
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    return send


async def exchanged(scheme: Scheme, request: Request, send: Send) -> Answer:
    """Ask with credentials, and once more where they ran out."""
    signed = await scheme.sign(request, send)
    answer = await send(signed)
    if scheme.stale(signed, answer):
        signed = await scheme.sign(request, send)
        answer = await send(signed)
    return scheme.open(signed, answer)
