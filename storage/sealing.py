"""How one value is sealed: AES-256-GCM, HKDF-SHA256 (RFC 5869), and parts spelled without doubt."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import SealError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_VERSION: Final = b"\x01"
# Letters only: an identifier can then never be mistaken for, or happen to contain, a PIN.
LETTERS: Final = bytes(b"abcdefghijklmnopqrstuvwxyz"[byte % 26] for byte in range(256))


def new_id() -> str:
    """Sixteen random lower-case letters (75 bits): the id of a card or of a key."""
    return secrets.token_bytes(16).translate(LETTERS).decode()


def derive(key: bytes, purpose: str) -> bytes:
    """Make a 32-byte key of its own for each purpose."""
    info = f"kabao 1 {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)


def bound(*parts: str | bytes) -> bytes:
    """Spell the parts so that no other list of parts is spelled the same."""
    raws = (part.encode() if isinstance(part, str) else part for part in parts)
    return b"".join(len(raw).to_bytes(4) + raw for raw in raws)


def seal(cipher: AESGCM, plain: bytes, place: bytes) -> bytes:
    """Encrypt under a random 96-bit nonce; what it is for is authenticated with it."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + cipher.encrypt(nonce, plain, _VERSION + place)


def unseal(cipher: AESGCM, blob: bytes, place: bytes) -> bytes:
    """Decrypt what `seal` made for this very place; `SealError` for anything else."""
    if blob[:1] != _VERSION:
        raise SealError
    nonce, sealed = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, sealed, _VERSION + place)
    except (InvalidTag, ValueError):
        raise SealError from None
