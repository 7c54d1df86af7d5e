"""What a scheme of authentication is given, and what it does."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, get_args

from bot.issuers.format.table import Table

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it goes out: an encoded URL, its body in bytes.

    `form` is the body's fields where it has some, so that a scheme can add its own before they are
    encoded; `body` is then None.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    form: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came: `headers` in any case, the body's bytes as they were sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


Send = Callable[[Request], Awaitable[Answer]]
"""Sends a request of a scheme's own, for a token; with the server's manners. `IssuerFault`."""


class Scheme(Protocol):
    """Signs requests, and opens the answers to them. One for all requests to an issuer."""

    async def sign(self, request: Request, send: Send) -> Request:
        """Give the request with its credentials. `IssuerFault` if none are to be had."""
        ...

    def stale(self, request: Request, answer: Answer) -> bool:
        """Whether the credentials have run out: they are forgotten, and it is asked once more.

        `request` is the signed one: who used older credentials does not spoil newer ones.
        """
        ...

    def open(self, request: Request, answer: Answer) -> Answer:
        """Verify the answer and take off its wrapping.

        `IssuerFault` (bad_answer) for an answer that is not the issuer's own.
        """
        ...


class Plain:
    """A scheme whose credentials do not run out and whose answers are not signed."""

    def stale(self, request: Request, answer: Answer) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def open(self, request: Request, answer: Answer) -> Answer:  # noqa: ARG002
        """Nothing to take off."""
        return answer


class AuthTable(Table):
    """`[auth]` of one kind. Texts in it may hold `{secret:NAME}`."""

    kind: str

    @classmethod
    def kind_name(cls) -> str:
        """Give the word a file says for it."""
        return str(get_args(cls.model_fields["kind"].annotation)[0])

    @abstractmethod
    def scheme(
        self, base: str, secrets: Mapping[str, str], clock: Callable[[], datetime]
    ) -> Scheme:
        """Make the scheme for the server at `base`, given `secret:NAME` to value.

        `ValueError` for a secret that cannot be what it should be, such as a key.
        """
