"""Apple Wallet passes: a zip with `pass.json`; one of many passes is a zip of these."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from bot.amounts import AmbiguousAmount, parse_amount
from bot.imports import found, values
from bot.imports.archive import BROKEN, Archive
from bot.imports.found import Found, Gathering, Incoming, Unreadable
from storage import MOST_CARDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from storage import Barcode

PROGRAM: Final = "Apple Wallet"
FILE: Final = "pass.json"
MOST_PASS: Final = 1024 * 1024
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
_NUMBER = re.compile(
    r"number|card.?(?:no|id)|member|account|nummer|numéro|n° |卡号|編號|编号", re.IGNORECASE
)
_CODE = re.compile(r"\b(?:code|card|karte|carte)\b|券码|代码", re.IGNORECASE)
_PIN = re.compile(r"\bpin\b|密码|security.?code", re.IGNORECASE)
_BALANCE = re.compile(r"balance|credit|guthaben|solde|saldo|余额|餘額|残高", re.IGNORECASE)
_POINTS = re.compile(r"\bpoints?\b|punkte|积分|積分|ポイント", re.IGNORECASE)
_EXPIRY = re.compile(r"expir|valid (?:until|to|thru)|gültig|ablauf|有效期|到期", re.IGNORECASE)
_PLAIN_NUMBER = re.compile(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 ./_#*+-]{3,}")
_SYMBOLS: Final = {
    "€": "EUR", "£": "GBP", "₩": "KRW", "₹": "INR", "us$": "USD", "hk$": "HKD", "nt$": "TWD",
    "元": "CNY", "円": "JPY",
}  # fmt: skip
"""Of those that stand for one currency alone."""


def read(passes: Sequence[bytes], today: date) -> Found:
    """Read what stands in each `pass.json`."""
    gathering = Gathering(PROGRAM)
    for gathering.place, content in enumerate(passes, 1):
        if len(gathering.cards) >= MOST_CARDS:
            gathering.skip(found.TOO_MANY)
            continue
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
    inside = [name for name in archive.names if name.lower().endswith(".pkpass")]
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
    printed = beside or _field(shown, _NUMBER) or (code.value if code else _field(shown, _CODE))
    number = values.number(printed or data.get("serialNumber"), gathering)
    if number is None:
        return
    title = values.line(data.get("logoText")) or values.line(data.get("organizationName"))
    about = values.line(data.get("description"))
    label, long = values.name(title or about, gathering)
    amount, currency = _balance(data, shown, gathering)
    gathering.cards.append(
        Incoming(
            number=number,
            name=label,
            amount=amount,
            currency=currency,
            expires=_expires(data, shown, gathering, today),
            barcode=code,
            pin=_field(shown, _PIN) or None,
            note=values.noted(long, about if about.casefold() != title.casefold() else None),
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
        value = values.line(one.get("value"))
        if _called(one, meant) and _PLAIN_NUMBER.fullmatch(value):
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


def _called(one: Mapping[str, Any], meant: re.Pattern[str]) -> bool:
    return bool(meant.search(f"{values.line(one.get('key'))} {values.line(one.get('label'))}"))


def _balance(
    data: Mapping[str, Any], shown: Sequence[Mapping[str, Any]], gathering: Gathering
) -> tuple[Decimal | None, str | None]:
    """Find what is on it: where the pass says so for machines, else in a field for people."""
    for one in (data, *shown):
        tags = one.get("semantics")
        told = tags.get("balance") if isinstance(tags, dict) else None
        if isinstance(told, dict):
            read = _money(told.get("amount"), told.get("currencyCode"), gathering)
            if read is not None:
                return read
    for one in shown:
        if one.get("currencyCode") is not None:
            read = _money(one.get("value"), one["currencyCode"], gathering)
            if read is not None:
                return read
    return _for_people(shown, gathering)


def _for_people(
    shown: Sequence[Mapping[str, Any]], gathering: Gathering
) -> tuple[Decimal | None, str | None]:
    """Read the first field that is called points or a balance."""
    for one in shown:
        if _called(one, _POINTS):
            points = values.amount(one.get("value"), Gathering(""))
            if points is not None and points >= 0 and values.fits(points, "points"):
                return points, "points"
        elif _called(one, _BALANCE) and any(map(str.isdecimal, str(one.get("value")))):
            return _written(str(one.get("value")), gathering)
    return None, None


def _money(value: object, code: object, gathering: Gathering) -> tuple[Decimal, str] | None:
    """Read an amount that is given as a number, with a currency's code."""
    currency = values.currency(code)
    amount = values.amount(value, gathering) if currency is not None else None
    if amount is None or currency is None:
        return None
    if amount >= 0 and values.fits(amount, currency):
        return amount, currency
    gathering.remark(found.BALANCES)
    return None


def _written(text: str, gathering: Gathering) -> tuple[Decimal | None, str | None]:
    """Read an amount as it is written for people; a $ alone may be that of many countries."""
    code = re.search(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", text)
    currency = values.currency(code[0]) if code else None
    for symbol, one in () if currency else _SYMBOLS.items():
        currency = one if symbol in text.casefold() else currency
    figures = re.sub(r"[^\d.,'’ ]", "", text.replace("\xa0", " ").replace("\u202f", " ")).strip()
    try:
        return parse_amount(figures, currency or "EUR").amount, currency
    except AmbiguousAmount:
        gathering.remark(found.TWO_WAYS)
    except ValueError:
        gathering.remark(found.BALANCES)
    return None, currency


def _expires(
    data: Mapping[str, Any], shown: Sequence[Mapping[str, Any]], gathering: Gathering, today: date
) -> date | None:
    """Take the day it expires; without one of its own, that of a field which says it is one."""
    if data.get("expirationDate"):
        return values.day(data["expirationDate"], gathering, today)
    for one in shown:
        if _called(one, _EXPIRY):
            read = values.day(one.get("value"), Gathering(""), today)
            if read is not None:
                return read
    return None
