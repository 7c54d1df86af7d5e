"""One line of advice at the moment it applies, to each person once; never a lecture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from bot.languages import mark

if TYPE_CHECKING:
    from bot.parts import Parts
    from storage import Person

TIPS: Final = {
    "first_bind": mark("Keep the card itself until it is spent: some shops ask to see it."),
    "first_share": mark("Share only with people you know: whoever may spend can spend it all."),
    "pin_in_group": mark(
        "A number with its PIN is money. Write it to nobody, and to me in private only."
    ),
    "link": mark(
        "Before you type a card number on a page, look at its address: https, and the issuer's own "
        "name spelt right."
    ),
    "caller": mark("No issuer and nobody here ever asks for your PIN or for a code you received."),
}


async def once(parts: Parts, person: Person | None, name: str) -> Markup | None:
    """Give a line of advice if this person has never got it, and note that they have now."""
    if person is None or not await parts.store.told.first(person.id, f"tip:{name}"):
        return None
    return Markup("💡 {}").format(parts.voice(person).say(TIPS[name]))
