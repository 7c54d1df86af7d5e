"""The master key: the one secret of an installation, and how one hands over to the next."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from itertools import pairwise
from typing import Final, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import KeyFormatError
from storage.sealing import KEY_BYTES, LETTERS, bound, derive, seal, unseal

_PREFIX: Final = "kabao1"
_FEW: Final = 16
"""Of 32 random bytes fewer than this are different once in 10 ** 11 keys."""


class MasterKey:
    """The one secret of an installation. Its text is shown only by `.text()`."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) != KEY_BYTES:
            raise KeyFormatError("A master key is 32 bytes.")
        self._raw = raw

    @classmethod
    def generate(cls) -> Self:
        """Make a fresh key from the system's randomness."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a key as `text()` wrote it; `KeyFormatError` says what is wrong, not the key."""
        prefix, _, rest = text.strip().partition(".")
        body, _, check = rest.partition(".")
        if prefix != _PREFIX:
            raise KeyFormatError(
                "A master key begins with `kabao1.`: make one with `kabao key new`."
            )
        try:
            raw = base64.b64decode(body + "=", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != KEY_BYTES or not check:
            raise KeyFormatError("The master key is incomplete: copy the whole line again.")
        if not hmac.compare_digest(f"{_spelled(raw)}.{_checksum(raw)}".encode(), rest.encode()):
            raise KeyFormatError("The master key has a typing mistake: its checksum differs.")
        return cls(raw)

    def text(self) -> str:
        """Give the key as an operator keeps it: `kabao1.<base64url of 32 bytes>.<checksum>`."""
        return f"{_PREFIX}.{_spelled(self._raw)}.{_checksum(self._raw)}"

    def derive(self, purpose: str) -> bytes:
        """Make a 32-byte key of its own for each purpose."""
        return derive(self._raw, purpose)

    @property
    def id(self) -> str:
        """Names the key without telling it."""
        return self.derive("master key id")[:16].translate(LETTERS).decode()

    @property
    def guessable(self) -> bool:
        """Whether it is plainly not random: text, a sequence, a pattern, a few bytes again."""
        raw = self._raw
        steps = {(after - before) % 256 for before, after in pairwise(raw)}
        patterned = any(raw[size:] == raw[:-size] for size in range(1, KEY_BYTES // 2 + 1))
        written = all(ord(" ") <= byte <= ord("~") for byte in raw)
        return len(set(raw)) < _FEW or len(steps) == 1 or patterned or written

    def seal_key(self, other: MasterKey, purpose: str) -> bytes:
        """Seal another master key under this one, for one purpose."""
        return seal(self._exchange(), other._raw, bound(purpose, self.id))

    def open_key(self, blob: bytes, purpose: str) -> MasterKey:
        """Open what `seal_key` of this key made for this purpose; `SealError` for anything else."""
        return MasterKey(unseal(self._exchange(), blob, bound(purpose, self.id)))

    def _exchange(self) -> AESGCM:
        return AESGCM(self.derive("exchange of master keys"))

    def __repr__(self) -> str:
        return "MasterKey(hidden)"


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _checksum(raw: bytes) -> str:
    return hashlib.sha256(_PREFIX.encode() + raw).hexdigest()[:8]
