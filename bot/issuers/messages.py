"""An issuer's own patterns for the messages it sends to its holders.

They are run by RE2, which needs time linear in the text, whatever the pattern.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import re2

from bot.issuers.answers import Unreadable, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.issuers.contract import Issuer
    from bot.issuers.format.issuer import MessageTable

LONGEST = 4096
GROUPS = frozenset({"tail", "spent", "added", "refunded", "balance", "at", "place", "currency"})
_MOVED = ("spent", "added", "refunded")


@dataclass(frozen=True, slots=True)
class Found:
    """What a pattern of the issuer `slug` found, by the names of its groups.

    `at` (aware UTC) is the time where the issuer declares its format and the text keeps to it.
    """

    slug: str
    groups: Mapping[str, str]
    at: datetime | None


def find(issuers: Iterable[Issuer], text: str, zone: ZoneInfo) -> Found | None:
    """Try every issuer's patterns; the first that fits counts. `zone` is where its times are."""
    for issuer in issuers:
        for table in issuer.messages:
            if (groups := found_by(table.pattern, text)) is not None:
                return Found(issuer.slug, *_timed(groups, table, zone))
    return None


def _timed(
    groups: dict[str, str], table: MessageTable, zone: ZoneInfo
) -> tuple[dict[str, str], datetime | None]:
    if table.at_format is None:
        return groups, None
    written = groups.pop("at", None)
    try:
        return groups, moment(written, table.at_format, zone)
    except Unreadable:
        return groups, None


def found_by(pattern: str, text: str) -> dict[str, str] | None:
    """Give what the named groups of a pattern match in a text, `None` if it does not fit.

    A text cut short, and one group that is not valid Unicode, cannot be told from a misfit.
    """
    plain = text[:LONGEST].encode(errors="ignore").decode()
    match = re2.search(pattern, plain)
    if match is None:
        return None
    return {name: value for name, value in match.groupdict().items() if value}


def check(pattern: str, example: str) -> None:
    """Check a pattern and the text it is declared to fit. `ValueError` says what was expected.

    The pattern has been compiled by RE2 already.
    """
    names = frozenset(re2.compile(pattern).groupindex)
    if unknown := names - GROUPS:
        raise ValueError(
            f"expected groups named {', '.join(sorted(GROUPS))}; found {', '.join(sorted(unknown))}"
        )
    if not names & {*_MOVED, "balance"}:
        raise ValueError("expected a group named spent, added, refunded or balance; found none")
    found = found_by(pattern, example)
    if found is None:
        raise ValueError(f"expected an example that the pattern fits; found {example!r}")
    if sum(name in found for name in _MOVED) > 1:
        raise ValueError("expected one of spent, added and refunded in the example; found several")
    if not found.keys() & {*_MOVED, "balance"}:
        raise ValueError("expected an amount or a balance in the example; found neither")
