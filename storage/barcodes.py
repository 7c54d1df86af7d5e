"""Questions about what cards show at the till. Each takes the owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from storage.card_rows import KEYED, PRESENT, THIS
from storage.due import DueCards
from storage.questions import KEY_COLUMNS
from storage.records import Barcode
from storage.schema import barcodes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.database import Runner
    from storage.vault import PersonKey

_GET: Final = (
    select(*KEY_COLUMNS, barcodes.c.format, barcodes.c.value, barcodes.c.encoding)
    .select_from(KEYED.join(barcodes))
    .where(THIS, PRESENT)
)
_HAS: Final = select(*KEY_COLUMNS).select_from(KEYED).where(THIS, PRESENT)
_insert: Final = insert(barcodes).values({c.name: bindparam(c.name) for c in barcodes.c})
_PUT: Final = _insert.on_conflict_do_update(
    index_elements=["owner_id", "card_id"],
    set_={name: _insert.excluded[name] for name in ("format", "value", "encoding")},
)
_DELETE: Final = delete(barcodes).where(
    barcodes.c.owner_id == bindparam("owner"), barcodes.c.card_id == bindparam("card")
)


class Barcodes(DueCards):
    """The barcode of each card that has one of its own."""

    async def barcode(self, owner_id: int, card_id: str) -> Barcode | None:
        """Open what a card shows at the till; None where nothing is kept, or for no such card."""
        rows = await self._runner.fetch(_GET, owner=owner_id, card=card_id)
        if not rows:
            return None
        key_id, wrapped, kind, value, encoding = rows[0]
        key = self._vault.open_key(owner_id, key_id, wrapped)
        return Barcode(kind, key.open_text(barcode_place(card_id, kind), value), encoding)

    async def set_barcode(self, owner_id: int, card_id: str, barcode: Barcode | None) -> bool:
        """Keep what a card shows at the till, or nothing; False for no such card."""
        async with self._runner.transaction() as tx:
            found = await tx.fetch(_HAS, owner=owner_id, card=card_id)
            if not found:
                return False
            if barcode is None:
                await tx.execute(_DELETE, owner=owner_id, card=card_id)
            else:
                key = self._vault.open_key(owner_id, *found[0])
                await self._keep_barcodes(tx, key, [(card_id, barcode)])
        return True

    async def _keep_barcodes(
        self, tx: Runner, key: PersonKey, of: Sequence[tuple[str, Barcode]]
    ) -> None:
        rows = barcode_rows(key, of)
        if rows:
            await tx.execute_many(_PUT, rows)


def barcode_place(card_id: str, kind: str) -> tuple[str, ...]:
    """Where a barcode's value lives, for the vault."""
    return ("card", card_id, "barcode", kind)


def barcode_rows(key: PersonKey, of: Sequence[tuple[str, Barcode]]) -> list[dict[str, object]]:
    """Make the rows of what cards show at the till, sealed."""
    return [
        {
            "owner_id": key.owner,
            "card_id": card_id,
            "format": one.format,
            "value": key.seal_text(barcode_place(card_id, one.format), one.value),
            "encoding": one.encoding,
        }
        for card_id, one in of
    ]
