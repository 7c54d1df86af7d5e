"""How updates come in: asked for again and again, or sent to an address of the operator's."""

from __future__ import annotations

import base64
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from telegram import Update
from tornado.httpserver import HTTPServer

from bot.addresses import host_and_port
from bot.config import ConfigError

if TYPE_CHECKING:
    from telegram.ext import Updater

    from bot.config import Settings
    from storage import InstallationKey

ALLOWED_UPDATES: Final = [
    Update.MESSAGE,
    Update.EDITED_MESSAGE,
    Update.CALLBACK_QUERY,
    Update.MY_CHAT_MEMBER,
]
POLL_SECONDS: Final = 30

LARGEST_UPDATE: Final = 1024 * 1024
"""In bytes. The longest message with a hundred links, answering another such, has a tenth."""

SLOWEST_BODY: Final = 20
"""Seconds in which an update has to have arrived."""


class _SecretToken(str):
    """A text that takes as long to be told from any other, however much of it is right.

    python-telegram-bot compares the header of a request with `!=`; where one side's class is
    derived from the other's, Python asks that side.
    """

    __slots__ = ()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and hmac.compare_digest(self.encode(), other.encode())

    __hash__ = str.__hash__


def secret_token(key: InstallationKey, bot_id: int) -> str:
    """Make the word by which Telegram's requests are known: the same after a restart.

    43 of the characters `setWebhook` takes (A-Z, a-z, 0-9, _ and -): 256 bits in base64url.
    """
    mark = key.stamp("webhook", str(bot_id))
    return _SecretToken(base64.urlsafe_b64encode(mark).rstrip(b"=").decode())


async def listen(updater: Updater, settings: Settings, key: InstallationKey) -> None:
    """Take updates from now on, until `updater.stop()`. `ConfigError` if that cannot be."""
    if not settings.webhook_url:
        await updater.start_polling(
            timeout=timedelta(seconds=POLL_SECONDS),
            allowed_updates=ALLOWED_UPDATES,
            bootstrap_retries=-1,
        )
        return
    HTTPServer.configure(None, max_body_size=LARGEST_UPDATE, body_timeout=SLOWEST_BODY)
    host, port = host_and_port(settings.webhook_listen)
    try:
        await updater.start_webhook(
            listen=host,
            port=port,
            url_path=urlsplit(settings.webhook_url).path,
            webhook_url=settings.webhook_url,
            allowed_updates=ALLOWED_UPDATES,
            secret_token=secret_token(key, updater.bot.id),
            bootstrap_retries=-1,
        )
    except OSError as error:
        reason = error.strerror or "it is no address of this machine"
        raise ConfigError(
            f"KABAO_WEBHOOK_LISTEN: nothing can listen at {settings.webhook_listen} ({reason})"
        ) from None
