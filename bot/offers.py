"""Offers the operator declares in one TOML file; who is told of one is decided on this machine.

The file is read again when it has changed. One with mistakes leaves what was there before.
"""

from __future__ import annotations

import logging
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.issuers.mistakes import mistakes, syntax
from bot.issuers.vocabulary import Category, WebPage, Words  # noqa: TC001 - pydantic reads them

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

log = logging.getLogger(__name__)

LOOK_EVERY: Final = timedelta(hours=1)
"""How often it is found out whom an offer fits; a changed file is looked at at once."""


class OffersFileError(Exception):
    """The file cannot be used: one line for each mistake, with what was expected."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Offer(_Table):
    """`[[offers]]`: for whoever paid at one of `issuers`, or at one of that `category`, lately.

    `id` names it for good: nobody is told of one twice. `from` and `until` are its first and last
    day; `days` is how long ago the person may have paid there last.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    issuers: Annotated[tuple[str, ...], Field(strict=False)] = ()
    category: Category | None = None
    first: Annotated[date, Field(alias="from")]
    until: date
    text: Words
    link: WebPage | None = None
    days: Annotated[int, Field(ge=1, le=730)] = 90

    @model_validator(mode="after")
    def _is_for_somebody(self) -> Offer:
        if bool(self.issuers) == (self.category is not None):
            raise ValueError("expected either issuers or a category")
        if self.until < self.first:
            raise ValueError("until: expected a day that is not before from")
        if max(map(len, self.text.values())) > 600:  # noqa: PLR2004 - a few lines
            raise ValueError("text: expected at most 600 characters")
        return self

    def runs(self, now: datetime, zone: tzinfo) -> bool:
        """Say whether it is on; `until` is a whole day in the operator's time zone."""
        return self.first <= now.astimezone(zone).date() <= self.until

    def ends(self, zone: tzinfo) -> datetime:
        """Give the moment at which its last day is over."""
        return datetime.combine(self.until + timedelta(days=1), time(), zone)

    def words(self, language: str) -> str:
        """Give its text in a language, or in English."""
        return self.text.get(language) or self.text["en"]


class _File(_Table):
    offers: Annotated[tuple[Offer, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _have_their_own_ids(self) -> _File:
        ids = Counter(offer.id for offer in self.offers)
        if twice := next((name for name, count in ids.items() if count > 1), None):
            raise ValueError(f"offers: expected an id of its own for each; found {twice!r} twice")
        return self


def read(path: Path) -> tuple[Offer, ...]:
    """Read a file of offers. `OffersFileError` with every mistake in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise OffersFileError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise OffersFileError(f"{path}: expected text in UTF-8 ({error.reason})") from None
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise OffersFileError(syntax(path, error)) from None
    try:
        return _File.model_validate(data).offers
    except ValidationError as error:
        raise OffersFileError("\n".join(mistakes(path, text, data, error))) from None


@dataclass(slots=True)
class Offers:
    """The offers there are, and when it was last found out whom they fit."""

    all: Sequence[Offer] = ()
    looked_at: datetime | None = None
    _there: tuple[int, int, int] | None = field(default=None, repr=False)

    def reload(self, name: str) -> None:
        """Take in what has changed in the file; an empty name is no file, and no offer."""
        there = _there(name)
        if there == self._there:
            return
        self._there = there
        try:
            self.all = read(Path(name)) if name else ()
        except OffersFileError as error:
            for line in str(error).splitlines():
                log.error("the offers stay as they were: %s", line)  # noqa: TRY400 - no fault of ours
            return
        self.looked_at = None
        log.info("%d offers are declared", len(self.all))

    def get(self, name: str) -> Offer | None:
        """Find an offer by its id; None if it is declared no more."""
        return next((offer for offer in self.all if offer.id == name), None)

    def due(self, now: datetime) -> bool:
        """Say whether it is time to find out whom they fit, and take it for done."""
        if not self.all or (self.looked_at and now - self.looked_at < LOOK_EVERY):
            return False
        self.looked_at = now
        return True


def _there(name: str) -> tuple[int, int, int] | None:
    try:
        found = Path(name).stat() if name else None
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found else None
