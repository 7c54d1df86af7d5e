"""Catima: its CSV of both versions, which its zip holds too, and the links it shares cards by."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from bot.imports import found, values
from bot.imports.found import Found, Gathering, Incoming, Unreadable
from bot.languages import mark
from storage import MOST_CARDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date
    from decimal import Decimal

PROGRAM: Final = "Catima"
FILE: Final = "catima.csv"
NOT_CSV: Final = mark("This does not look like a table I can read.")
NEWER: Final = mark("This file is of a newer Catima than I know.")
KNOWN_VERSION: Final = 2

UNIT: Final = "unit"
"""What a line of a note is called in which an export of ours says what a balance counts."""


_LINK = re.compile(
    r"https?://(?:www\.)?(?:catima\.app/share|thelastproject\.github\.io/Catima/share"
    r"|brarcher\.github\.io/loyalty-card-locker/share)/?[?#][^\s<>\"”“]+",
    re.IGNORECASE,
)
_UNIT = re.compile(rf"^{UNIT}: (points|visits)$", re.MULTILINE)
_PICTURE = re.compile(r"card_\d+_(?:front|back|icon)\.png")


def is_it(text: str) -> bool:
    """Say whether a text begins as Catima's CSV of either version does."""
    first, _, rest = text.lstrip("\ufeff").partition("\n")
    if re.fullmatch(r"\d{1,3}\s*", first):
        return rest.lstrip().startswith("_id")
    return first.startswith("_id,store")


def read(text: str, today: date, pictures: int = 0) -> Found:
    """Read `catima.csv`. `Unreadable` for what is none, or of a version that is not known."""
    gathering = Gathering(PROGRAM)
    gathering.remark(found.PICTURES, pictures)
    version = re.match(r"\d{1,3}(?=\s*(?:\n|$))", text.lstrip("\ufeff"))
    if version and int(version[0]) > KNOWN_VERSION:
        raise Unreadable(NEWER)
    sections = list(_sections(text))
    cards = next((one for one in sections if "cardid" in one[0]), None)
    if cards is None:
        raise Unreadable(NOT_CSV)
    groups: dict[str, list[str]] = defaultdict(list)
    for header, *rows in sections:
        if header[:2] == ["cardId", "groupId"]:
            for row in rows:
                if len(row) >= 2:  # noqa: PLR2004 - a pair
                    groups[row[0]].append(row[1])
    header, *rows = cards
    for gathering.place, row in enumerate(rows, 1):
        if len(gathering.cards) >= MOST_CARDS:
            gathering.skip(found.TOO_MANY)
            continue
        card = dict(zip(header, row, strict=False))
        _take(card, gathering, today, groups.get(card.get("_id", ""), ()))
    return gathering.found()


def count_pictures(names: Iterable[str]) -> int:
    """Count the pictures beside the CSV in a zip."""
    return sum(_PICTURE.fullmatch(name) is not None for name in names)


def _sections(text: str) -> Iterator[list[list[str]]]:
    """Split at lines that are empty outside of quotes: a note may have empty lines within."""
    section: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")):
            if row:
                section.append(row)
            elif section:
                yield section
                section = []
    except csv.Error:
        raise Unreadable(NOT_CSV) from None
    if section:
        yield section


def _take(
    card: Mapping[str, str], gathering: Gathering, today: date, groups: Iterable[str]
) -> None:
    number = values.number(card.get("cardid"), gathering)
    if number is None:
        return
    label, long = values.name(card.get("store"), gathering)
    if not label:
        gathering.skip(found.NO_NAME)
        return
    inside = ", ".join(values.line(one, 60) for one in groups)
    gathering.remark(found.GROUPS, bool(inside))
    gathering.remark(found.FROM, bool(card.get("validfrom")))
    note, pin = values.pin_out_of(values.lines(card.get("note"), gathering), gathering)
    told = _UNIT.search(note or "")
    note = _UNIT.sub("", note or "").rstrip() or None
    amount, currency, parts = _balance(card, gathering, told and told[1])
    gathering.cards.append(
        Incoming(
            number=number,
            name=label,
            amount=amount,
            currency=currency,
            expires=values.day_of_milliseconds(card.get("expiry"), gathering, today),
            barcode=values.barcode(
                card.get("barcodetype"),
                card.get("barcodeid") or card.get("cardid"),
                gathering,
                card.get("barcodeencoding"),
            ),
            pin=pin,
            note=values.noted(note, long, parts, inside),
            starred=card.get("starstatus") == "1",
            archived=card.get("archive") == "1",
        )
    )


def _balance(
    card: Mapping[str, str], gathering: Gathering, unit: str | None
) -> tuple[Decimal | None, str | None, str | None]:
    """Read the balance, what it counts, and what is to be noted instead: a 0 of nothing is none."""
    amount = values.amount(card.get("balance"), gathering)
    kind = (card.get("balancetype") or "").strip()
    counts = values.currency(kind) if kind else unit or "points"
    if amount is None or (not amount and (counts is None or not (kind or unit))):
        return None, None, None
    if counts is None or (not kind and amount % 1):
        gathering.remark(found.BALANCES if kind else found.POINTS)
        return None, None, f"{amount.normalize():f} {values.line(kind, 12) or counts}"
    if not values.fits(amount, counts) or amount < 0:
        gathering.remark(found.BALANCES)
        return None, counts if kind else None, None
    return amount, counts, None


def links_in(text: str) -> list[str]:
    """Find the links to shared cards in a message."""
    return [match[0] for match in _LINK.finditer(text)]


def read_links(links: Iterable[str], today: date) -> Found:
    """Read what is in links: a fragment, or in old ones a query, whose values are escaped again."""
    gathering = Gathering(PROGRAM)
    for gathering.place, link in enumerate(links, 1):
        if len(gathering.cards) >= MOST_CARDS:
            gathering.skip(found.TOO_MANY)
            continue
        _take(_shared(link), gathering, today, ())
    return gathering.found()


def _shared(link: str) -> dict[str, str]:
    try:
        parts = urlsplit(link)
        said = unquote(parts.fragment) or parts.query
        return dict(parse_qsl(said, keep_blank_values=True, max_num_fields=40, errors="replace"))
    except ValueError:
        return {}
