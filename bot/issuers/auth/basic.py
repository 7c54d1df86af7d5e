"""A user and a password (RFC 7617)."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Literal

from bot.issuers.auth.bearer import Authorized
from bot.issuers.auth.scheme import AuthTable, Scheme
from bot.issuers.placeholders import verbatim
from bot.issuers.vocabulary import Text  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class BasicAuth(AuthTable):
    """`kind = "basic"`: `user` and `password` go with every request, in UTF-8.

    Where a key alone is wanted, it is often the user, and the password is an empty text.
    """

    kind: Literal["basic"]
    user: Text
    password: Text

    def scheme(
        self, base: str, secrets: Mapping[str, str], clock: Callable[[], datetime]
    ) -> Scheme:
        """Make the scheme. `ValueError` for a user with a colon, which would end it."""
        del base, clock
        user = self.user.fill(secrets, _user)
        return Authorized(basic(user, self.password.fill(secrets, _visible)))


def basic(user: str, password: str) -> str:
    """Write both as a header's value."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def _visible(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("control characters")
    return verbatim(value)


def _user(value: str) -> str:
    if ":" in value:
        raise ValueError("a user's name with a colon")
    return _visible(value)
