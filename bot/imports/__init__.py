"""What other programs wrote: which one it was, and what of it are cards. Knows no Telegram.

One module for each program; each reads what is written, whoever may have made it up, and gives
`Found`: plain cards, what was left out, and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from bot.imports import catima, own, pkpass, table, timsmart, vouchervault
from bot.imports.archive import Archive
from bot.imports.characters import decoded
from bot.imports.found import Found, Incoming, Locked, Unreadable, bounded
from bot.imports.table import Table
from bot.languages import mark

if TYPE_CHECKING:
    from datetime import date

__all__ = ["Found", "Incoming", "Locked", "Table", "Unreadable", "read"]

MOST_TEXT: Final = 8 * 1024 * 1024
"""Bytes of a text: two thousand cards with long notes have fewer."""

NOTHING: Final = mark("There is nothing in this zip that I know.")
UNKNOWN: Final = mark("I do not know this kind of file.")
TOO_LONG: Final = mark("This file is too long for cards.")
SPREADSHEET: Final = mark(
    "That is a spreadsheet. Save it as CSV in the program that made it, and send me that."
)


def read(content: bytes, passphrase: str | None, today: date) -> Found | Table:
    """Read a file of whatever program. `today` is the person's.

    `Locked` where a passphrase is needed, `Unreadable` with a sentence where nothing can be read.
    A `Table` is nobody's in particular: which column is what is for the person to say.
    """
    if content.startswith(b"PK"):
        return _zip(Archive(content, passphrase), today)
    return _text(content, today)


def _zip(archive: Archive, today: date) -> Found | Table:
    names = archive.names
    if own.FILE in names:
        return own.read(archive.read(own.FILE))
    if catima.FILE in names:
        text = archive.read(catima.FILE, MOST_TEXT).decode("utf-8-sig", errors="replace")
        return catima.read(text, today, catima.count_pictures(names))
    if pkpass.FILE in names or any(name.lower().endswith(".pkpass") for name in names):
        return pkpass.read(pkpass.passes_in(archive), today)
    if vouchervault.PLUS_FILE in names:
        items = vouchervault.items_in(_json(archive.read(vouchervault.PLUS_FILE, MOST_TEXT)))
        beside = len(names) - 1 - ("settings.json" in names)
        return vouchervault.read(items or (), today, pictures=beside)
    if "workbook.xml" in names:
        raise Unreadable(SPREADSHEET)
    if len(tables := [n for n in names if n.lower().endswith((".csv", ".json", ".txt"))]) == 1:
        return _text(archive.read(tables[0], MOST_TEXT), today)
    raise Unreadable(NOTHING)


def _text(content: bytes, today: date) -> Found | Table:
    if len(content) > MOST_TEXT:
        raise Unreadable(TOO_LONG)
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in {b"{", b"["}:
        return _cards_in(_json(content), content, today)
    if b"\0" in content[:2000] and content[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        raise Unreadable(UNKNOWN)
    text = decoded(content)
    if catima.is_it(text):
        return catima.read(text, today)
    if vouchervault.is_csv(text):
        return vouchervault.read_csv(text, today)
    if links := catima.links_in(text):
        return catima.read_links(links, today)
    return table.read(text)


def _json(content: bytes) -> object:
    try:
        data: object = orjson.loads(bounded(content).removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        raise Unreadable(UNKNOWN) from None
    return data


def _cards_in(data: object, content: bytes, today: date) -> Found:
    if isinstance(data, dict) and "kabao" in data:
        return own.read(content)
    if isinstance(data, dict) and any(style in data for style in pkpass.STYLES):
        return pkpass.read([content], today)
    if isinstance(data, list) and timsmart.is_it(data):
        return timsmart.read(data, today)
    items = vouchervault.items_in(data)
    if items is None:
        raise Unreadable(UNKNOWN)
    more = isinstance(data, dict) and bool(data.get("next"))
    return vouchervault.read(items, today, more=more)
