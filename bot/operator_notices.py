"""What whoever runs the bot is told in private: refused credentials, broken files, long outages.

Nothing of a card or its holder is in it. What was told is kept in memory; a bot that restarts over
and over tells nothing of what it finds at its start, since it tells that only after `SETTLED`.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from telegram.error import BadRequest, Forbidden, TelegramError

from bot import calls
from bot.buttons import Button
from bot.issuers import FaultKind
from bot.languages import mark
from bot.pace import ALERT
from bot.panel import issuer_name
from bot.quiet import quiet_until
from storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.issuers import Change, IssuerFault
    from bot.limits import Stopped
    from bot.parts import Parts

log = logging.getLogger(__name__)

ONCE_A = timedelta(days=1)
"""One cause at one issuer is told again after this long, if it is still so."""

SETTLED = timedelta(minutes=2)
"""A bot that has run for less may be one that restarts over and over."""

LONG = timedelta(minutes=30)
"""An issuer that is out of order for so long is told of."""

LONGEST = 3000
BACKUPS = "backups"

REFUSED = mark(
    "⚠️ {issuer} refuses this bot's credentials ({detail}). Its cards keep their last balance "
    "meanwhile. <code>kabao check</code> tries the credentials."
)
GONE = mark(
    "⚠️ There are cards of <code>{slug}</code>, but no such issuer is on: its file is gone, or a "
    "secret that it needs is not set."
)
BROKEN = mark("⚠️ The file of <code>{slug}</code> has mistakes:\n<pre>{said}</pre>\n{then}")
STAYS = mark("What it said before stays in force.")
NOT_OFFERED = mark("It is not offered until they are mended.")
MENDED = mark("✅ The file of <code>{slug}</code> is fine again, and in force.")
LOST = mark(
    "⚠️ The folder <code>{slug}</code> with issuers' files is gone. Its issuers stay as they were."
)
BACK = mark("✅ The folder <code>{slug}</code> is back.")
OFF = mark(
    "The issuer <code>{slug}</code> is off until {names} is set and the bot is started again."
)
NO_BACKUP = mark(
    "⚠️ No backup could be made: <code>{said}</code> I try again every ten minutes, and go on."
)
BACKUP_AGAIN = mark("✅ Backups are made again.")
DOWN = mark("⚠️ {issuer} has been out of order since {when}. I keep trying, less often.")

STOPPED = {
    "many": mark(
        "🛑 I stopped binding for {name} (Telegram id {id}): within a day {numbers} different "
        "numbers were not accepted. It opens again by itself at {until}."
    ),
    "alike": mark(
        "🛑 I stopped binding for {name} (Telegram id {id}): within a day {numbers} numbers that "
        "differ only in their last digits were not accepted. People who tried such: {people}. It "
        "opens again by itself at {until}."
    ),
    "surge": mark(
        "🛑 Within an hour {numbers} tries were not accepted, all people together. Until {until} I "
        "take new cards only from those who have had one here for a day."
    ),
}


@dataclass(slots=True)
class _Notice:
    """One thing to tell: `text` and `then` are marked sentences, `values` what fills the first."""

    text: str
    values: dict[str, Any]
    slug: str
    since: datetime
    at_once: bool
    then: str
    about: int | None = None
    """Whom it names."""
    button: str = ""
    """Allows again what was stopped."""
    to: set[int] = field(default_factory=set)


class OperatorNotices:
    """Collects what there is to tell the admins; `tell` sends it, each in their language."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._began = parts.clock()
        self._told: dict[tuple[str, str], datetime] = {}
        self._waiting: dict[tuple[str, str], _Notice] = {}
        self._telling = asyncio.Lock()

    def refused(self, slug: str, fault: IssuerFault) -> None:
        """Note that an issuer refused the operator's credentials, or is not there any more."""
        text = GONE if self._parts.issuers.get(slug) is None else REFUSED
        self._note((slug, text), text, slug, detail=fault.detail or str(FaultKind.REFUSED))

    def changed(self, changes: Collection[Change]) -> None:
        """Note what became of issuers' files: each broken version once, and that it was mended."""
        for change in changes:
            log.info("the file of issuer %s is %s", change.slug, change.what)
            folder = change.slug.endswith("/")
            if change.what == "broken" and folder:
                self._note((change.slug, LOST), LOST, change.slug, now=True)
                continue
            if change.what == "broken":
                then = NOT_OFFERED if self._parts.issuers.get(change.slug) is None else STAYS
                said = change.said[:LONGEST]
                self._note((change.slug, said), BROKEN, change.slug, now=True, said=said, then=then)
                continue
            for key in [key for key in self._waiting if key[0] == change.slug]:
                del self._waiting[key]
            if change.missing:
                names = ", ".join(f"KABAO_SECRET_{name}" for name in change.missing)
                self._note((change.slug, names), OFF, change.slug, now=True, names=names)
            elif change.what == "mended":
                self._forget(change.slug)
                text = BACK if folder else MENDED
                self._note((change.slug, text), text, change.slug, now=True)

    def look(self) -> None:
        """Note the issuers that have been out of order for long."""
        for issuer in self._parts.issuers.all():
            since = issuer.down_since
            if since is not None and self._parts.clock() - since >= LONG:
                self._note((issuer.slug, DOWN), DOWN, issuer.slug, since=since)

    def backup_failed(self, said: str) -> None:
        """Note that there is no backup, or that who was erased is still in the keys' file."""
        self._note((BACKUPS, said), NO_BACKUP, BACKUPS, now=True, said=said)

    def backups_work(self) -> None:
        """Note that a backup was made, if they failed before."""
        if any(key[0] == BACKUPS for key in self._told):
            self._forget(BACKUPS)
            self._note((BACKUPS, BACKUP_AGAIN), BACKUP_AGAIN, BACKUPS, now=True)
            self._forget(BACKUPS)

    def stopped(self, stopped: Stopped) -> None:
        """Note that binding was stopped for somebody or for all: at once, in quiet hours too."""
        key = (f"stop of {stopped.person_id}", stopped.until.isoformat())
        self._waiting[key] = _Notice(
            STOPPED[stopped.reason],
            {"numbers": stopped.numbers, "people": stopped.people},
            "",
            stopped.until,
            at_once=True,
            then="",
            about=stopped.person_id,
            button=f"allow:{stopped.person_id or 0}",
            to=set(self._parts.settings.admins),
        )

    async def tell(self) -> None:
        """Send what waits. Who cannot be reached by the bot at all is left out."""
        async with self._telling:
            await self._tell()

    async def _tell(self) -> None:
        now = self._parts.clock()
        for key, notice in list(self._waiting.items()):
            if not notice.at_once and now - self._began < SETTLED:
                continue
            for admin in sorted(notice.to):
                if await self._told_to(admin, notice):
                    notice.to.discard(admin)
            if not notice.to:
                self._waiting.pop(key, None)

    def _note(self, key: tuple[str, str], text: str, slug: str, **values: Any) -> None:
        now = self._parts.clock()
        if key in self._told and now - self._told[key] < ONCE_A:
            return
        self._told[key] = now
        at_once, since = values.pop("now", False), values.pop("since", now)
        then = values.pop("then", "")
        to = set(self._parts.settings.admins)
        self._waiting[key] = _Notice(text, values, slug, since, at_once, then, to=to)

    def _forget(self, slug: str) -> None:
        """Let a file that breaks again in the same way be told again."""
        for key in [key for key in self._told if key[0] == slug]:
            del self._told[key]

    async def _told_to(self, admin: int, notice: _Notice) -> bool:
        parts = self._parts
        try:
            person = await parts.store.people.get(admin)
            voice = parts.voice(person)
            quiet = person is not None and quiet_until(person, voice.zone, parts.clock())
            if quiet and not notice.button:
                return False
            about = notice.about and await parts.store.people.get(notice.about)
            text = voice.say(
                notice.text,
                issuer=issuer_name(voice, parts.issuers, notice.slug),
                slug=notice.slug,
                when=voice.moment(notice.since),
                until=voice.moment(notice.since),
                name=about.name if about else "—",
                id=notice.about,
                then=voice.say(notice.then) if notice.then else "",
                **notice.values,
            )
            again = [[Button(voice.plain("Allow again"), notice.button)]] if notice.button else None
            await calls.send(parts.bot, admin, str(text), again, pace=ALERT)
        except (Forbidden, BadRequest):
            log.info("an admin cannot be told: they have not started the bot")
        except (TelegramError, StorageError) as error:
            log.warning("an admin could not be told yet: %s", error)
            return False
        return True
