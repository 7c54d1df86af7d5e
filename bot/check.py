"""Whether a configuration can run, one thing after another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy.engine import make_url
from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot import offers
from bot.app import http_session
from bot.issuers import CATALOG, IssuerFault, Issuers
from bot.transport import AiohttpRequest
from storage import StorageError, open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.config import Settings


MOUNTS: Final = Path("/proc/self/mounts")
PASSING: Final = frozenset({"overlay", "aufs", "tmpfs", "ramfs"})
"""Where a file is gone when the container or the machine is started anew."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at, and what was found."""

    what: str
    ok: bool
    said: str


async def checks(settings: Settings) -> AsyncIterator[Line]:
    """Look at the database and key, Telegram, access and every issuer that is on."""
    yield await _database(settings)
    yield await _telegram(settings)
    people = f"{len(settings.admins)} admins" if settings.admins else "no KABAO_ADMINS"
    closed = settings.access == "closed"
    yield Line("access", bool(settings.admins) or not closed, f"{settings.access}, {people}")
    if settings.offers_file:
        for line in _offers(settings.offers_file):
            yield line
    async with http_session() as http:
        folders = [CATALOG, settings.issuers_dir]
        issuers, broken = Issuers.gather(folders, settings.issuer_secrets, http)
        for mistake in "\n".join(broken).splitlines():
            yield Line("issuers", ok=False, said=mistake)
        for slug, missing in issuers.off.items():
            names = ", ".join(f"KABAO_SECRET_{name}" for name in missing)
            yield Line(f"issuer {slug}", ok=True, said=f"off until {names} is set")
        for issuer in issuers.all():
            said, ok = "no API, the holder says the balance", True
            if issuer.asks_api:
                try:
                    await issuer.check()
                    said = "answers"
                except IssuerFault as fault:
                    said, ok = str(fault), False
            yield Line(f"issuer {issuer.slug}", ok=ok, said=said)


def _offers(name: str) -> list[Line]:
    try:
        found = offers.read(Path(name))
    except offers.OffersFileError as error:
        return [Line("offers", ok=False, said=line) for line in str(error).splitlines()]
    return [Line("offers", ok=True, said=f"{len(found)} are declared")]


async def _database(settings: Settings) -> Line:
    try:
        store = await open_store(settings.database_url, settings.master_key)
    except StorageError as error:
        return Line("database", ok=False, said=str(error))
    await store.close()
    said = "opens, is up to date, and the key is its own"
    if lies_on := passing(settings.database_url):
        said += f"; but it lies on {lies_on}, which is gone with the container: use a volume"
    return Line("database", ok=True, said=said)


def passing(database_url: str, mounts: Path = MOUNTS) -> str | None:
    """Name what a database file lies on if that is not there for long; None if it is, or unknown.

    "overlay" is what a container itself is written on; "tmpfs" is memory.
    """
    file = make_url(database_url).database
    if not database_url.startswith("sqlite") or not file or not mounts.exists():
        return None
    here, found = Path(file).resolve(), (Path("/"), "")
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        _, place, kind, *_ = line.split(" ")
        at = Path(place.replace("\\040", " "))
        if here.is_relative_to(at) and len(at.parts) >= len(found[0].parts):
            found = (at, kind)
    return found[1] if found[1] in PASSING else None


async def _telegram(settings: Settings) -> Line:
    bot = Bot(
        settings.bot_token.get_secret_value(),
        base_url=f"{settings.bot_api_url}/bot",
        request=AiohttpRequest(pool_size=2),
        get_updates_request=AiohttpRequest(pool_size=1),
    )
    try:
        async with bot:
            return Line("telegram", ok=True, said=f"the token is @{bot.username}'s")
    except InvalidToken:
        return Line("telegram", ok=False, said="the token is not valid: ask @BotFather for it")
    except TelegramError as error:
        return Line("telegram", ok=False, said=f"{settings.bot_api_url}: {error}")
