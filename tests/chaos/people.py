"""Who acts while the bot is killed, and what they know: what was typed, what was confirmed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.playground.demo_cards import DemoCard

if TYPE_CHECKING:
    import random

    from bot.playground import Person
    from bot.playground.issuer import DemoIssuer

GLANCE = 0.03
LOOKED_AT = 12
"""Messages from the end of a chat in which an answer is looked for."""

WARNINGS = ("I was interrupted", "may not have been done")
"""What is said where nobody knows whether an answer was sent, or an update was given up."""

SILENCE = 15.0
"""Seconds after which somebody gives up waiting for an answer in any case."""


@dataclass(slots=True)
class Typed:
    """A booking somebody typed; `told` says whether the bot confirmed it.

    `warned`: it said instead that it had been interrupted, so that they would look. `after` is the
    newest message of the chat when it was typed.
    """

    owner: int
    note: str
    minor: int
    told: bool = False
    warned: bool = False
    after: int = 0


@dataclass(slots=True)
class Asked:
    """A card somebody bound; `told` says whether the bot confirmed it."""

    owner: int
    number: str
    told: bool = False


@dataclass(slots=True)
class Truth:
    """What happened, as the people in it know it."""

    booked: list[Typed] = field(default_factory=list)
    bound: list[Asked] = field(default_factory=list)
    under_way: Counter[str] = field(default_factory=Counter)
    listens: int = 0
    kills: int = 0
    halves: int = 0
    """Dialogues that stood half-finished, all answered, at a kill; and those that went on."""
    went_on: int = 0
    stuck: list[str] = field(default_factory=list)
    unheard: int = 0
    over: bool = False
    began: asyncio.Event = field(default_factory=asyncio.Event)
    kind: str = ""

    def begin(self, kind: str) -> None:
        """Note that somebody waits for the bot to do something of this kind."""
        self.under_way[kind] += 1
        self.kind = kind
        self.began.set()
        self.began = asyncio.Event()


def letters(number: int) -> str:
    """Spell a number so that nobody takes it for a card's or an amount."""
    return "".join("bcdfghjklm"[int(digit)] for digit in f"{number:05}")


class Actor:
    """A person who waits for an answer before doing anything else."""

    def __init__(self, person: Person, truth: Truth, dice: random.Random) -> None:
        self.person = person
        self.truth = truth
        self.dice = dice

    async def types(self, text: str, *needles: str, kind: str) -> str:
        """Type it; the needle whose words the bot's answer holds, or "" if it stays silent.

        A bot that was killed is started again, and Telegram then delivers again what it was not
        told to be done; so silence is only silence when the bot has listened anew twice.
        """
        before = {m["message_id"]: m.get("text") for m in self._latest()}
        self.truth.begin(kind)
        try:
            await self.person.says(text)
            return await self._answer(before, needles)
        finally:
            self.truth.under_way[kind] -= 1

    def _latest(self) -> list[dict[str, Any]]:
        return self.person.where.messages()[-LOOKED_AT:]

    async def _answer(self, before: dict[int, str | None], needles: tuple[str, ...]) -> str:
        listens, until = self.truth.listens, time.monotonic() + SILENCE
        while self.truth.listens < listens + 3 and time.monotonic() < until:
            for message in self._latest():
                said = message.get("text", "")
                if not message["from"]["is_bot"] or before.get(message["message_id"]) == said:
                    continue
                for needle in needles:
                    if all(word in said for word in needle.split("&")):
                        return needle
            await asyncio.sleep(GLANCE)
        return ""

    async def pauses(self, most: float) -> None:
        """Do nothing for a while."""
        await asyncio.sleep(self.dice.uniform(0, most))


