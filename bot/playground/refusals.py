"""What the Bot API says when it does not do something, in its own words."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):  # noqa: N818 - the API's word for it is a description, not an error
    """An answer that is not ok: HTTP status, description and, with 429, how many seconds to wait.

    Descriptions are those of the open source server, tdlib/telegram-bot-api, wherever it has one.
    """

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters

    def body(self) -> dict[str, Any]:
        """Make the JSON object that is sent."""
        answer: dict[str, Any] = {
            "ok": False,
            "error_code": self.status,
            "description": self.description,
        }
        return answer | {"parameters": self.parameters} if self.parameters else answer


def bad_request(words: str) -> Refusal:
    """400, the most common one."""
    return Refusal(400, f"Bad Request: {words}")


def forbidden(words: str) -> Refusal:
    """403: this chat is closed to the bot until the person opens it."""
    return Refusal(403, f"Forbidden: {words}")


def too_many_requests(seconds: int) -> Refusal:
    """429 with `parameters.retry_after` in seconds."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
