"""The parts of the running bot, as features, delivery and the jobs are given them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.easel import Easel
from bot.languages import language_for
from bot.loupe import Loupe
from bot.offers import Offers
from bot.passcodes import Passcodes
from bot.vanishing import Vanishings
from bot.views import Views
from bot.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from bot.background import Background
    from bot.bookings import Bookings
    from bot.config import Settings
    from bot.declared import CardAction, Due, Letter
    from bot.dialogue import Dialogues
    from bot.issuers import Issuers
    from bot.journal import Journal
    from bot.limits import Limits
    from bot.sealed import SealedBot
    from bot.turns import Turns
    from bot.wallet import Wallet
    from storage import Person, Store


@dataclass(frozen=True, slots=True)
class Command:
    """A command a feature brings: `summary` is its line in the menu, in English and marked.

    `run` is given the `Context`. `order` is its place in the menu, from the top.
    """

    name: str
    summary: str
    run: Callable[..., Awaitable[None]]
    order: int
    admins_only: bool = False
    helpers_too: bool = False
    """Of what is for admins only: whether helpers have it too."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of the running bot that features use."""

    bot: SealedBot
    settings: Settings
    store: Store
    wallet: Wallet
    limits: Limits
    bookings: Bookings
    issuers: Issuers
    dialogues: Dialogues
    clock: Callable[[], datetime]
    turns: Turns
    journal: Journal
    background: Background
    menu: Sequence[Command]
    letters: Mapping[str, Letter] = field(default_factory=dict)
    due: Sequence[Due] = ()
    card_actions: Sequence[CardAction] = ()
    offers: Offers = field(default_factory=Offers)
    views: Views = field(default_factory=Views)
    vanishings: Vanishings = field(default_factory=Vanishings)
    passcodes: Passcodes = field(default_factory=Passcodes)
    easel: Easel = field(default_factory=Easel)
    loupe: Loupe = field(default_factory=Loupe)

    def voice(self, person: Person | None, reported: str | None = None) -> Voice:
        """Find a person's voice: their choices, else Telegram's report, else the default."""
        default = self.settings.language
        code = (person.language if person else None) or reported
        zone = (person.timezone if person else None) or self.settings.timezone
        return Voice(language_for(code, default), ZoneInfo(zone), self.clock())
