"""Cards from other programs: a file, or links that were shared, read and shown: /import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.buttons import OutdatedButton, number
from bot.dialogue import Dialogue
from bot.features.moving_in import columns, preview, reading
from bot.imports.catima import links_in
from bot.languages import mark
from bot.parts import Command
from bot.ways import to_cancel

if TYPE_CHECKING:
    from bot.attached import Attached
    from bot.context import Context

KIND = reading.KIND
SEND = mark(
    "Send me the file your other program made, or paste links it shared. I delete it from the "
    "chat at once, and show you what I found before anything is saved."
)
READS = mark(
    "I read <b>Catima</b> (its zip, CSV and share links), <b>VoucherVault</b> and Plus+, "
    "<b>Voucher Vault</b> by Tim Smart, <b>Apple Wallet</b> passes (.pkpass), any table saved "
    "as <b>CSV</b>, and my own /export."
)
A_FILE = mark("Send the file itself, or paste share links. /cancel ends this.")
CHOOSE = mark("Press one of the buttons above, or /cancel.")


async def move_in(context: Context) -> None:
    """Ask for a file, or read the links that stand behind the command."""
    if links := links_in(context.args):
        await reading.take_links(context, links)
        return
    voice = context.voice
    dialogue = Dialogue(KIND, "file", secret=True)
    await context.parts.dialogues.keep(context.person.id, dialogue)
    text = voice.say(SEND) + "\n\n" + voice.say(READS)
    await context.ask(text, [[to_cancel(voice)]])


async def on_file(context: Context, attached: Attached) -> bool:
    """Take a file that is no picture; whoever sends one wants it read."""
    if attached.is_picture or attached.mime == "application/pdf":
        return False
    await reading.take_file(context, attached)
    return True


async def on_dialogue_file(context: Context, dialogue: Dialogue, attached: Attached) -> bool:
    """Take the file that was asked for; another one takes the place of one that was shown."""
    assert dialogue.kind == KIND
    return await on_file(context, attached)


async def on_text(context: Context, text: str) -> bool:
    """Take links to shared cards, pasted or forwarded, among whatever other words."""
    links = links_in(text)
    if links:
        await reading.take_links(context, links)
    return bool(links)


on_interruption = on_text


async def on_answer(context: Context, dialogue: Dialogue, text: str) -> None:
    """Take what was asked for."""
    if links := links_in(text):
        await reading.take_links(context, links)
    elif dialogue.step == "passphrase":
        await reading.passphrase_typed(context, dialogue, text)
    elif await context.took_stray(text):
        pass
    elif dialogue.step == "currency":
        await preview.currency_typed(context, dialogue, text)
    else:
        hint = A_FILE if dialogue.step == "file" else CHOOSE
        await context.reply(context.voice.say(hint))


async def turned(context: Context, at: str) -> None:
    """Turn to a page of what was found."""
    await preview.show(context, await _open(context, "preview"), number(at))


async def saved(context: Context, choices: str) -> None:
    """Save what was shown, with the settings of its export if that was wanted."""
    await preview.save(context, await _open(context, "preview"), choices=choices == "1")


async def starts(context: Context) -> None:
    """Take first balances for what is on the cards, or no longer."""
    dialogue = await _open(context, "preview")
    dialogue.data["starts"] = not dialogue.data["starts"]
    await preview.show(context, dialogue)


async def another_currency(context: Context) -> None:
    """Ask in which currency amounts are that the file does not tell."""
    await preview.ask_currency(context, await _open(context, "preview"))


async def currency_chosen(context: Context, code: str) -> None:
    """Take the currency of amounts."""
    await preview.use_currency(context, await _open(context, "currency"), code)


async def roles(context: Context) -> None:
    """Go back to which column is what."""
    await columns.show(context, await _open(context, "preview", "columns"))


async def role(context: Context, place: str) -> None:
    """Offer the columns for one of the things a card has."""
    await columns.offer(context, await _open(context, "columns"), number(place))


async def column(context: Context, place: str, at: str) -> None:
    """Take a column for it, or none."""
    await columns.choose(context, await _open(context, "columns"), number(place), number(at))


async def read_on(context: Context) -> None:
    """Read the table with the columns as they are."""
    await columns.done(context, await _open(context, "columns"))


async def _open(context: Context, *steps: str) -> Dialogue:
    dialogue = await context.parts.dialogues.current(context.person.id)
    if dialogue is None or dialogue.kind != KIND or dialogue.step not in steps:
        raise OutdatedButton
    return dialogue


COMMANDS = (Command("import", mark("Move cards in from another program"), move_in, order=70),)
BUTTONS = {
    "import": move_in,
    "movepage": turned,
    "movesave": saved,
    "movestarts": starts,
    "movecurrency": another_currency,
    "moveunit": currency_chosen,
    "moveroles": roles,
    "moverole": role,
    "movecolumn": column,
    "moveread": read_on,
}
DIALOGUES = {KIND: on_answer}
DIALOGUE_FILES = {KIND: on_dialogue_file}
