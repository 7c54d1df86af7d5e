"""A whole message put together from its parts, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import re2

from bot.forwarded import parts, times, words
from bot.forwarded.said import Said, Sum

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, tzinfo

    from bot.forwarded.said import Kind

PLACE_LONGEST = 60

_PLACES = tuple(
    re2.compile(pattern)
    for pattern in (
        r"(?:门店|商户|商家|店铺|地点|网点|站点|食堂)(?:名称)?[: ] ?([^;,。\n]{1,40})",
        r"(?i)\b(?:merchant|store|location|place|outlet|station|shop)(?: name)?: ?([^;,\n]{1,40})",
        rf"在([^;,。\n:]{{1,40}}?)(?:POS|pos)?(?:{words.DONE_THERE})",
        rf"\b(?:at|from|to|At|AT) ((?:[A-Z]|\d+[ -]?[A-Za-z])[^;,\n]{{1,40}}?){words.AFTER_PLACE}",
    )
)
_BRACKETS = "【】[]「」《》()“” ."


def read(text: str, zone: tzinfo, received: datetime) -> Said | None:
    """Read a message in one of the common forms; `None` if it is none of them.

    `zone` is where its times are meant, `received` (aware) when it came.
    """
    text = parts.plain(text)
    if parts.is_not_so(text):
        return None
    found = parts.amounts(text)
    balance, movement = _one(found, {"balance"}), _one(found, {"spent", "added", "refunded"})
    if not movement:
        movement = _one(found, {"amount"}) or (_one(found, {"bare"}) if balance else [])
    if _several(balance) or _several(movement):
        return None
    kind = _kind(text, movement[0]) if movement else None
    if movement and kind is None:
        if movement[0].role != "bare":
            return None
        movement = []
    tails = parts.tails(text)
    if not (tails or (movement and balance) or (balance and parts.names_card(text))):
        return None
    if not balance and (not movement or parts.is_doubtful(text)):
        return None
    amount, after = (one[0].sum if one else None for one in (movement, balance))
    return Said(
        kind=kind,
        amount=_in_same(amount, after),
        balance=_in_same(after, amount),
        tails=tails,
        at=times.when(text, zone, received),
        place=_place(text) if movement else "",
    )


def from_groups(
    groups: Mapping[str, str], zone: tzinfo, received: datetime, at: datetime | None = None
) -> Said | None:
    """Put together what an issuer's own pattern found, by the names of its groups.

    The names are `tail`, `spent`, `added`, `refunded`, `balance`, `at`, `place` and `currency`;
    `at` beside them is the time where it was read by the issuer's own format.
    """
    given = {name: parts.plain(text) for name, text in groups.items() if text}
    currency = given.get("currency", "")
    kinds: tuple[Kind, ...] = ("spent", "added", "refunded")
    moved = [(kind, Sum.of(given[kind], currency)) for kind in kinds if kind in given]
    balance = Sum.of(given["balance"], currency) if "balance" in given else None
    if len(moved) > 1 or not (moved or balance):
        return None
    kind, amount = moved[0] if moved else (None, None)
    if at is None and "at" in given:
        at = times.when(given["at"], zone, received)
    if at is not None and at > received:
        at = None
    return Said(
        kind=kind,
        amount=amount,
        balance=balance,
        tails=(given["tail"].upper(),) if "tail" in given else (),
        at=at,
        place=given.get("place", "")[:PLACE_LONGEST],
    )


def _one(found: Iterable[parts.Part], roles: set[str]) -> list[parts.Part]:
    """Give what is left of these roles once what is named precisely goes before the rest."""
    mine = [
        part for part in found if part.role in roles and (part.is_something or roles == {"balance"})
    ]
    chosen = [part for part in mine if part.preferred] or mine
    return list({(part.role, part.sum): part for part in chosen}.values())


def _several(found: list[parts.Part]) -> bool:
    return len(found) > 1 or any(part.role == "balance" and part.sign == "-" for part in found)


def _kind(text: str, moved: parts.Part) -> Kind | None:
    """Say which way the money moved, by the word beside the amount, its sign, or the title."""
    unsaid = moved.role in {"amount", "bare"}
    if unsaid and moved.sign:
        return "spent" if moved.sign == "-" else "added"
    named = parts.kinds(text) if unsaid else {moved.role}
    kinds: tuple[Kind, ...] = ("spent", "added", "refunded")
    return next((kind for kind in kinds if named == {kind}), None)


def _in_same(sum_: Sum | None, other: Sum | None) -> Sum | None:
    """Take the currency from the other amount where this one does not say, or says less."""
    if sum_ is None or other is None or not other.currencies:
        return sum_
    closer = not sum_.currencies or (
        len(other.currencies) < len(sum_.currencies) and set(other.currencies) & {*sum_.currencies}
    )
    return Sum(sum_.number, other.currencies) if closer else sum_


def _place(text: str) -> str:
    for pattern in _PLACES:
        for found in pattern.finditer(text):
            place: str = found[1].strip(_BRACKETS)
            if any(char.isalpha() for char in place):
                return place[:PLACE_LONGEST]
    return ""
