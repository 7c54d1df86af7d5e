"""VoucherVault: what its API answers, its database's dump, and the files of its fork Plus+."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from bot.imports import found, values
from bot.imports.catima import NOT_CSV
from bot.imports.found import Found, Gathering, Incoming, Past, Unreadable
from storage import MOST_CARDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

PROGRAM: Final = "VoucherVault"
PLUS: Final = "VoucherVault Plus+"
PLUS_FILE: Final = "items.json"
_OWN: Final = frozenset({"redeem_code", "code_type"})
_TRUE: Final = frozenset({"true", "1"})


def is_item(one: object) -> bool:
    """Say whether this is one of its items."""
    return isinstance(one, dict) and one.keys() >= _OWN


def items_in(data: object) -> list[Any] | None:
    """Find its items in what a JSON file holds; None if it is not of this program."""
    if isinstance(data, dict):
        for key in ("item_details", "items", "results"):
            inside = data.get(key)
            if isinstance(inside, list) and (key == "item_details" or any(map(is_item, inside))):
                return inside
        return [data] if is_item(data) else None
    if isinstance(data, list):
        if any(map(is_item, data)):
            return data
        return _dumped(data)
    return None


def _dumped(data: Sequence[object]) -> list[Any] | None:
    """Put together the items and transactions of a `dumpdata`."""
    items: dict[str, dict[str, Any]] = {}
    moves: dict[str, list[Any]] = defaultdict(list)
    for row in data:
        if not isinstance(row, dict) or not isinstance(fields := row.get("fields"), dict):
            continue
        if row.get("model") == "myapp.item":
            items[str(row.get("pk"))] = fields
        elif row.get("model") == "myapp.transaction":
            moves[str(fields.get("item"))].append(fields)
    return [{**one, "_transactions": moves[pk]} for pk, one in items.items()] or None


def read(items: Sequence[object], today: date, *, pictures: int = 0, more: bool = False) -> Found:
    """Read its items, from whatever file; `more` if it is one page of several."""
    plus = any(isinstance(one, dict) and "notes" in one for one in items)
    gathering = Gathering(PLUS if plus else PROGRAM)
    gathering.remark(found.PICTURES, pictures)
    gathering.remark(found.PAGES, more)
    if len(accounts := _accounts(items)) > 1:
        gathering.remark(found.ACCOUNTS, len(accounts))
    for gathering.place, one in enumerate(items, 1):
        if len(gathering.cards) >= MOST_CARDS:
            gathering.skip(found.TOO_MANY)
        elif isinstance(one, dict):
            _take(one, gathering, today)
        else:
            gathering.skip(found.NO_CARD)
    return gathering.found()


def _accounts(items: Sequence[object]) -> set[str]:
    """Find whose items these are: the API answers with those of everybody."""
    whose = (one.get("user__username") or one.get("user") for one in items if isinstance(one, dict))
    return {str(one) for one in whose if one}


def is_csv(header: str) -> bool:
    """Say whether a first line is that of the fork's CSV."""
    return header.lstrip("\ufeff").startswith("type,name,issuer,redeem_code")


def read_csv(text: str, today: date) -> Found:
    """Read the fork's CSV, which has no transactions."""
    try:
        rows: list[dict[str, Any]] = list(
            csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""), restkey="_more")
        )
    except csv.Error:
        raise Unreadable(NOT_CSV) from None
    for row in rows:
        row["tags"] = [tag.strip() for tag in (row.get("tags") or "").split(",")]
    return read(rows, today)


def _take(item: Mapping[str, Any], gathering: Gathering, today: date) -> None:
    code = item.get("redeem_code")
    number = values.number(item.get("card_number") or code, gathering)
    if number is None:
        return
    title = values.line(item.get("name")) or values.line(item.get("issuer"))
    label, long = values.name(title, gathering)
    past = _past(item.get("_transactions"), gathering)
    start, currency, worth = _value(item, gathering)
    amount = None if start is None else _left(item, start, past)
    if amount is not None:
        start = None
        if amount < 0 or not values.fits(amount, currency):
            gathering.remark(found.BALANCES)
            amount = None
    elif start is not None:
        gathering.remark(found.STARTS)
    elif points := values.amount(item.get("points_balance"), gathering):
        amount, currency = points, "points"
    gathering.cards.append(
        Incoming(
            number=number,
            name=label,
            amount=amount,
            currency=currency,
            start=start,
            expires=values.day(item.get("expiry_date"), gathering, today),
            barcode=values.barcode(item.get("code_type"), code, gathering),
            pin=values.line(item.get("pin")) or None,
            note=values.noted(
                values.lines(item.get("description"), gathering),
                values.lines(item.get("notes"), gathering),
                long,
                worth,
                _beside(item, title),
            ),
            starred=_is(item.get("is_pinned")),
            archived=_is(item.get("is_used")) or _is(item.get("is_archived")),
            past=past if amount is not None else (),
        )
    )


def _left(item: Mapping[str, Any], start: Decimal, past: Sequence[Past]) -> Decimal | None:
    """Work out what is on it now; None where the file has only what once was.

    The fork's API has the sum, though made in floating point; its backup leaves out an empty past.
    What is used up has nothing left, wherever that is said.
    """
    if "_transactions" in item or "_id" in item:
        return start + sum((one.amount for one in past), Decimal(0))
    if (total := values.amount(item.get("transaction_total"), Gathering(""))) is not None:
        return round(total, 2)
    return Decimal(0) if _is(item.get("is_used")) else None


def _beside(item: Mapping[str, Any], title: str) -> str | None:
    """Collect who issued it, its wallet and tags, as a line for the note."""
    tags = item.get("tags")
    named: Iterable[object] = (
        item.get("issuer"),
        item.get("wallet_name") or item.get("wallet"),
        item.get("membership_tier"),
        *(
            one.get("name") if isinstance(one, dict) else one
            for one in (tags if isinstance(tags, list) else ())
        ),
    )
    said = dict.fromkeys(values.line(one, 60) for one in named)
    return " · ".join(one for one in said if one and one != title) or None


def _value(
    item: Mapping[str, Any], gathering: Gathering
) -> tuple[Decimal | None, str | None, str | None]:
    """Read what it is worth at first, in which currency, or what of it is to be noted."""
    worth = values.amount(item.get("value"), gathering)
    kind, currency = item.get("value_type", "money"), values.currency(item.get("currency"))
    if worth is None or (worth == 0 and item.get("type") != "giftcard"):
        return None, currency, None
    if kind in {"percentage", "multiplier"}:
        gathering.remark(found.SHARES)
        return None, None, f"{worth.normalize():f}{' %' if kind == 'percentage' else ' ×'}"
    if worth < 0 or not values.fits(worth, currency):
        gathering.remark(found.BALANCES)
        return None, currency, None
    return worth, currency, None


def _past(moves: object, gathering: Gathering) -> tuple[Past, ...]:
    """Read transactions; a moment without a zone is UTC."""
    read: list[Past] = []
    for one in (moves if isinstance(moves, list) else [])[: found.MOST_PAST]:
        at = values.moment(one.get("date")) if isinstance(one, dict) else None
        amount = values.amount(one.get("value"), gathering, found.PAST) if at else None
        if at is None or amount is None or not values.fits(amount, None):
            gathering.remark(found.PAST, at is None or amount is not None)
            continue
        read.append(Past(at, amount, values.line(one.get("description"))))
    return tuple(sorted(read, key=lambda one: one.at))


def _is(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in _TRUE)
