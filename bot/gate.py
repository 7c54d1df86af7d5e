"""The gate before what a person's passcode guards: asks for it, then does what was wanted.

What was wanted stands in the sealed dialogue: a command with what followed it, or a button's data
and its message; never a secret. Only one dialogue is under way at a time, so a card that is being
bound comes first: asking for a passcode would forget what was typed for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot import lock as locks
from bot.buttons import Button
from bot.dialogue import Dialogue
from bot.languages import mark
from bot.lock import Verdict
from bot.messages import discard
from bot.ways import to_cancel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from bot.context import Context
    from bot.voice import Voice

KIND: Final = "unlock"

PASSCODES: Final = frozenset({KIND, "lock"})
"""Conversations in which a passcode is typed, which may look like anything."""

OPEN: Final = frozenset({"lock", "start", "language", "privacy", "show", "tickets"})
"""Features that show nothing of a card but what they guard, and so stay open while balances are
covered."""

CONTINUED: Final = frozenset(
    {"bind", "issuer", "another", "again", "unverified", "skip", "scanned", "confirmed", "printed"}
    | {"pay", "payees", "meant", "forwarded"}
    | {"movepage", "movesave", "movestarts", "movecurrency", "moveunit"}
    | {"moveroles", "moverole", "movecolumn", "moveread"}
)
"""Buttons that answer what their feature is asking for; others of it show balances as well."""

PASSCODE = mark("🔒 Send your passcode. I delete it from the chat at once.")
CODE = mark("Now send the 6 digits your authenticator app shows, or a recovery code.")
WRONG = mark("That was not right. Try again, or /cancel.")
CLOSED = mark("Too many wrong tries. Until {when} I take no passcode, not even the right one.")
UNDELETED = mark(
    "I could not delete your message, so <b>I have not used it</b>. Please delete it yourself, "
    "then ask again."
)
BINDING_FIRST = mark("Finish the card you are adding, or /cancel it. Then ask for this again.")
SEND_AGAIN = mark("🔓 Unlocked until {when}. Now send again what you wanted.")

Wanted = dict[str, Any]


class Gate:
    """Stops what is guarded until the passcode was given; `do` does what had been wanted."""

    def __init__(
        self,
        guarded: AbstractSet[str],
        homes: Mapping[str, str],
        do: Callable[[Context, Wanted], Awaitable[None]],
    ) -> None:
        self._guarded = guarded
        self._homes = homes
        self._do = do

    async def stops(self, context: Context, name: str, wanted: Wanted) -> bool:
        """Ask for the passcode if this command or button needs it; then it is not to be done.

        An empty name is a text that begins something by itself.
        """
        parts, person = context.parts, context.person
        lock = await parts.store.locks.get(person.id)
        if lock is None or locks.is_open(lock, parts.clock()):
            return False
        pressed = "press" in wanted
        guarded = name in self._guarded
        home = self._homes.get(f"press:{name}" if pressed else name)
        if not guarded and (not lock.covers_balances or home in OPEN):
            return False
        if not guarded and name in CONTINUED and pressed:
            dialogue = await parts.dialogues.current(person.id)
            if dialogue is not None and home == self._homes.get(f"dialogue:{dialogue.kind}"):
                return False  # what was begun while it was open is brought to its end
        await demand(context, wanted)
        return True

    async def covers(self, context: Context) -> bool:
        """Say whether no balance may be shown just now."""
        lock = await context.parts.store.locks.get(context.person.id)
        now = context.parts.clock()
        return lock is not None and lock.covers_balances and not locks.is_open(lock, now)

    async def answer(self, context: Context, dialogue: Dialogue, text: str) -> None:
        """Take a passcode or code, and do what was wanted once all that is asked for was right."""
        parts, person, voice = context.parts, context.person, context.voice
        if not await context.take_secret():
            await parts.dialogues.end(person.id)
            await context.conclude(voice.say(UNDELETED))
            return
        second = dialogue.step == "code"
        attempt = locks.try_second if second else locks.try_passcode
        outcome = await attempt(parts, person.id, text)
        if outcome.verdict is not Verdict.RIGHT:
            await refuse(context, outcome)
            return
        lock = await parts.store.locks.get(person.id)
        if lock is not None and lock.totp is not None and not second:
            dialogue.wait_at("code", secret=True)
            await parts.dialogues.keep(person.id, dialogue)
            await context.ask(voice.say(CODE), cancelling(voice))
            return
        until = await locks.unlock(parts, person.id)
        if dialogue.data.get("wanted"):
            _put_away_question(context)
            await self._do(context, dialogue.data["wanted"])
        elif until is not None:
            await context.conclude(voice.say(SEND_AGAIN, when=voice.moment(until)))


def asks_passcode(dialogue: Dialogue | None) -> bool:
    """Say whether a passcode is typed in this conversation."""
    return dialogue is not None and dialogue.kind in PASSCODES


async def demand(context: Context, wanted: Mapping[str, Any]) -> None:
    """Ask for the passcode, and remember what for."""
    parts, person, voice = context.parts, context.person, context.voice
    if await is_binding(context):
        return
    lock = await parts.store.locks.get(person.id)
    if lock is not None and lock.closed_until is not None and lock.closed_until > parts.clock():
        await say_closed(context, lock.closed_until)
        return
    dialogue = Dialogue(KIND, "passcode", {"wanted": dict(wanted)}, secret=True)
    await parts.dialogues.keep(person.id, dialogue)
    await context.ask(voice.say(PASSCODE), [*_forgetting(voice), *cancelling(voice)])


async def is_binding(context: Context) -> bool:
    """Ask to finish first where a card is being added: one conversation would end the other."""
    dialogue = await context.parts.dialogues.current(context.person.id)
    if dialogue is None or dialogue.kind != "bind":
        return False
    await context.notice(context.voice.plain(BINDING_FIRST))
    return True


async def refuse(context: Context, outcome: locks.Outcome) -> None:
    """Say that it was not right, or that nothing is taken now."""
    if outcome.closed_until is None:
        await context.ask(context.voice.say(WRONG), cancelling(context.voice))
    else:
        await context.parts.dialogues.end(context.person.id)
        await say_closed(context, outcome.closed_until)


async def say_closed(context: Context, until: datetime) -> None:
    """Say until when nothing is taken."""
    voice = context.voice
    await context.ask(
        voice.say(CLOSED, when=voice.moment(locks.rounded(until))), _forgetting(voice)
    )
    context.parts.views.answered(context.chat_id)


def _forgetting(voice: Voice) -> list[list[Button]]:
    return [[Button(voice.plain("I forgot it"), "forgot")]]


def cancelling(voice: Voice) -> list[list[Button]]:
    """Offer the way out."""
    return [[to_cancel(voice)]]


def _put_away_question(context: Context) -> None:
    question = context.parts.views.question(context.chat_id)
    context.parts.views.answered(context.chat_id)
    if question:
        context.parts.background.start(
            discard(context.parts, context.chat_id, question), "discarding a question"
        )
