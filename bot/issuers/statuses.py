"""What HTTP itself says: the headers of every request, the meaning of an answer's status."""

from __future__ import annotations

from bot.issuers.contract import FaultKind

# Compressed answers are not asked for: a small one could unfold to any size.
ALWAYS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Kabao"}
"""What every request carries."""


def meaning(status: int) -> FaultKind | None:
    """Tell which fault a status is, where no rule of a file says; None for success.

    Source: RFC 9110, section 15, and RFC 6585 for 429.
    """
    if status in (401, 403, 407):
        return FaultKind.REFUSED
    if status == 429:  # noqa: PLR2004 - HTTP's own number
        return FaultKind.RATE_LIMITED
    if status == 408 or status >= 500:  # noqa: PLR2004
        return FaultKind.ISSUER_DOWN
    # A redirect and an undeclared 404 are the declaration's mistake, not the holder's.
    return None if 200 <= status < 300 else FaultKind.BAD_ANSWER  # noqa: PLR2004
