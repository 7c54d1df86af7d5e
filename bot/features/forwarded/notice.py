"""A message as it is kept until its card is known: what it says, and nothing else of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.forwarded import Said, Sum, from_groups, mark_of, read, whole_numbers
from bot.issuers.messages import find
from bot.money import Money

if TYPE_CHECKING:
    from bot.context import Context


@dataclass(frozen=True, slots=True)
class Notice:
    """What a message says, and of which issuer where the issuer's own pattern fits it.

    `mark` is the same whenever the same message comes. `words` is its text, which is not kept.
    """

    said: Said
    issuer: str | None
    mark: str = field(repr=False)
    words: str = field(default="", repr=False)
    holds_number: bool = False

    @property
    def key(self) -> str:
        """What tells it from others in the data of a button."""
        return self.mark.rpartition(" ")[2][:12]

    @property
    def could_come_again(self) -> bool:
        """Say whether another purchase would be told in the very same words."""
        return self.said.balance is None and self.said.at is None

    def change(self, currency: str) -> Money | None:
        """Read what the balance changed by, signed; None where only a balance is stated."""
        money = self.said.amount.money(currency) if self.said.amount else None
        if money is None or self.said.kind is None:
            return None
        return Money(-money.minor, currency) if self.said.kind == "spent" else money

    def balance(self, currency: str) -> Money | None:
        """Read the balance it states, None where it states none."""
        return self.said.balance.money(currency) if self.said.balance else None

    def fits(self, currency: str) -> bool:
        """Say whether all its amounts can be amounts of this currency."""
        sums = (self.said.amount, self.said.balance)
        return all(one.money(currency) is not None for one in sums if one)

    def kept(self) -> dict[str, Any]:
        """Give what a dialogue keeps of it, as plain data."""
        said = {**asdict(self.said), "at": self.said.at and self.said.at.isoformat()}
        return {"said": said, "issuer": self.issuer, "mark": self.mark}

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Notice:
        """Take what `kept` gave."""
        said = kept["said"]
        at = said["at"] and datetime.fromisoformat(said["at"])
        return cls(
            Said(
                kind=said["kind"],
                amount=_sum(said["amount"]),
                balance=_sum(said["balance"]),
                tails=tuple(said["tails"]),
                at=at,
                place=said["place"],
            ),
            kept["issuer"],
            kept["mark"],
        )


def understood(context: Context, text: str) -> Notice | None:
    """Read a text as an issuer's message: by an issuer's own pattern, else in a common form."""
    parts, zone = context.parts, context.voice.zone
    origin = context.message.forward_origin
    received = min(origin.date, parts.clock()) if origin else parts.clock()
    if not isinstance(zone, ZoneInfo):
        return None
    said = None
    found = find(parts.issuers.all(), text, zone)
    if found is not None:
        said = from_groups(found.groups, zone, received, found.at)
    issuer = found.slug if found and said else None
    said = said or read(text, zone, received)
    if said is None:
        return None
    if origin and said.at is None:
        said = replace(said, at=received)
    if whole_numbers(said.place):
        said = replace(said, place="")
    return Notice(said, issuer, mark_of(text), text, bool(whole_numbers(text)))


def _sum(kept: dict[str, Any] | None) -> Sum | None:
    return Sum(kept["number"], tuple(kept["currencies"])) if kept else None
