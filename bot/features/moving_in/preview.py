"""What was found, before any of it is saved: new, known, left out and why."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from bot import arrivals, panel
from bot.activity import Action, note
from bot.buttons import Button, Buttons, in_rows
from bot.expiry import leads_of
from bot.features.moving_in import settings
from bot.imports import found as said
from bot.imports import kept, values
from bot.imports import table as tables
from bot.languages import mark
from bot.pages import Page
from bot.readings import money_of
from bot.ways import to_all_cards, to_cancel
from storage import MOST_CARDS, DuplicateCardError

if TYPE_CHECKING:
    from bot.arrivals import Plan
    from bot.context import Context
    from bot.dialogue import Dialogue
    from bot.imports import Found
    from bot.voice import Voice
    from storage import Store, Whole

KIND: Final = "import"
PER_PAGE: Final = 15
MOST_SAID: Final = 8
MOST_PLACES: Final = 5
OFFERED: Final = ("CNY", "HKD", "TWD", "USD", "EUR", "JPY")

DELETED = mark("Your message is deleted from the chat.")
STANDS = mark(
    "<b>I could not delete your message.</b> Please delete it yourself: it holds numbers."
)
NOT_YET = mark("Nothing is saved yet.")
NOTHING_NEW = mark("There is nothing new in it.")
NO_ISSUER = mark("No issuer is set up here for cards like these, so I cannot keep them.")
CURRENCY = mark("In which currency are these amounts? Send its code, such as EUR.")
NO_CURRENCY = mark("I do not know that currency. Send its code of three letters, such as EUR.")
FULL = mark(
    "I keep {n} cards of one person, archived ones included. Remove some you no longer need, and "
    "send the file once more: what is here already is not taken twice."
)
MEANWHILE = mark("Something was added meanwhile, so look once more before you save.")


async def begin(context: Context, dialogue: Dialogue) -> None:
    """Show what was found for the first time."""
    dialogue.data.setdefault("currency", context.parts.settings.currency)
    dialogue.data.setdefault("starts", False)
    await show(context, dialogue)


async def show(context: Context, dialogue: Dialogue, at: int = 0) -> None:
    """Show a page of what was found, and what can be done with it."""
    found = kept.from_json(dialogue.data["found"])
    store = context.parts.store
    try:
        plan = await _plan(context, store, dialogue, found)
    except arrivals.NoIssuer:
        await context.parts.dialogues.end(context.person.id)
        await context.conclude(context.voice.say(NO_ISSUER))
        return
    text = Markup("\n\n").join(
        part
        for part in (_head(context, dialogue, found, plan, at), *_left_out(context, plan))
        if part
    )
    if not plan.new and "table" not in dialogue.data:
        await context.parts.dialogues.end(context.person.id)
        await context.conclude(text)
        return
    dialogue.wait_at("preview")
    await context.parts.dialogues.keep(context.person.id, dialogue)
    await context.ask_here(text, _buttons(context, dialogue, found, plan, at))


async def save(context: Context, dialogue: Dialogue, *, choices: bool) -> None:
    """Save the cards that are new, all at once, and what was chosen where they come from."""
    parts, owner, voice = context.parts, context.person.id, context.voice
    found = kept.from_json(dialogue.data["found"])
    try:
        async with parts.store.transaction() as tx:
            plan = await _plan(context, tx, dialogue, found)
            ids = await arrivals.save(tx, owner, plan.new)
            if choices and found.choices:
                await settings.take_over(tx, owner, found.choices)
            await tx.dialogues.drop(owner)
            what = found.program or "CSV"
            await note(tx, Action.IMPORTED, subject=owner, actor=owner, what=what, n=len(ids))
    except DuplicateCardError:
        await context.notice(voice.plain(MEANWHILE))
        await show(context, dialogue)
        return
    if choices and (changed := await parts.store.people.get(owner)):
        context.person, context.voice = changed, parts.voice(changed)
    text = context.voice.plural("✅ {n} card moved in.", "✅ {n} cards moved in.", len(ids))
    await context.conclude(text, [[to_all_cards(context.voice)]])


async def ask_currency(context: Context, dialogue: Dialogue) -> None:
    """Ask in which currency amounts are that the file does not tell."""
    dialogue.wait_at("currency")
    await context.parts.dialogues.keep(context.person.id, dialogue)
    codes = dict.fromkeys((context.parts.settings.currency, *OFFERED))
    buttons = [Button(code, f"moveunit:{code}") for code in codes]
    await context.ask_here(context.voice.say(CURRENCY), in_rows(buttons, 3))


async def currency_typed(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take a currency as typed: its code, or what it is called."""
    code = values.currency(text) or next(
        (one for one in OFFERED if text.casefold() in _called(context.voice, one)), None
    )
    if code is None:
        await context.reply(context.voice.say(NO_CURRENCY))
        return
    await use_currency(context, dialogue, code)


def _called(voice: Voice, code: str) -> set[str]:
    return {voice.language.currency(code).casefold(), *(["元", "人民币"] if code == "CNY" else [])}


async def use_currency(context: Context, dialogue: Dialogue, code: str) -> None:
    """Take amounts to be in this currency; those of a table are read anew."""
    if values.currency(code) is None:
        await context.reply(context.voice.say(NO_CURRENCY))
        return
    dialogue.data["currency"] = code
    if held := dialogue.data.get("table"):
        table = tables.Table(tuple(held["headings"]), tuple(map(tuple, held["rows"])))
        today = context.voice.now.astimezone(context.voice.zone).date()
        found = await asyncio.to_thread(tables.cards_of, table, dialogue.data["roles"], code, today)
        dialogue.data["found"] = kept.as_json(found)
    await show(context, dialogue)


