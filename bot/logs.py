"""Logging, with the bot's token, registered secrets and card numbers struck out.

The striking out happens on the handler, so that it covers every library: the token is in the
address of every call to Telegram, and card numbers are in what people type.
"""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TextIO
from urllib.parse import quote

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

SHORTEST_SECRET = 4
"""A shorter "secret" would strike out half of every line."""

TALKATIVE = ("aiohttp.access", "alembic", "apscheduler", "asyncio", "httpcore", "httpx")

_TOKEN = re.compile(r"\d{5,}(?::|%3A)[A-Za-z0-9_-]{20,}", re.IGNORECASE)
_GROUPED = re.compile(r"(?<![\w-])\d{2,6}(?:[ -]\d{3,6}){1,6}(?![\w-])", re.ASCII)
_RUN = re.compile(r"\d{8,}")
# python-telegram-bot writes an update that it cannot read out in full, with whatever was typed.
_UPDATE = re.compile(r"Received data was:?.*", re.DOTALL)


class Redaction(logging.Filter):
    """Strikes out of a record, its arguments and its exception what must not be written down."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.register(secret)

    def register(self, secret: str) -> None:
        """Strike out this secret from now on, as it is and as an address spells it."""
        if len(secret) >= SHORTEST_SECRET:
            self._secrets |= {secret, quote(secret, safe="")}
            longest_first = sorted(self._secrets, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def strike(self, text: str) -> str:
        """Give the text without secrets, tokens and numbers that may be a card's."""
        if self._pattern:
            text = self._pattern.sub("[secret]", text)
        text = _TOKEN.sub("[token]", text)
        return _RUN.sub("[number]", _GROUPED.sub(_unless_short, text))

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place: whatever formats it afterwards sees only this."""
        record.msg, record.args = self.strike(_UPDATE.sub("", _message(record))), None
        if record.exc_info and not record.exc_text:
            record.exc_text = _PLAIN.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.strike(record.exc_text)
        if record.stack_info:
            record.stack_info = self.strike(record.stack_info)
        return True


_PLAIN = logging.Formatter()


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return str(record.msg)  # its arguments do not fit; logging would print them bare


def _unless_short(found: re.Match[str]) -> str:
    digits = sum(char.isdigit() for char in found[0])
    return "[number]" if digits >= 8 else found[0]  # noqa: PLR2004 - the shortest card number


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC, ISO 8601), level, logger, message, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record as one line."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text:
            told["exception"] = record.exc_text
        if record.stack_info:
            told["stack"] = record.stack_info
        return orjson.dumps(told).decode()


def set_up(
    level: str = "INFO",
    form: Literal["console", "json"] = "console",
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> Redaction:
    """Send every library's log through one handler on `stream` (stderr), and crashes too.

    Give the redaction, so that secrets learned later can be registered.
    """
    redaction = Redaction(secrets)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(redaction)
    handler.setFormatter(
        JsonLines()
        if form == "json"
        else logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    quiet = logging.DEBUG if logging.getLogger().level < logging.INFO else logging.WARNING
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(quiet)
    # At DEBUG it writes down whole updates, and no pattern knows a PIN among what people type.
    logging.getLogger("telegram").setLevel(max(logging.getLogger().level, logging.INFO))
    logging.captureWarnings(True)
    sys.excepthook = _log_crash
    return redaction


def _log_crash(
    kind: type[BaseException], fault: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, fault, trace)
    else:
        logging.getLogger("bot").critical("Kabao stopped", exc_info=(kind, fault, trace))
