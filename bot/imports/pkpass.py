"""Apple Wallet passes: a zip with `pass.json`; one of many passes is a zip of these."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from bot.imports import found, values
from bot.imports.archive import BROKEN, Archive
from bot.imports.found import Found, Gathering, Incoming, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from storage import Barcode

PROGRAM: Final = "Apple Wallet"
FILE: Final = "pass.json"
MOST_PASS: Final = 1024 * 1024
MOST_PASSES: Final = 200
MOST_TEXT: Final = 16 * 1024 * 1024
"""Bytes of the texts of all passes together; a true one has a few thousand."""

STYLES: Final = ("storeCard", "coupon", "generic")
_PLACES: Final = (
    "headerFields",
    "primaryFields",
    "secondaryFields",
    "auxiliaryFields",
    "backFields",
)
_NUMBER = re.compile(r"number|card.?(?:no|id)|member|account|nummer|卡号|編號|编号", re.IGNORECASE)
_PIN = re.compile(r"\bpin\b|密码|security.?code", re.IGNORECASE)
_PLAIN_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./_#*+-]{3,}")


def read(passes: Sequence[bytes], today: date) -> Found:
    """Read what stands in each `pass.json`."""
    gathering = Gathering(PROGRAM)
    for gathering.place, content in enumerate(passes[:MOST_PASSES], 1):
        try:
            data = orjson.loads(_decoded(content))
        except (orjson.JSONDecodeError, UnicodeDecodeError):
            data = None
        if isinstance(data, dict):
            _take(data, gathering, today)
        else:
            gathering.skip(found.NO_CARD)
    return gathering.found()


def passes_in(archive: Archive) -> list[bytes]:
    """Find the `pass.json` of one pass or of many; one that cannot be opened is empty."""
    if FILE in archive.names:
        return [archive.read(FILE, MOST_PASS)]
    inside = [name for name in archive.names if name.lower().endswith(".pkpass")][:MOST_PASSES]
    passes: list[bytes] = []
    left = MOST_TEXT
    for name in inside:
        try:
            content = Archive(archive.read(name)).read(FILE, min(MOST_PASS, left))
        except (Unreadable, KeyError):
            content = b""
        left -= len(content)
        passes.append(content)
    if not any(passes):
        raise Unreadable(BROKEN)
    return passes


def _decoded(content: bytes) -> str:
    return content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")


def _take(data: Mapping[str, Any], gathering: Gathering, today: date) -> None:
    style = next((data[one] for one in STYLES if isinstance(data.get(one), dict)), None)
    if style is None:
        gathering.skip(found.NOT_ONE)
        return
    shown = list(_fields(style))
    code, beside = _barcode(data, gathering)
    # The number printed for people: below the barcode, or in a field that says that it is one.
    printed = beside or _field(shown, _NUMBER) or (code.value if code else "")
    number = values.number(printed or data.get("serialNumber"), gathering)
    if number is None:
        return
    title = values.line(data.get("logoText")) or values.line(data.get("organizationName"))
    label, long = values.name(title or data.get("description"), gathering)
    amount, currency = _balance(shown, gathering)
    gathering.cards.append(
        Incoming(
            number=number,
            name=label,
            amount=amount,
            currency=currency,
            expires=values.day(data.get("expirationDate"), gathering, today),
            barcode=code,
            pin=_field(shown, _PIN) or None,
            note=values.noted(long),
            archived=data.get("voided") is True,
        )
    )


def _fields(style: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for place in _PLACES:
        fields = style.get(place)
        for one in fields if isinstance(fields, list) else ():
            if isinstance(one, dict):
                yield one


def _field(shown: Sequence[Mapping[str, Any]], meant: re.Pattern[str]) -> str:
    """Find a field by what it is called, whose value is a number as on a card."""
    for one in shown:
        called = f"{values.line(one.get('key'))} {values.line(one.get('label'))}"
        value = values.line(one.get("value"))
        if meant.search(called) and _PLAIN_NUMBER.fullmatch(value):
            return value
    return ""


def _barcode(data: Mapping[str, Any], gathering: Gathering) -> tuple[Barcode | None, str]:
    """Take the first barcode of a known kind, and what stands below it for people to read."""
    offered = data.get("barcodes")
    several = [*(offered if isinstance(offered, list) else ()), data.get("barcode")]
    trial = Gathering("")
    for one in several:
        if isinstance(one, dict):
            charset = values.line(one.get("messageEncoding")).upper()
            encoding = "UTF-8" if charset == "UTF-8" else "ISO-8859-1"
            code = values.barcode(one.get("format"), one.get("message"), trial, encoding)
            if code is not None:
                text = values.line(one.get("altText"))
                return code, text if _PLAIN_NUMBER.fullmatch(text) else ""
    gathering.remark(found.BARCODES, bool(trial.remarks))
    return None, ""


def _balance(
    shown: Sequence[Mapping[str, Any]], gathering: Gathering
) -> tuple[Decimal | None, str | None]:
    """Find the first field that is an amount of money: a value with a currency."""
    for one in shown:
        currency = values.currency(one.get("currencyCode"))
        if currency is not None:
            amount = values.amount(one.get("value"), gathering)
            if amount is not None and amount >= 0 and values.fits(amount, currency):
                return amount, currency
            gathering.remark(found.BALANCES, amount is not None)
    return None, None