class Bookkeeper(Actor):
    """Keeps one card by hand, and writes down what is spent and topped up."""

    def answered(self, typed: Typed, *, booked: bool) -> bool:
        """Say whether it was in the end, perhaps after waiting was given up.

        Of all that was booked in one chat before a kill, one message tells.
        """
        wanted = (typed.note, *(WARNINGS if booked else WARNINGS[1:]))
        return any(
            message["message_id"] > typed.after and any(w in message["text"] for w in wanted)
            for message in self.person.where.messages()
            if message["from"]["is_bot"] and "text" in message
        )

    async def arrives(self, number: str) -> None:
        """Bind the card."""
        for text, answer in (
            ("/bind", "Whose card"),
            (number, "called"),
            (f"Purse {number[-4:]}", "How much"),
            ("900000", f"·{number[-4:]}"),
        ):
            assert await self.types(text, answer, kind="arrival"), (text, self.person.chat)

    async def lives(self) -> None:
        """Book one thing after another."""
        while not self.truth.over:
            await self.pauses(0.4)
            verb, sign = self.dice.choice((("spent", -1), ("spent", -1), ("topup", 1)))
            cents = self.dice.randint(1, 999)
            note = f"note{letters(len(self.truth.booked))}"
            newest = self._latest()[-1]["message_id"]
            typed = Typed(self.person.id, note, sign * cents, after=newest)
            self.truth.booked.append(typed)
            text = f"/{verb} {cents // 100}.{cents % 100:02} {note}"
            heard = await self.types(text, note, *WARNINGS, kind="ledger entry")
            typed.told, typed.warned = heard == note, heard in WARNINGS
            self.truth.unheard += not heard


class Binder(Actor):
    """Binds card after card: by hand in four steps, with a PIN in three, or in two."""

    issuer: DemoIssuer
    most: int = 1_000_000

    async def lives(self) -> None:
        """Bind one after another."""
        while not self.truth.over and self.most:
            self.most -= 1
            await self.pauses(0.3)
            digits = f"{self.dice.randrange(10**8):08}"
            tail = f"·{digits[-4:]}"
            match self.dice.choice(("hand", "panda", "kiosk")):
                case "hand":
                    number = f"AB-{digits}"
                    steps = [("/bind", "Whose card"), (number, "called"), ("Shop", "How much")]
                    steps.append(("20", tail))
                case "panda":
                    number, pin = f"62880000{digits}", f"{self.dice.randrange(10**4):04}"
                    self._issue(DemoCard(number, "CNY", {}, pin=pin, balance=5000))
                    steps = [("/bind", "Whose card"), (number, "PIN"), (pin, f"Bound&{tail}")]
                case _:
                    number = f"7700{digits}"
                    self._issue(DemoCard(number, "CNY", {}, balance=5000))
                    steps = [("/bind", "Whose card"), (number, f"Bound&{tail}")]
            await self._binds(number, steps)

    def _issue(self, card: DemoCard) -> None:
        self.issuer._cards[card.number] = card

    async def _binds(self, number: str, steps: list[tuple[str, str]]) -> None:
        asked = Asked(self.person.id, number)
        self.truth.bound.append(asked)
        for at, (text, answer) in enumerate(steps):
            kills = self.truth.kills
            if at and self.dice.random() < 0.4:
                await self.pauses(2.5)  # the dialogue stands half-finished for longer than a life
            interrupted = bool(at) and self.truth.kills > kills
            self.truth.halves += interrupted
            heard = await self.types(text, answer, "no longer", "I did not understand", kind="bind")
            if heard == answer:
                self.truth.went_on += interrupted
            elif heard:
                shown = self.person.newest.text
                self.truth.stuck.append(f"after step {at} of {len(steps)}: {shown}")
            if heard != answer:
                self.truth.halves -= interrupted and not heard
                self.truth.unheard += not heard
                await self.types("/cancel", "ancel", kind="bind")
                return
        asked.told = True


class Looker(Actor):
    """Has cards of an issuer, and wants to see what is on them."""

    async def lives(self) -> None:
        """Look, and let the bot ask anew."""
        while not self.truth.over:
            await self.pauses(1.5)
            await self.types("/balance", "¥", kind="refresh")
            shown = [m for m in self.person.chat[-LOOKED_AT:] if m.by_bot and m.buttons]
            for button in shown[-1].buttons if shown else ():
                if "efresh" in button.label:
                    self.truth.begin("refresh")
                    await self.person.presses(button.number, message=shown[-1])
                    await self.pauses(0.5)
                    self.truth.under_way["refresh"] -= 1
                    break
