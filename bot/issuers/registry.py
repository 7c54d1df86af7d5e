"""The issuers there are: one TOML file each, from several folders, the later folder winning."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.issuers.files import IssuerFileError
from bot.issuers.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import aiohttp

    from bot.issuers.contract import Issuer
    from bot.issuers.shelf import Change

LEAST_DIGITS = 8
LEAST_CODE = 10
_AMOUNT = re.compile(r"[\d\s,.]*\d[.,]\d{1,3}")
DATE = r"(?:19|20)\d\d([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
"""A day that begins with its year, such as 2026-12-04: no card number, for all its digits."""

_DATE = re.compile(DATE)


def _now() -> datetime:
    return datetime.now(UTC)


class Issuers:
    """The issuers that are on, in the order they are offered.

    `off` has the others: slug to the names of the operator's secrets that are not set.
    """

    def __init__(
        self, issuers: Iterable[Issuer], off: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self._issuers: dict[str, Issuer] = {}
        self.off: dict[str, tuple[str, ...]] = dict(off or {})
        self._shelf: Shelf | None = None
        self._order({issuer.slug: issuer for issuer in issuers})

    def _order(self, issuers: Mapping[str, Issuer]) -> None:
        """Put those that ask an API first: they are the more specific ones."""
        ordered = sorted(issuers.values(), key=lambda i: (not i.asks_api, i.slug))
        self._issuers = {issuer.slug: issuer for issuer in ordered}

    @classmethod
    def load(
        cls,
        folders: Sequence[Path],
        secrets: Mapping[str, str],
        http: aiohttp.ClientSession,
        clock: Callable[[], datetime] = _now,
    ) -> Issuers:
        """Read every `*.toml` of the folders; a later folder's file replaces one of its name.

        `secrets` are the operator's, by name (`PRETIX_TOKEN`); an issuer that lacks one is off.
        A folder that is not there yet is looked for again by `reload`. `IssuerFileError` with
        every mistake of every file.
        """
        issuers, broken = cls.gather(folders, secrets, http, clock)
        if broken:
            raise IssuerFileError("\n".join(broken))
        return issuers

    @classmethod
    def gather(
        cls,
        folders: Sequence[Path],
        secrets: Mapping[str, str],
        http: aiohttp.ClientSession,
        clock: Callable[[], datetime] = _now,
    ) -> tuple[Issuers, list[str]]:
        """`load` what can be used; give the mistakes of the other files beside it."""
        issuers = cls(())
        issuers._shelf = Shelf(folders, secrets, http, clock)
        broken = [change.said for change in issuers.reload() if change.what == "broken"]
        return issuers, broken

    def reload(self) -> list[Change]:
        """Take in what has changed in the folders; nothing is read where nothing has.

        An issuer whose file says what it said before stays the object it was. A reading under way
        ends with the issuer it began with.
        """
        if self._shelf is None:
            return []
        issuers: dict[str, Issuer] = dict(self._issuers)
        changes: list[Change] = []
        for change in self._shelf.changes():
            changes.append(change)
            if change.what == "broken":
                continue
            issuers.pop(change.slug, None)
            self.off.pop(change.slug, None)
            if change.issuer is not None:
                issuers[change.slug] = change.issuer
            elif change.missing:
                self.off[change.slug] = change.missing
        if changes:
            self._order(issuers)
        return changes

    def get(self, slug: str) -> Issuer | None:
        """Look an issuer up by its slug; None if it is gone or off."""
        return self._issuers.get(slug)

    def all(self) -> list[Issuer]:
        """Every issuer that is on."""
        return list(self._issuers.values())

    def looks_like_a_number(self, text: str) -> bool:
        """Tell whether a text nobody asked a number for is one all the same.

        Such a text holds a secret wherever it was typed. An amount, a date, a name or a link is
        not taken for one.
        """
        digits = sum(character.isdigit() for character in text)
        bare = text.strip()
        if not digits or "://" in text or _AMOUNT.fullmatch(bare) or _DATE.fullmatch(bare):
            return False
        found = self.proposals(text)
        known = len(text) >= LEAST_CODE and any(issuer.asks_api for issuer in found)
        return known or (digits >= LEAST_DIGITS and bool(found))

    def proposals(self, pasted: str) -> list[Issuer]:
        """Propose issuers for a pasted number, the likeliest first; none for a sentence."""
        return [issuer for issuer in self._issuers.values() if issuer.recognises(pasted)]
