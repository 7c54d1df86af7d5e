"""What a person's lock is like now, with a button for everything about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import gate, phones
from bot import lock as locks
from bot.activity import Action, note
from bot.buttons import Button, OutdatedButton, number
from bot.languages import mark
from bot.vanishing import vanish

if TYPE_CHECKING:
    from bot.buttons import Buttons
    from bot.context import Context
    from bot.voice import Voice
    from storage import Lock

NO_PASSCODE = mark(
    "🔓 <b>You have no passcode.</b>\n\nWith one I ask for it before I show a full number or PIN, "
    "and before a card is removed or everything is erased. Somebody who picks up your phone then "
    "gets no number. If you want, I ask before balances too."
)
BEHIND = mark(
    "I deleted what you wrote behind /lock, in case it was a passcode. Press the button for what "
    "you want."
)
TITLE = mark("🔒 <b>Your lock</b>")


async def lock(context: Context) -> None:
    """Show the lock; "/lock now" closes it at once. What else is behind it may be a passcode."""
    if context.args.casefold().strip() in {"now", "锁"}:
        await lock_now(context)
    elif context.args and context.query is None:
        gone = await context.take_secret()
        await show(context, context.voice.say(BEHIND if gone else gate.UNDELETED))
    else:
        await show(context)


async def show(context: Context, said: Markup | None = None) -> None:
    """Show the lock on the chat's panel, below what has just been done if anything was."""
    voice, owner = context.voice, context.person.id
    mine = await context.parts.store.locks.get(owner)
    if mine is None or mine.passcode is None:
        text = voice.say(NO_PASSCODE)
        rows: Buttons = [[Button(voice.plain("Set a passcode"), "lockset")]]
    else:
        codes = await context.parts.store.locks.count_codes(owner)
        text, rows = _described(voice, mine, codes), _rows(voice, mine)
    await context.present("lock", Markup("\n\n").join(filter(None, [said, text])), rows)


def _described(voice: Voice, mine: Lock, codes: int) -> Markup:
    lines = [voice.say(TITLE), Markup("")]
    if mine.unlocked_until is not None and locks.is_open(mine, voice.now):
        lines.append(voice.say("Open until {when}", when=voice.moment(mine.unlocked_until)))
    else:
        lines.append(voice.say("Closed: I ask for your passcode"))
    lines += [
        _open_for(voice, mine.minutes),
        voice.say("Balances: only when open")
        if mine.covers_balances
        else voice.say("Balances: always shown"),
        voice.say("Two-step: on") if mine.totp else voice.say("Two-step: off"),
        voice.say("Recovery codes left: {n}", n=codes),
        voice.say("Phone number: {number}", number=phones.masked(mine.phone))
        if mine.phone
        else voice.say("Phone number: none"),
    ]
    if mine.reset_at:
        when = voice.moment(locks.rounded(mine.reset_at))
        lines += [Markup(""), voice.say("⚠️ Your passcode will be removed: {when}.", when=when)]
    elif not codes:
        lines += [
            Markup(""),
            voice.say(
                "Make recovery codes: with one you get back in at once if you forget the passcode."
            ),
        ]
    return Markup("\n").join(lines)


def _open_for(voice: Voice, minutes: int) -> Markup:
    return voice.plural("Stays open for {n} minute", "Stays open for {n} minutes", minutes)


def _rows(voice: Voice, mine: Lock) -> Buttons:
    covers = (
        voice.plain("Always show balances")
        if mine.covers_balances
        else voice.plain("Ask before balances too")
    )
    two_step = voice.plain("Turn two-step off") if mine.totp else voice.plain("Turn two-step on")
    phone = voice.plain("Remove phone number") if mine.phone else voice.plain("Add phone number")
    rows = [
        [
            Button(voice.plain("🔒 Lock now"), "locknow"),
            Button(voice.plain("Change passcode"), "lockset"),
        ],
        [Button(covers, "lockcovers"), Button(voice.plain("How long open"), "lockminutes")],
        [Button(two_step, "locktwostep"), Button(voice.plain("Recovery codes"), "lockcodes")],
        [Button(phone, "lockphone"), Button(voice.plain("Remove passcode"), "lockremove")],
    ]
    if mine.reset_at:
        rows.insert(0, [Button(voice.plain("Keep the passcode"), "lockstay")])
    return rows


async def mine_with_passcode(context: Context) -> Lock:
    """Find the person's lock. `OutdatedButton` if it has no passcode."""
    mine = await context.parts.store.locks.get(context.person.id)
    if mine is None or mine.passcode is None:
        raise OutdatedButton
    return mine


async def lock_now(context: Context) -> None:
    """Close the lock before its time, and end what was under way, but for a bind."""
    parts, owner = context.parts, context.person.id
    mine = await parts.store.locks.get(owner)
    if mine is None or mine.passcode is None:
        await show(context)
        return
    dialogue = await parts.dialogues.current(owner)
    async with parts.store.transaction() as tx:
        await tx.locks.change(owner, unlocked_until=None)
        if dialogue is not None and dialogue.kind != "bind":
            await tx.dialogues.drop(owner)
    for owed in await parts.store.vanishing.in_chat(context.chat_id):
        await vanish(parts, owed)
    await show(context)


async def covers(context: Context) -> None:
    """Ask before balances too from now on; or no longer, which takes the passcode."""
    mine = await mine_with_passcode(context)
    if mine.covers_balances or not locks.is_open(mine, context.parts.clock()):
        await gate.demand(context, {"proven": "lockcovers"})
    else:
        await cover(context)


async def cover(context: Context) -> None:
    """Turn it round."""
    mine = await mine_with_passcode(context)
    owner, covered = context.person.id, not mine.covers_balances
    async with context.parts.store.transaction() as tx:
        await tx.locks.change(owner, covers_balances=covered)
        action = Action.COVERED if covered else Action.UNCOVERED
        await note(tx, action, subject=owner, actor=owner)
    await show(context)


async def minutes(context: Context) -> None:
    """Offer how long the lock may stay open."""
    await mine_with_passcode(context)
    voice = context.voice
    rows = [
        [
            Button(str(voice.plural("{n} minute", "{n} minutes", choice)), f"lockfor:{choice}")
            for choice in pair
        ]
        for pair in (locks.CHOICES[:2], locks.CHOICES[2:])
    ]
    rows.append([Button(voice.plain("‹ Lock"), "lock")])
    await context.present("lock", voice.say("How long shall it stay open?"), rows)


async def stays_open(context: Context, chosen: str) -> None:
    """Let the lock stay open for so many minutes."""
    await mine_with_passcode(context)
    if number(chosen) not in locks.CHOICES:
        raise OutdatedButton
    await context.parts.store.locks.change(context.person.id, minutes=number(chosen))
    await show(context)


async def keep_passcode(context: Context) -> None:
    """Lift nothing after all."""
    parts, owner = context.parts, context.person.id
    async with parts.store.transaction() as tx:
        waited = await tx.locks.cancel_wait(owner)
        if waited:
            await note(tx, Action.RECOVERY_CANCELLED, subject=owner, actor=owner)
    await context.show(
        context.voice.say("Your passcode stays as it is.")
        if waited
        else context.voice.say("Nothing was about to be removed.")
    )
