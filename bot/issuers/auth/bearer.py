"""A token that does not run out, in the Authorization header (RFC 6750, 2.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from bot.issuers.auth.scheme import AuthTable, Plain, Request, Scheme, Send
from bot.issuers.placeholders import in_header
from bot.issuers.vocabulary import Text  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime


class BearerAuth(AuthTable):
    """`kind = "bearer"`: `token` goes with every request."""

    kind: Literal["bearer"]
    token: Text

    def scheme(
        self, base: str, secrets: Mapping[str, str], clock: Callable[[], datetime]
    ) -> Scheme:
        """Make the scheme."""
        del base, clock
        return Authorized(f"Bearer {self.token.fill(secrets, in_header)}")


class Authorized(Plain):
    """Sends the same `Authorization` with every request."""

    def __init__(self, credentials: str) -> None:
        self._credentials = credentials

    async def sign(self, request: Request, send: Send) -> Request:
        """Put it in."""
        del send
        return authorized(request, self._credentials)


def authorized(request: Request, credentials: str) -> Request:
    """Give a request its `Authorization`, in place of any other."""
    others = {k: v for k, v in request.headers.items() if k.lower() != "authorization"}
    return replace(request, headers={**others, "Authorization": credentials})
