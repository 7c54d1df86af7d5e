"""What somebody is told whose number is not tried now: kindly, from when on, and nothing of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.languages import mark

if TYPE_CHECKING:
    from datetime import datetime

    from bot.limits import Refusal
    from bot.voice import Voice

REFUSALS = {
    "wait": mark("A few tries were not accepted, so let us wait a little. Go on at {when}."),
    "number": mark(
        "This number was not accepted too often today. It can be tried again at {when}."
    ),
    "day": mark(
        "These were many numbers for one day. Your cards stay as they are; go on at {when}."
    ),
    "stopped": mark(
        "I take no new cards from you for now, because many numbers were not accepted. Your other "
        "cards work as ever. The operator was told and can allow it again; else go on at {when}."
    ),
    "surge": mark(
        "Many numbers are being tried here by many people just now, so I take no new cards for a "
        "while. Please go on at {when}."
    ),
}

SOON = {"wait"}
"""The reasons that are over before a conversation is forgotten."""


def sentence(refusal: Refusal) -> str:
    """Give the marked sentence; `{when}` is filled in by `when`."""
    return REFUSALS[refusal.reason]


def when(voice: Voice, refusal: Refusal) -> str:
    """Write from when on it is tried again, in full minutes that are over by then."""
    return voice.moment(_full_minute(refusal.until))


def _full_minute(moment: datetime) -> datetime:
    down = moment.replace(second=0, microsecond=0)
    return down if down == moment else down + timedelta(minutes=1)
