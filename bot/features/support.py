"""Help: first the bot looks itself what is wrong with a card, then a person: /support."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup

from bot import diagnosis, panel
from bot.buttons import Button, OutdatedButton, in_rows, number
from bot.diagnosis import NAMES, Trouble
from bot.diagnosis_words import Diagnosis, Remedy, written
from bot.dialogue import Dialogue
from bot.languages import mark
from bot.messages import repaint
from bot.parts import Command
from bot.search import matching, mentioned, no_cards, which, words_of
from bot.ways import back_to_card, to_cancel

if TYPE_CHECKING:
    from bot.buttons import Buttons
    from bot.context import Context
    from bot.voice import Voice
    from storage import Card

KIND = "support"
ASKING = mark("🔎 Looking what is wrong with “{card}”…")

WORDS = (
    (
        Trouble.HISTORY,
        r"histor|transaction|entry|entries|record|流水|记录|明细|账单|[少缺]了?.笔",
    ),
    (Trouble.PAYMENT, r"pay|refuse|declin|reject|支付|付款|付不|刷不|刷卡|被拒|拒付|买单|结账"),
    (Trouble.BALANCE, r"wrong|incorrect|missing|charged|不对|有误|[错准]|少了|多了|不见|没了|扣"),
    (Trouble.QUERY, r"query|check|see|read|refresh|updat|load|查|刷新|读|更新"),
    (Trouble.BALANCE, r"balance|amount|money|余额|金额"),
)
"""What people write of each trouble, the more telling first."""


async def support(context: Context) -> None:
    """Ask what the matter is, or look at once where it was said."""
    if context.args:
        if await context.took_stray(context.args):
            return
        found = [one for one, words in WORDS if re.search(words, context.args.lower())]
        if found:
            await _of_which(context, found[0])
            return
    voice = context.voice
    rows = [[Button(voice.plain(name), f"trouble:{kind}:0")] for kind, name in NAMES.items()]
    rows.append([Button(voice.plain("🙋 Write to a person"), "human::other")])
    rows.append([Button(voice.plain("🎫 My requests"), "tickets")])
    await context.ask_here(voice.say("What is the matter? I look into it at once."), rows)


async def _of_which(context: Context, kind: Trouble) -> None:
    """Look at the card that was named with the trouble, else ask which it is."""
    named = mentioned(context, await context.cards("see"), context.args)
    if len(named) == 1:
        await _look(context, named[0], kind)
    else:
        await _which(context, kind, 0)


async def chosen(context: Context, kind: str, at: str) -> None:
    """Take what the matter is, and ask which card."""
    await _which(context, _trouble(kind), number(at))


def _trouble(kind: str) -> Trouble:
    if kind not in (*Trouble,):
        raise OutdatedButton
    return Trouble(kind)


async def _which(context: Context, kind: Trouble, at: int) -> None:
    """Ask which card it is, unless there is only one."""
    voice, parts = context.voice, context.parts
    cards = await context.cards("see")
    if len(cards) == 1:
        await _look(context, cards[0], kind)
        return
    if not cards:
        said, rows = no_cards(voice)
        human = Button(voice.plain("🙋 Write to a person"), f"human::{kind}")
        await context.ask_here(said, [*rows, [human]])
        return
    await parts.dialogues.keep(context.person.id, Dialogue(KIND, data={"kind": str(kind)}))
    rows = which(
        context,
        cards,
        at,
        lambda card: f"diagnose:{card.id}:{kind}",
        lambda to: f"trouble:{kind}:{to}",
    )
    rows.append([to_cancel(voice)])
    await context.ask_here(voice.say("Which card is it? Press it, or send its name."), rows)


async def card_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take the card by its name or last digits."""
    voice = context.voice
    found = matching(context, await context.cards("see"), words_of(text))
    if len(found) == 1:
        await _look(context, found[0], _trouble(dialogue.data["kind"]))
        return
    said = voice.say("No card of yours is called so. Send its name or its last digits, or /cancel.")
    if found:
        said = voice.say("Several cards are called so. Send more of the name, or the last digits.")
    await context.reply(said)


async def diagnosed(context: Context, card_id: str, kind: str) -> None:
    """Look what is wrong with a card."""
    await _look(context, await context.card(card_id, "see"), _trouble(kind))


async def _look(context: Context, card: Card, kind: Trouble) -> None:
    """Say that it is being looked into, and then what was found; the chat stays free meanwhile."""
    parts, voice = context.parts, context.voice
    await parts.dialogues.end(context.person.id)
    view = f"diagnose:{card.id}:{kind}"
    message_id = await context.present(view, voice.say(ASKING, card=panel.masked(card)))
    asking = _found(context, card, kind, view, message_id)
    parts.background.start(asking, "looking what is wrong with a card")


async def _found(context: Context, card: Card, kind: Trouble, view: str, message_id: int) -> None:
    parts = context.parts
    found = await diagnosis.diagnose(parts, context.person, card, kind)
    if found is None:
        return
    voice = parts.voice(context.person)  # it has become later
    said = written(voice, parts, found, mine=context.may(found.card, "own"))
    text, rows = _text(voice, found.card, kind, said), _rows(context, found.card, kind, said)
    await repaint(parts, context.chat_id, message_id, view, text, rows, shown=[found.card])


def _text(voice: Voice, card: Card, kind: Trouble, said: Diagnosis) -> Markup:
    lines = [
        Markup("<b>{}</b> · {}").format(panel.masked(card), voice.say(NAMES[kind])),
        *(Markup("⚠️ {}").format(line) for line in said.wrong),
    ]
    if said.fine:
        lines.append(Markup("✅ ") + Markup(" · ").join(said.fine))
    lines.append(Markup("👉 {}").format(said.then))
    return Markup("\n").join(lines)


def _rows(context: Context, card: Card, kind: Trouble, said: Diagnosis) -> Buttons:
    """Lay out what mends it, then the way to a person."""
    voice, issuer = context.voice, context.parts.issuers.get(card.issuer)
    ways = {
        Remedy.REFRESH: Button(voice.plain("🔎 Look again"), f"diagnose:{card.id}:{kind}"),
        Remedy.HISTORY: Button(voice.plain("📜 History"), f"history:{card.id}:0"),
    }
    ways[Remedy.OTHER_CARD] = Button(voice.plain("💳 Which card pays it?"), "bill")
    if context.may(card, "manage"):
        ways[Remedy.CHANGE_DATE] = Button(voice.plain("📅 Expiry"), f"expiry:{card.id}")
        ways[Remedy.SET_BALANCE] = Button(voice.plain("✏️ Set balance"), f"set:{card.id}")
    if context.may(card, "own"):
        ways[Remedy.BIND_AGAIN] = Button(voice.plain("Bind again"), f"issuer:{card.issuer}")
    if issuer is not None and issuer.page is not None:
        ways[Remedy.PAGE] = Button(voice.plain("🔗 Look it up"), url=issuer.page)
    buttons = [ways[one] for one in said.remedies if one in ways]
    rows = in_rows(buttons)
    rows.append(
        [
            Button(voice.plain("🙋 Write to a person"), f"human:{card.id}:{kind}"),
            back_to_card(voice, card),
        ]
    )
    return rows


COMMANDS = (Command("support", mark("When something does not work"), support, order=63),)
BUTTONS = {"support": support, "trouble": chosen, "diagnose": diagnosed}
DIALOGUES = {KIND: card_typed}
