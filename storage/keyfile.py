"""The keys' file: all that the master key wraps, as it is now, in one small file beside backups.

Backups hold no keys, so none opens without this file. There is one of it, and each writing takes
the place of the one before: whoever was erased is not in it any more, and with their key every
backup's copy of their cards is closed. A key that was wrapped anew for another master key is in it
as such, so old backups need no old master key.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import select

from storage.chain import START, Anchor, noted
from storage.errors import StorageError
from storage.keyring import CHECK, INSTALLATION
from storage.schema import meta, people

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from storage.database import Runner

VERSION: Final = 1
MARK: Final = "kabao keys"
ERASURES: Final = "erasures"
"""The row of `meta` that each erasing sets to something new: the keys' file is old then."""

_META: Final = select(meta.c.name, meta.c.value)
_PEOPLE: Final = select(
    people.c.id, people.c.key_id, people.c.wrapped_key, people.c.master_id
).order_by(people.c.id)


def is_key(name: str) -> bool:
    """Say whether a row of `meta` is about master keys, or wrapped by one."""
    return name == INSTALLATION or "master key" in name


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys as they are stored: wrapped. `people` has key id, wrapped key and master key's id."""

    created_at: str
    state: str
    """See `state_of`."""
    end: Anchor
    """The end of the audit log then: a backup whose log ends later is newer than these keys."""
    meta: Mapping[str, bytes] = field(repr=False)
    people: Mapping[int, tuple[str, bytes, str | None]] = field(repr=False)

    def has(self, person_id: int, key_id: str) -> bool:
        """Say whether this very key of a person is there: they were not erased since."""
        return person_id in self.people and self.people[person_id][0] == key_id

    @property
    def master_ids(self) -> set[str]:
        """Name the master keys that wrap them."""
        return {master for _, _, master in self.people.values() if master}


async def state_of(runner: Runner) -> str:
    """Sum up what a keys' file depends on: while it is the same, the file need not be written.

    Who joins is not in it: the next backup, which is the first to need their key, brings it along.
    """
    digest = hashlib.sha256()
    for name, value in sorted(await runner.fetch(_META)):
        if name == ERASURES or is_key(name):
            digest.update(orjson.dumps([name, _text(value)]))
    return digest.hexdigest()


async def take(runner: Runner, now: datetime) -> Keys:
    """Take the keys from a snapshot of a database."""
    kept = {name: value for name, value in await runner.fetch(_META) if is_key(name)}
    owners = {row[0]: (row[1], row[2], row[3]) for row in await runner.fetch(_PEOPLE)}
    end = await noted(runner) or START
    return Keys(now.isoformat(), await state_of(runner), end, kept, owners)


def lines_of(keys: Keys) -> list[bytes]:
    """Write keys as they are kept, to be packed and encrypted yet: one line of JSON."""
    said = {
        MARK: VERSION,
        "created_at": keys.created_at,
        "state": keys.state,
        "audit": keys.end.text(),
        "meta": {name: _text(value) for name, value in keys.meta.items()},
        "people": [
            [person, key_id, _text(wrapped), master]
            for person, (key_id, wrapped, master) in keys.people.items()
        ],
    }
    return [orjson.dumps(said) + b"\n"]


def unpacked(raw: bytes) -> Keys:
    """Read the gzip of what `lines_of` wrote; `StorageError` for anything else."""
    try:
        said: Any = orjson.loads(gzip.decompress(raw))
        if said[MARK] != VERSION:
            raise StorageError("The keys' file is of another version of Kabao: use a newer one.")
        return Keys(
            said["created_at"],
            said["state"],
            Anchor.parse(said["audit"]),
            {CHECK: _bytes(said["meta"][CHECK]), **_decoded(said["meta"])},
            {
                person: (key_id, _bytes(wrapped), master)
                for person, key_id, wrapped, master in said["people"]
            },
        )
    except (ValueError, KeyError, TypeError, IndexError, OSError, EOFError, binascii.Error):
        raise StorageError("This is not the keys' file of Kabao's backups.") from None


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decoded(texts: Mapping[str, str]) -> dict[str, bytes]:
    return {name: _bytes(text) for name, text in texts.items()}


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
