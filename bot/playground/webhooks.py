"""Updates sent to the address a bot named, as Telegram does it: in order, until each is taken."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp

from bot.playground.refusals import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.playground.updates import Updates

PORTS = (None, 443, 80, 88, 8443)
HEADER = "X-Telegram-Bot-Api-Secret-Token"
FIRST_WAIT, LONGEST_WAIT = 0.02, 1.0
ANSWER_SECONDS = 60
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where updates are sent to, with the word that tells them from others' requests."""

    url: str
    secret: str = ""
    connections: int = 40


def webhook(values: Mapping[str, Any]) -> Webhook | None:
    """Read the parameters of `setWebhook`: None for an empty address, `Refusal` 400 for a wrong."""
    url, secret = values["url"], values.get("secret_token", "")
    if not url:
        return None
    address = urlsplit(url)
    if address.scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if address.port not in PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    return Webhook(url, secret, values.get("max_connections", 40))


async def deliver(updates: Updates, hosts: Mapping[str, str]) -> None:
    """Send what waits whenever a webhook is set, for ever.

    `hosts` stands for the names and the certificates of the internet: what begins with a key
    ("https://kabao.example") is sent to the address beside it.
    """
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        wait = FIRST_WAIT
        while True:
            hook, update = updates.to_send()
            if hook is None or update is None:
                await updates.changed()
                continue
            updates.failure = await _send(http, hook, update, hosts)
            if updates.failure:
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
            else:
                updates.taken(update)
                wait = FIRST_WAIT


async def _send(
    http: aiohttp.ClientSession, hook: Webhook, update: dict[str, Any], hosts: Mapping[str, str]
) -> str:
    """Send one update; in words why it was not taken, or nothing."""
    url = hook.url
    for name, there in hosts.items():
        if url.startswith(name):
            url = there + url.removeprefix(name)
    headers = {HEADER: hook.secret} if hook.secret else {}
    try:
        async with http.post(url, json=update, headers=headers, allow_redirects=False) as answer:
            await answer.read()
    except (aiohttp.ClientError, TimeoutError) as fault:
        return f"Connection failed ({type(fault).__name__})"
    if answer.ok:
        return ""
    return f"Wrong response from the webhook: {answer.status} {answer.reason}"
