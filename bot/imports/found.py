"""What was found in another program's file: cards, what was left out, and why.

Nothing here is trusted: a reader gives plain values, and whatever it cannot make sense of it
leaves out and says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime  # noqa: TC003 - pydantic reads them when a card is kept
from decimal import Decimal  # noqa: TC003
from typing import Final

from bot.languages import mark
from storage import Barcode, Whole  # noqa: TC001

MOST_PAST: Final = 5_000
"""Entries read of one card."""

MOST_VALUES: Final = 2_000_000
"""Values in a JSON text; each takes up to a hundred bytes of memory, however short it is."""

TOO_MUCH: Final = mark("This file is too long for cards.")
NO_NUMBER: Final = mark("no card number")
NO_NAME: Final = mark("no name")
NO_CARD: Final = mark("not readable")
NOT_ONE: Final = mark("not a card but a ticket")
TWICE: Final = mark("the same number stands above")
TOO_LONG: Final = mark("the card number is too long")
ROUNDED: Final = mark("a spreadsheet has rounded the number")
TOO_MANY: Final = mark("more cards than I keep of one person")

BALANCES: Final = mark("Balances I could not read")
TWO_WAYS: Final = mark("Balances that can be read in two ways, left out")
DATES: Final = mark("Dates I could not read")
SECONDS: Final = mark("Dates in seconds, where this program writes milliseconds")
BARCODES: Final = mark("Barcodes of a kind I do not know; their numbers are kept")
PICTURES: Final = mark("Pictures and files, which I do not keep")
GROUPS: Final = mark("Cards in groups; the groups are in the note")
FROM: Final = mark("Dates from which a card is good, which I do not keep")
STARTS: Final = mark("Cards of which only the first balance is known, not what is left")
SHARES: Final = mark("Cards that are worth a share of the price; it is in the note")
POINTS: Final = mark("Balances in parts of points; they are in the note")
FOREIGN: Final = mark("Cards of issuers that are not set up here; you keep their balance yourself")
LENGTHS: Final = mark("Texts that were cut, because they were too long")
PAST: Final = mark("Entries I could not read")
ACCOUNTS: Final = mark("Accounts whose cards are in this file; save it only if all are yours")
PAGES: Final = mark("Further pages that this answer names; send me those as well")
PINS: Final = mark("PINs that stood in a note; they are kept as PINs now")


class Unreadable(ValueError):  # noqa: N818 - the file's state, not an error of the program
    """The file is none that can be read; the text says why, in English and marked."""


def bounded(content: bytes) -> bytes:
    """Refuse a JSON text that fills the memory once it is read. `Unreadable`."""
    if content.count(b",") + content.count(b"[") + content.count(b"{") > MOST_VALUES:
        raise Unreadable(TOO_MUCH)
    return content


class Locked(ValueError):  # noqa: N818
    """The file needs a passphrase, or another than the one that was given."""

    def __init__(self, *, wrong: bool) -> None:
        super().__init__("a passphrase is needed")
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Past:
    """Something that happened on a card: aware UTC, negative for money spent."""

    at: datetime
    amount: Decimal
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A card as another program keeps it.

    `amount` is what is on it now, in major units of `currency`, money's or a unit's, which may not
    be known; `start` is what was once on it. `past` has what happened, oldest first, of which
    `amount` takes account. `expires` is the last day it is good.
    """

    number: str = field(repr=False)
    name: str = field(repr=False)
    amount: Decimal | None = None
    currency: str | None = None
    start: Decimal | None = None
    expires: date | None = None
    barcode: Barcode | None = field(default=None, repr=False)
    pin: str | None = field(default=None, repr=False)
    note: str | None = field(default=None, repr=False)
    starred: bool = False
    archived: bool = False
    past: tuple[Past, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A card that was left out: which, counted from 1, and why (marked)."""

    place: int
    why: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person had set where the cards come from; None is not set."""

    language: str | None = None
    timezone: str | None = None
    quiet_from: int | None = None
    quiet_to: int | None = None
    lead_days: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that was read: by the `program` that wrote it.

    `whole` are cards of Kabao's own export. `remarks` counts what was changed or left out of cards
    that were read, by a marked text; `places` are the cards that is about, counted from 1.
    """

    program: str
    cards: tuple[Incoming, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    remarks: dict[str, int] = field(default_factory=dict)
    places: dict[str, tuple[int, ...]] = field(default_factory=dict)
    whole: tuple[Whole, ...] = ()
    choices: Choices | None = None


@dataclass(slots=True)
class Gathering:
    """Collects what a reader finds, one place after another."""

    program: str
    cards: list[Incoming] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    remarks: Counter[str] = field(default_factory=Counter)
    places: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    place: int = 0

    def skip(self, why: str) -> None:
        """Leave out the card at this place."""
        self.skipped.append(Skipped(self.place, why))

    def remark(self, what: str, times: int = 1) -> None:
        """Note that something was changed or left out of cards that are kept."""
        self.remarks[what] += times
        if times and self.place and self.place not in self.places[what][-1:]:
            self.places[what].append(self.place)

    def found(self) -> Found:
        """Give what was collected."""
        return Found(
            self.program,
            tuple(self.cards),
            tuple(self.skipped),
            {what: n for what, n in self.remarks.items() if n},
            {what: tuple(places) for what, places in self.places.items() if places},
        )
