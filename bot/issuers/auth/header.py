"""A header with a key in it, whatever the issuer calls it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from bot.issuers.auth.scheme import AuthTable, Plain, Request, Scheme, Send
from bot.issuers.placeholders import in_header
from bot.issuers.vocabulary import Headers  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime


class HeaderAuth(AuthTable):
    """`kind = "header"`: `headers` that go with every request."""

    kind: Literal["header"]
    headers: Headers

    def scheme(
        self, base: str, secrets: Mapping[str, str], clock: Callable[[], datetime]
    ) -> Scheme:
        """Make the scheme."""
        del base, clock
        return _Headers({k: text.fill(secrets, in_header) for k, text in self.headers.items()})


class _Headers(Plain):
    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    async def sign(self, request: Request, send: Send) -> Request:
        del send
        return replace(request, headers={**request.headers, **self._headers})
