"""Which column of a table is what: guessed, shown with an example, changed by buttons."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from bot.buttons import Button, OutdatedButton, in_rows
from bot.dialogue import Dialogue
from bot.features.moving_in import preview
from bot.imports import kept
from bot.imports import table as tables
from bot.imports.table import ROLES, Role, Table
from bot.languages import mark
from bot.ways import to_cancel

if TYPE_CHECKING:
    from bot.context import Context
    from bot.voice import Voice

NAMES: Final[dict[Role, str]] = {
    "number": mark("Card number"),
    "name": mark("Name"),
    "balance": mark("Balance"),
    "currency": mark("Currency"),
    "pin": mark("PIN"),
    "expires": mark("Expiry"),
    "note": mark("Note"),
}
WHICH = mark("Which column is what? Press to change it.")
NUMBER_FIRST = mark("Choose the column with the card number first.")


async def begin(context: Context, table: Table, data: dict[str, Any]) -> None:
    """Guess which column is what, and show it."""
    held = {"headings": list(table.headings), "rows": [list(row) for row in table.rows]}
    dialogue = Dialogue(preview.KIND, "columns", {**data, "table": held})
    dialogue.data["roles"] = dict(tables.guessed(table))
    await show(context, dialogue)


async def show(context: Context, dialogue: Dialogue) -> None:
    """Show every column with an example, and what it is taken for."""
    voice, table, roles = context.voice, _table(dialogue), dialogue.data["roles"]
    dialogue.wait_at("columns")
    await context.parts.dialogues.keep(context.person.id, dialogue)
    taken: dict[int, Role] = {at: role for role, at in roles.items()}
    lines = [
        voice.plural("<b>A table of {n} row</b>", "<b>A table of {n} rows</b>", len(table.rows))
    ]
    for at in range(len(table.headings)):
        role = taken.get(at)
        means = voice.say("<b>{what}</b>", what=voice.plain(NAMES[role])) if role else "—"
        example = tables.example(table, at, role)
        lines.append(
            Markup("{} · <code>{}</code> → {}").format(_heading(voice, table, at), example, means)
        )
    lines.append(voice.say(WHICH))
    buttons = [
        Button(_label(voice, table, role, roles), f"moverole:{place}")
        for place, role in enumerate(ROLES)
    ]
    rows = in_rows(buttons)
    rows.append(
        [
            Button(voice.plain("Read it like this"), "moveread"),
            to_cancel(voice),
        ]
    )
    await context.ask_here(Markup("\n").join(lines), rows)


async def offer(context: Context, dialogue: Dialogue, place: int) -> None:
    """Offer the columns for one thing a card has."""
    if place >= len(ROLES):
        raise OutdatedButton
    voice, table = context.voice, _table(dialogue)
    rows = [
        [
            Button(
                f"{_heading(voice, table, at)} · {tables.example(table, at, ROLES[place])}"[:60],
                f"movecolumn:{place}:{at}",
            )
        ]
        for at in range(len(table.headings))
    ]
    rows.append(
        [
            Button(voice.plain("None of them"), f"movecolumn:{place}:99"),
            Button(voice.plain("‹ Back"), "moveroles"),
        ]
    )
    what = voice.plain(NAMES[ROLES[place]])
    await context.ask_here(voice.say("Which column is “{what}”?", what=what), rows)


async def choose(context: Context, dialogue: Dialogue, place: int, at: int) -> None:
    """Take a column for it; what it was taken for before it is no longer."""
    if place >= len(ROLES):
        raise OutdatedButton
    roles = {role: other for role, other in dialogue.data["roles"].items() if other != at}
    roles.pop(ROLES[place], None)
    if at < len(dialogue.data["table"]["headings"]):
        roles[ROLES[place]] = at
    dialogue.data["roles"] = roles
    await show(context, dialogue)


async def done(context: Context, dialogue: Dialogue) -> None:
    """Read the table and show the cards."""
    if "number" not in dialogue.data["roles"]:
        await context.notice(context.voice.plain(NUMBER_FIRST))
        return
    await preview.begin(context, await read(context, dialogue))


async def read(context: Context, dialogue: Dialogue) -> Dialogue:
    """Read the rows anew, amounts in the currency that was chosen."""
    voice = context.voice
    currency = dialogue.data.get("currency") or context.parts.settings.currency
    today = voice.now.astimezone(voice.zone).date()
    found = await asyncio.to_thread(
        tables.cards_of, _table(dialogue), dialogue.data["roles"], currency, today
    )
    dialogue.data["found"] = kept.as_json(found)
    return dialogue


def _table(dialogue: Dialogue) -> Table:
    held = dialogue.data["table"]
    return Table(tuple(held["headings"]), tuple(tuple(row) for row in held["rows"]))


def _heading(voice: Voice, table: Table, at: int) -> str:
    return table.headings[at] or voice.plain("Column {n}", n=voice.language.number(at + 1))


def _label(voice: Voice, table: Table, role: Role, roles: dict[Role, int]) -> str:
    at = roles.get(role)
    column = "—" if at is None else _heading(voice, table, at)
    return voice.plain("{what}: {n}", what=voice.plain(NAMES[role]), n=column)
