"""The operator's offers, told to whom they fit: at most one a week, never again if they say so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bot import panel
from bot.buttons import Button, OutdatedButton
from bot.declared import Letter
from bot.languages import mark

if TYPE_CHECKING:
    from datetime import datetime

    from bot.buttons import Buttons
    from bot.context import Context
    from bot.offers import Offer
    from bot.parts import Parts
    from storage import Card, Entry, OutboxItem, Person

ONE_IN: Final = timedelta(days=7)
AT_ONCE: Final = 200
ALL: Final = "offers"
"""What stands in `told` for offers as a whole: the last one, and whether none is wanted."""

WHY = mark(
    "You see this because you paid with {card} on {date}, and it is an offer of {issuer} or of a "
    "shop like it. That was found out here, on the operator's own server: nobody else learns of "
    "it, and the link is the same for everybody. You get one offer a week at most."
)


async def tell_of_offers(parts: Parts) -> None:
    """Owe a message to everybody an offer fits who was told of none for a week."""
    offers, now = parts.offers, parts.clock()
    offers.reload(parts.settings.offers_file)
    zone = ZoneInfo(parts.settings.timezone)
    if offers.due(now):
        for offer in offers.all:
            if offer.runs(now, zone):
                await _tell(parts, offer, now)


async def _tell(parts: Parts, offer: Offer, now: datetime) -> None:
    for slug in _issuers(parts, offer):
        after = 0
        while True:
            found = await parts.store.told.fitting(
                slug,
                spent_since=now - timedelta(days=offer.days),
                what=_what(offer.id),
                all_of_them=ALL,
                told_before=now - ONE_IN,
                after=after,
                limit=AT_ONCE,
            )
            for person_id, card_id in found:
                await _owe(parts, offer, person_id, card_id, now)
            if len(found) < AT_ONCE:
                break
            after = found[-1][0]


async def _owe(parts: Parts, offer: Offer, person_id: int, card_id: str, now: datetime) -> None:
    async with parts.store.transaction() as tx:
        if not await tx.told.first(person_id, _what(offer.id)):
            return
        await tx.told.mark(person_id, ALL)
        await tx.outbox.put(
            person_id,
            card_id,
            "offer",
            {"offer": offer.id},
            key=_what(offer.id),
            not_before=now,
        )


def _issuers(parts: Parts, offer: Offer) -> list[str]:
    if offer.category is None:
        return list(offer.issuers)
    return [one.slug for one in parts.issuers.all() if one.category == offer.category]


def _what(name: str) -> str:
    return f"offer:{name}"


async def _pointless(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> str | None:
    del card
    offer = parts.offers.get(str(item.payload["offer"]))
    if offer is None or not offer.runs(parts.clock(), ZoneInfo(parts.settings.timezone)):
        return "the offer is over"
    told = await parts.store.told.all(person.id)
    unwanted = any(name in told and told[name].never for name in (ALL, _what(offer.id)))
    return "no offers are wanted" if unwanted else None


async def _write(
    parts: Parts, person: Person, card: Card | None, item: OutboxItem
) -> tuple[Markup, Buttons]:
    offer = parts.offers.get(str(item.payload["offer"]))
    assert offer is not None
    assert card is not None
    voice = parts.voice(person)
    text = Markup("\n\n").join(
        [
            voice.say("🎁 <b>An offer</b>"),
            Markup("{}").format(offer.words(voice.language.code)),
            voice.say(
                "Until {date}.",
                date=voice.last_day(offer.ends(voice.zone)),
            ),
        ]
    )
    name = offer.id
    rows = [
        [Button(voice.plain("Why am I seeing this?"), f"offerwhy:{card.id}")],
        [
            Button(voice.plain("Not this one again"), f"offernever:{name}"),
            Button(voice.plain("No offers at all"), "offersnever"),
        ],
    ]
    if offer.link:
        rows.insert(0, [Button(voice.plain("🔗 Have a look"), url=offer.link)])
    return text, rows


async def why(context: Context, card_id: str) -> None:
    """Say what the person's own history has to do with it."""
    card, voice = await context.card(card_id, "see"), context.voice
    entries = await context.parts.store.ledger.page(card.owner_id, card.id, limit=200)
    last = next((one for one in entries if _is_theirs(one)), None)
    if last is None:
        raise OutdatedButton
    issuer = panel.issuer_name(voice, context.parts.issuers, card.issuer)
    text = voice.say(WHY, card=panel.masked(card), date=voice.date(last.at), issuer=issuer)
    await context.reply(text, [[Button(voice.plain("No offers at all"), "offersnever")]])


def _is_theirs(entry: Entry) -> bool:
    """Say whether it is what the card's owner themselves spent."""
    nobody_else = entry.booked_by is None and entry.booked_name is None
    return nobody_else and entry.kind in {"purchase", "observed"} and entry.amount_minor < 0


async def never(context: Context, name: str) -> None:
    """Do not tell of this offer again."""
    if context.parts.offers.get(name) is None:
        raise OutdatedButton
    await context.parts.store.told.never(context.person.id, _what(name))
    await context.show(context.voice.say("You will not see that offer again."))


async def never_any(context: Context) -> None:
    """Tell of no offer any more."""
    await context.parts.store.told.never(context.person.id, ALL)
    voice = context.voice
    await context.show(
        voice.say("You will get no offers any more."),
        [[Button(voice.plain("Do send me offers"), "offersagain")]],
    )


async def again(context: Context) -> None:
    """Take it back that no offers are wanted."""
    await context.parts.store.told.wanted(context.person.id, ALL)
    await context.show(context.voice.say("I will tell you of offers that fit, one a week at most."))


BUTTONS = {
    "offerwhy": why,
    "offernever": never,
    "offersnever": never_any,
    "offersagain": again,
}
LETTERS = {"offer": Letter(_write, pointless=_pointless)}
DUE = (tell_of_offers,)
