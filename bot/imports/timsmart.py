"""Voucher Vault by Tim Smart: a JSON list, whose balances have no currency."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.imports import found, values
from bot.imports.found import Found, Gathering, Incoming
from storage import MOST_CARDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

PROGRAM: Final = "Voucher Vault (Tim Smart)"


def is_it(data: object) -> bool:
    """Say whether this is one of its exports."""
    return isinstance(data, list) and any(
        isinstance(one, dict) and one.keys() >= {"description", "code", "codeType"} for one in data
    )


def read(data: Sequence[object], today: date) -> Found:
    """Read an export."""
    gathering = Gathering(PROGRAM)
    for gathering.place, one in enumerate(data, 1):
        if len(gathering.cards) >= MOST_CARDS:
            gathering.skip(found.TOO_MANY)
        elif isinstance(one, dict):
            _take(one, gathering, today)
        else:
            gathering.skip(found.NO_CARD)
    return gathering.found()


def _take(one: Mapping[str, object], gathering: Gathering, today: date) -> None:
    code = one.get("code")
    number = values.number(code, gathering)
    if number is None:
        return
    label, long = values.name(one.get("description"), gathering)
    amount = values.amount(one.get("balanceMilliunits"), gathering)
    amount = values.amount(one.get("balance"), gathering) if amount is None else amount / 1000
    if amount is not None and (amount < 0 or not values.fits(amount, None)):
        gathering.remark(found.BALANCES)
        amount = None
    note, pin = values.pin_out_of(values.lines(one.get("notes"), gathering), gathering)
    gathering.cards.append(
        Incoming(
            number=number,
            name=label,
            amount=None if amount is None else Decimal(f"{amount.normalize():f}"),
            expires=values.day(one.get("expires"), gathering, today),
            barcode=values.barcode(one.get("codeType"), code, gathering),
            pin=pin,
            note=values.noted(note, long),
        )
    )
