"""Share a card with somebody by a link valid once, or hand it over for good: /share."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot import panel, tips
from bot.activity import Action, note
from bot.buttons import Button, OutdatedButton, number
from bot.declared import CardAction
from bot.features.share import in_groups, letters, taking
from bot.languages import mark
from bot.pages import fitted
from bot.parts import Command
from bot.search import matching, no_own_cards, say_none, which, words_of
from bot.shared import MAY
from bot.ways import back_to_card

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.buttons import Buttons
    from bot.context import Context
    from storage import Card, GroupShare, Right, Sharer

LASTS: Final = timedelta(days=7)
MOST_LISTED: Final = 20

CHOICES: Final[dict[str, tuple[Right, str, str]]] = {
    "see": ("see", mark("👀 May see"), mark("Balance and history")),
    "spend": ("spend", mark("💳 May spend"), mark("Also book spending, and show number and PIN")),
    "manage": (
        "manage",
        mark("🛠 May manage"),
        mark("Also rename, book top-ups, set balance and alerts"),
    ),
}


async def share(context: Context) -> None:
    """Open the sharing of the card that is named, or offer those it may be."""
    mine, words = await context.cards("own"), words_of(context.args)
    found = matching(context, mine, words)
    if not mine:
        await context.reply(*await no_own_cards(context))
    elif not found:
        await say_none(context)
    elif len(found) == 1:
        await _show(context, found[0])
    else:
        await _which(context, found, words, 0)


async def turned(context: Context, at: str, words: str) -> None:
    """Turn to a page of the cards to choose from."""
    found = matching(context, await context.cards("own"), words)
    await _which(context, found, words, number(at))


async def _which(context: Context, found: Sequence[Card], words: str, at: int) -> None:
    rows = which(
        context, found, at, lambda card: f"sharing:{card.id}", lambda to: f"shares:{to}:{words}"
    )
    await context.show(context.voice.say("Which card do you want to share?"), rows)


async def sharing(context: Context, card_id: str) -> None:
    """Show who has a card, and the ways to share it."""
    await _show(context, await context.card(card_id, "own"))


async def _show(context: Context, card: Card, said: Markup | None = None) -> None:
    store, voice = context.parts.store, context.voice
    people = await store.shares.people(card.owner_id, card.id)
    groups = await store.groups.of_card(card.owner_id, card.id)
    links = await store.shares.links(card.owner_id, card.id)
    lines = [voice.say("🤝 <b>{card}</b>: who has it", card=panel.masked(card))]
    lines += [
        voice.say(
            "👤 {name} · {may} · since {date}",
            name=one.name,
            may=voice.say(MAY[one.right]),
            date=voice.date(one.since),
        )
        for one in people
    ]
    lines += [
        voice.say("👥 {group} · everybody there may spend", group=one.title)
        if one.right == "spend"
        else voice.say("👥 {group} · sees the balance", group=one.title)
        for one in groups
    ]
    if not people and not groups:
        lines.append(voice.say("Only you."))
    lines += [
        voice.say("🔗 A link nobody took yet, until {date}", date=voice.date(until))
        for _, until in links
    ]
    text = fitted(voice, lines)
    if said is not None:
        text += Markup("\n\n") + said
    rows = _ways(context, card, people, groups, links=bool(links))
    await context.present(f"sharing:{card.id}", text, rows)


def _ways(
    context: Context,
    card: Card,
    people: list[Sharer],
    groups: list[GroupShare],
    *,
    links: bool,
) -> Buttons:
    voice = context.voice
    rows = [[Button(voice.plain("➕ Share with somebody"), f"sharewith:{card.id}")]]
    rows += [
        [
            Button(
                voice.plain("✖ No longer {name}", name=one.name[:40]), f"unshare:{card.id}:{one.id}"
            )
        ]
        for one in people[:MOST_LISTED]
    ]
    rows += [[*row] for row in in_groups.ways(voice, card, groups)]
    if links:
        rows.append([Button(voice.plain("✖ Take the link back"), f"unlink:{card.id}")])
    rows.append([Button(voice.plain("🎁 Hand over for good"), f"handover:{card.id}")])
    rows.append([back_to_card(voice, card)])
    return rows


async def share_with(context: Context, card_id: str) -> None:
    """Ask what somebody shall be able to do."""
    card, voice = await context.card(card_id, "own"), context.voice
    lines = [voice.say("What may they do with <b>{card}</b>?", card=panel.masked(card)), Markup("")]
    lines += [
        Markup("<b>{}</b> — {}").format(voice.say(label), voice.say(what))
        for _, label, what in CHOICES.values()
    ]
    lines += [
        Markup(""),
        voice.say("For a group: add me to it, and write /share there."),
    ]
    rows = [
        [Button(voice.plain(label), f"sharelink:{card.id}:{right}")]
        for right, label, _ in CHOICES.values()
    ]
    rows.append([Button(voice.plain("‹ Back"), f"sharing:{card.id}")])
    await context.present(f"sharewith:{card.id}", Markup("\n").join(lines), rows)


async def share_link(context: Context, card_id: str, right: str) -> None:
    """Make a link that gives a right, in a message to be forwarded."""
    if right not in CHOICES:
        raise OutdatedButton
    await _linked(context, card_id, CHOICES[right][0])


async def hand_over(context: Context, card_id: str) -> None:
    """Ask before a card is handed over."""
    card, voice = await context.card(card_id, "own"), context.voice
    text = voice.say(
        "Hand <b>{card}</b> over for good? Whoever takes the link has it with number, PIN and "
        "history. You, and everybody you share it with, have it no longer, and only they could "
        "give it back.",
        card=panel.masked(card),
    )
    rows = [
        [Button(voice.plain("🎁 Make the link"), f"handlink:{card.id}")],
        [Button(voice.plain("‹ Back"), f"sharing:{card.id}")],
    ]
    await context.present(f"handover:{card.id}", text, rows)


async def hand_link(context: Context, card_id: str) -> None:
    """Make a link that hands a card over."""
    await _linked(context, card_id, "own")


async def _linked(context: Context, card_id: str, right: Right) -> None:
    card, parts, voice = await context.card(card_id, "own"), context.parts, context.voice
    token, me = secrets.token_urlsafe(16), context.person
    async with parts.store.transaction() as tx:
        until = parts.clock() + LASTS
        if not await tx.shares.new_link(token, card.owner_id, card.id, right, until):
            raise OutdatedButton
        await note(tx, Action.LINK_MADE, subject=me.id, actor=me.id, card=card, what=right)
    link = f"https://t.me/{parts.bot.username}?start={taking.PREFIX}-{token}"
    said = voice.say(
        "Forward the message below to them. Whoever opens its link first gets the card, so send "
        "it to nobody else. I tell you who took it."
    )
    if tip := await tips.once(parts, me, "first_share"):
        said += Markup("\n\n") + tip
    await _show(context, card, said)
    given = (
        voice.say("🎁 {name} hands a card over to you in Kabao.", name=me.name)
        if right == "own"
        else voice.say("🤝 {name} shares a card with you in Kabao.", name=me.name)
    )
    how = voice.say("Open this link by {date}; it works once:", date=voice.date(until))
    await context.reply(Markup("{}\n{}\n{}").format(given, how, link))


async def unlink(context: Context, card_id: str) -> None:
    """Take back the links that nobody took yet."""
    card, parts, me = await context.card(card_id, "own"), context.parts, context.person.id
    async with parts.store.transaction() as tx:
        if await tx.shares.cancel_links(card.owner_id, card.id):
            await note(tx, Action.LINK_CANCELLED, subject=me, actor=me, card=card)
    await _show(context, card, context.voice.say("The link is of no use any more."))


async def unshare(context: Context, card_id: str, person_id: str) -> None:
    """Take back what somebody might do with a card."""
    card, parts, me = await context.card(card_id, "own"), context.parts, context.person
    other = number(person_id)
    async with parts.store.transaction() as tx:
        if not await tx.shares.revoke(card.owner_id, card.id, other):
            raise OutdatedButton
        await letters.owe(tx, parts, other, letters.ENDED, card, me)
        await note(tx, Action.UNSHARED, subject=other, actor=me.id, card=card)
        await note(tx, Action.UNSHARED, subject=me.id, actor=me.id, card=card)
    parts.views.forget(other)  # no reading under way is painted into their panel any more
    await _show(context, card)


async def ungroup(context: Context, card_id: str, chat: str) -> None:
    """Let a group see a card no longer."""
    card = await context.card(card_id, "own")
    await in_groups.take_back(context, card, -number(chat))
    await _show(context, card)


async def group_let(context: Context, card_id: str, chat: str, right: str) -> None:
    """Change what everybody in a group may do with a card."""
    card = await context.card(card_id, "own")
    await in_groups.let(context, card, -number(chat), right)
    await _show(context, card)


COMMANDS = (Command("share", mark("Share a card with somebody"), share, order=33),)
BUTTONS = {
    "shares": turned,
    "sharing": sharing,
    "sharewith": share_with,
    "sharelink": share_link,
    "unlink": unlink,
    "unshare": unshare,
    "ungroup": ungroup,
    "grouplet": group_let,
    "handover": hand_over,
    "handlink": hand_link,
    **taking.BUTTONS,
}
STARTS = {taking.PREFIX: taking.offered}
LETTERS = letters.LETTERS
GUARDED = frozenset({"sharelink", "handlink", "grouplet"})
CARD_ACTIONS = (CardAction("sharing", mark("🤝 Share"), order=50, right="own"),)
