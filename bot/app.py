"""Where the parts meet: the bot as it runs in production, in the playground and in the tests."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Self

import aiohttp
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application

from bot.activity import Action, note
from bot.background import Background
from bot.bookings import Bookings
from bot.buttons import Seal
from bot.config import ConfigError
from bot.dialogue import Dialogues
from bot.door import Door
from bot.easel import Easel
from bot.errors import LastResort
from bot.features import discover
from bot.inbox import Inbox, KeepingQueue, KeepingRequest
from bot.interrupted import Interrupted
from bot.issuers import CATALOG, Issuers
from bot.jobs import Jobs
from bot.journal import Journal
from bot.limits import Limits
from bot.listening import POLL_SECONDS, listen
from bot.loupe import Loupe
from bot.menu import register
from bot.pace import Pace
from bot.parts import Parts
from bot.presence import Presence
from bot.sealed import SealedBot
from bot.transport import AiohttpRequest
from bot.turns import REMEMBERED, Turns
from bot.wallet import Wallet
from bot.warming import WARM_AFTER_SECONDS, warm_up
from storage import open_store, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from telegram import Bot

    from bot.config import Settings

log = logging.getLogger(__name__)

FIRST_WAITS = (0.5, 1, 2, 5, 10)
LAST_WAIT = 30
TELEGRAM_CONNECTIONS = 256
ISSUER_CONNECTIONS = 200


def http_session() -> aiohttp.ClientSession:
    """Open the one HTTP client that asks issuers; it keeps no cookies of theirs."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=ISSUER_CONNECTIONS),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class Kabao:
    """The whole bot. `async with Kabao(settings)` starts and stops it.

    `clock` gives aware UTC moments; the playground and the tests move it. `issuer_folders` are
    read besides the catalogue and the operator's folder. `easel` draws charts, `loupe` looks at
    pictures that people send.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = utc_now,
        issuer_folders: Sequence[Path] = (),
        easel: Easel | None = None,
        loupe: Loupe | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._easel = easel or Easel()
        self._loupe = loupe or Loupe()
        self._folders = [CATALOG, settings.issuers_dir, *issuer_folders]
        self._open = AsyncExitStack()
        self._jobs: Jobs
        self.parts: Parts
        self.presence: Presence

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            await self._start(opening)
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    async def _start(self, opening: AsyncExitStack) -> None:
        settings, clock = self._settings, self._clock
        http = await opening.enter_async_context(http_session())
        issuers = Issuers.load(self._folders, settings.issuer_secrets, http, clock)
        store = await open_store(settings.database_url, settings.master_key, clock=clock)
        opening.push_async_callback(store.close)
        self.presence = await opening.enter_async_context(Presence(store, clock))
        inbox = Inbox(store)
        journal = Journal(store, clock, inbox)
        limits = Limits(store, clock)
        turns = Turns(journal)
        turns.remember(await store.receipts.recent(REMEMBERED))
        application = _application(settings, turns, Seal(store.installation), inbox)
        features = discover()
        self.parts = Parts(
            bot=application.bot,
            settings=settings,
            store=store,
            wallet=Wallet(
                store, issuers, clock, timedelta(minutes=settings.refresh_minutes), limits
            ),
            limits=limits,
            bookings=Bookings(store, issuers, clock),
            issuers=issuers,
            dialogues=Dialogues(store, clock),
            clock=clock,
            turns=turns,
            journal=journal,
            background=Background(),
            menu=sorted(features.commands.values(), key=lambda command: command.order),
            letters=features.letters,
            due=features.due,
            card_actions=features.card_actions,
            easel=self._easel,
            loupe=self._loupe,
        )
        Door(self.parts, features).open(application)
        application.add_error_handler(LastResort(self.parts))
        await self._run(application, inbox, opening)

    async def _run(
        self,
        application: Application[Any, Any, Any, Any, Any, Any],
        inbox: Inbox,
        opening: AsyncExitStack,
    ) -> None:
        """Start speaking; on the way out, stop listening first and write what is noted last."""
        parts = self.parts
        opening.push_async_callback(parts.journal.write)
        opening.push_async_callback(application.bot.shutdown)
        opening.push_async_callback(parts.easel.stop)
        opening.push_async_callback(parts.loupe.stop)
        await _reach(application.bot)
        await opening.enter_async_context(application)
        opening.push_async_callback(parts.wallet.stop)
        opening.push_async_callback(parts.background.stop)
        await application.start()
        opening.push_async_callback(application.stop)
        assert application.updater is not None
        assert application.job_queue is not None
        parts.background.start(register(parts), "registering the command menu")
        await Interrupted(parts, inbox).take_up(application.update_queue)
        await listen(application.updater, self._settings, parts.store.installation)
        warmth = asyncio.get_running_loop().call_later(
            WARM_AFTER_SECONDS, lambda: parts.background.start(warm_up(parts), "warming up")
        )
        opening.callback(warmth.cancel)
        opening.push_async_callback(application.updater.stop)
        await note(parts.store, Action.STARTED)
        self._jobs = Jobs(parts)
        self._jobs.schedule(application.job_queue)
        log.info("Kabao is @%s, and listens", parts.bot.username)

    async def settled(self, update_id: int | None = None) -> None:
        """Wait until an update was handled, if one is named, and all that follows or is due."""
        if update_id is not None:
            await self.parts.turns.handled(update_id)
        await self.parts.background.settled()
        await self.parts.journal.write()
        await self._jobs.catch_up()


async def _reach(bot: Bot) -> None:
    """Find out who the bot is; a Telegram that is down is waited for, a wrong token is not."""
    for seconds in chain(FIRST_WAITS, repeat(LAST_WAIT)):
        try:
            await bot.initialize()
        except InvalidToken:  # its words hold the token
            raise ConfigError(
                "KABAO_BOT_TOKEN is not accepted by Telegram: ask @BotFather for it"
            ) from None
        except TelegramError as error:
            log.warning("Telegram cannot be reached yet: %s", error.message)
            await asyncio.sleep(seconds)
        else:
            return


def _application(
    settings: Settings, turns: Turns, seal: Seal, inbox: Inbox
) -> Application[Any, Any, Any, Any, Any, Any]:
    """Build python-telegram-bot's application on our bot, transport, pace and turns."""
    bot = SealedBot(
        seal=seal,
        token=settings.bot_token.get_secret_value(),
        base_url=f"{settings.bot_api_url}/bot",
        base_file_url=f"{settings.bot_api_url}/file/bot",
        request=AiohttpRequest(pool_size=TELEGRAM_CONNECTIONS),
        get_updates_request=KeepingRequest(inbox, pool_size=2, read_timeout=POLL_SECONDS + 10),
        rate_limiter=Pace(),
    )
    builder = Application.builder().bot(bot).concurrent_updates(turns)
    if settings.webhook_url:
        builder.update_queue(KeepingQueue(inbox))
    return builder.build()