async def _plan(context: Context, store: Store, dialogue: Dialogue, found: Found) -> Plan:
    options = arrivals.Options(
        dialogue.data["currency"],
        starts=dialogue.data["starts"],
        leads=leads_of(context.person),
    )
    owner = context.person.id
    return await arrivals.plan(context.parts, store, owner, context.voice, found, options)


def _head(context: Context, dialogue: Dialogue, found: Found, plan: Plan, at: int) -> Markup:
    voice, data = context.voice, dialogue.data
    read = len(plan.new) + len(plan.have) + len(plan.skipped)
    lines = []
    if found.program:
        lines.append(voice.say("<b>From {program}</b>", program=found.program))
    lines.append(
        voice.say(
            "Read: {read}. New: {new}. Here already: {have}. Left out: {skipped}.",
            read=voice.language.number(read),
            new=voice.language.number(len(plan.new)),
            have=voice.language.number(len(plan.have)),
            skipped=voice.language.number(len(plan.skipped)),
        )
    )
    stays = STANDS if not data["gone"] else DELETED
    lines.append(voice.say(stays))
    lines.append(voice.say(NOT_YET if plan.new else NOTHING_NEW))
    shown = [_line(voice, whole) for whole in _page(plan, at).cut(plan.new)]
    if shown:
        lines += [Markup(""), *shown]
    if plan.unpriced and plan.new:
        lines += [
            Markup(""),
            voice.plural(
                "{n} amount has no currency; I take it to be {currency}.",
                "{n} amounts have no currency; I take them to be {currency}.",
                plan.unpriced,
                currency=voice.language.currency(data["currency"]),
            ),
        ]
    return Markup("\n").join(lines)


def _page(plan: Plan, at: int) -> Page:
    return Page.of(len(plan.new), PER_PAGE, at)


def _line(voice: Voice, whole: Whole) -> Markup:
    card = whole.card
    money = money_of(card)
    about = [voice.money(money)] if money else []
    if card.expires_at is not None:
        about.append(voice.plain("until {date}", date=voice.last_day(card.expires_at)))
    if card.archived_at is not None:
        about.append(voice.plain("archived"))
    marks = "⭐ " if card.starred else ""
    return Markup("{}{}{}").format(marks, panel.masked(card), "".join(f" · {one}" for one in about))


def _left_out(context: Context, plan: Plan) -> list[Markup]:
    voice = context.voice
    parts = []
    if plan.have:
        lines = [voice.say("<b>Here already</b>")]
        lines += [Markup("{}").format(panel.masked(one.card)) for one in plan.have[:MOST_SAID]]
        parts.append(Markup("\n").join([*lines, *_more(voice, len(plan.have))]))
    if plan.skipped:
        lines = [voice.say("<b>Left out</b>")]
        lines += [
            voice.say(
                "No. {n}: {why}", n=voice.language.number(one.place), why=voice.plain(one.why)
            )
            for one in plan.skipped[:MOST_SAID]
        ]
        lines += _more(voice, len(plan.skipped))
        if any(one.why == said.TOO_MANY for one in plan.skipped):
            lines.append(voice.say(FULL, n=voice.language.number(MOST_CARDS)))
        parts.append(Markup("\n").join(lines))
    if plan.remarks and plan.new:
        lines = [voice.say("<b>To know</b>")]
        lines += [_remark(voice, what, n, plan.places) for what, n in plan.remarks.items()]
        parts.append(Markup("\n").join(lines))
    return parts


def _remark(voice: Voice, what: str, n: int, places: dict[str, tuple[int, ...]]) -> Markup:
    """Say how often something was the case, and of few cards of which."""
    words = {"what": voice.plain(what), "n": voice.language.number(n)}
    of = places.get(what, ())
    if not 0 < len(of) <= MOST_PLACES:
        return voice.say("{what}: {n}", **words)
    which = voice.plain(", ").join(voice.language.number(place) for place in of)
    return voice.say("{what}: {n} (no. {which})", **words, which=which)


def _more(voice: Voice, n: int) -> list[Markup]:
    left = n - MOST_SAID
    return [voice.plural("and {n} more", "and {n} more", left)] if left > 0 else []


def _buttons(context: Context, dialogue: Dialogue, found: Found, plan: Plan, at: int) -> Buttons:
    voice, rows = context.voice, []
    if n := len(plan.new):
        words: dict[str, Any] = {"n": voice.language.number(n)}
        rows.append([Button(voice.plain("✅ Save {n}", **words), "movesave:0")])
        if found.choices and settings.differ(context.person, found.choices):
            label = voice.plain("✅ Save {n} and my settings", **words)
            rows.append([Button(label, "movesave:1")])
    if plan.starts and plan.new:
        label = (
            mark("Leave out the first balances")
            if dialogue.data["starts"]
            else mark("Take the first balances for what is left")
        )
        rows.append([Button(voice.plain(label), "movestarts")])
    if plan.unpriced and plan.new:
        rows.append([Button(voice.plain("Another currency"), "movecurrency")])
    if "table" in dialogue.data:
        rows.append([Button(voice.plain("Other columns"), "moveroles")])
    rows += _page(plan, at).turns(voice, lambda to: f"movepage:{to}")
    rows.append([to_cancel(voice)])
    return rows
