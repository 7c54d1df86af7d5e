"""All the cryptography there is: the master key, a key per person, sealing, fingerprints.

AES-256-GCM with random 96-bit nonces, HKDF-SHA256 (RFC 5869) and HMAC-SHA256 from the
`cryptography` package. What a value is sealed for (owner, place, key id) is authenticated
with it, so a ciphertext moved to another row, field or person does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import KeyFormatError, SealError

_PREFIX: Final = "kabao1"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_VERSION: Final = b"\x01"
_OPENED_KEYS: Final = 4096
# Letters only: an identifier can then never be mistaken for, or happen to contain, a PIN.
_LETTERS: Final = bytes(b"abcdefghijklmnopqrstuvwxyz"[byte % 26] for byte in range(256))


def new_id() -> str:
    """Sixteen random lower-case letters (75 bits): the id of a card or of a key."""
    return secrets.token_bytes(16).translate(_LETTERS).decode()


def _derive(key: bytes, purpose: str) -> bytes:
    info = f"kabao 1 {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(key)


def _bound(*parts: str | bytes) -> bytes:
    """Spell the parts so that no other list of parts is spelled the same."""
    raws = (part.encode() if isinstance(part, str) else part for part in parts)
    return b"".join(len(raw).to_bytes(4) + raw for raw in raws)


def _seal(cipher: AESGCM, plain: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + cipher.encrypt(nonce, plain, _VERSION + bound)


def _open(cipher: AESGCM, blob: bytes, bound: bytes) -> bytes:
    if blob[:1] != _VERSION:
        raise SealError
    nonce, sealed = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, sealed, _VERSION + bound)
    except (InvalidTag, ValueError):
        raise SealError from None


class MasterKey:
    """The one secret of an installation. Its text is shown only by `.text()`."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) != _KEY_BYTES:
            raise KeyFormatError("A master key is 32 bytes.")
        self._raw = raw

    @classmethod
    def generate(cls) -> Self:
        """Make a fresh key from the system's randomness."""
        return cls(secrets.token_bytes(_KEY_BYTES))

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
        if len(raw) != _KEY_BYTES or not check:
            raise KeyFormatError("The master key is incomplete: copy the whole line again.")
        if not hmac.compare_digest(f"{_spelled(raw)}.{_checksum(raw)}".encode(), rest.encode()):
            raise KeyFormatError("The master key has a typing mistake: its checksum differs.")
        return cls(raw)

    def text(self) -> str:
        """Give the key as an operator keeps it: `kabao1.<base64url of 32 bytes>.<checksum>`."""
        return f"{_PREFIX}.{_spelled(self._raw)}.{_checksum(self._raw)}"

    def derive(self, purpose: str) -> bytes:
        """Make a 32-byte key of its own for each purpose."""
        return _derive(self._raw, purpose)

    @property
    def id(self) -> str:
        """Names the key without telling it."""
        return self.derive("master key id")[:16].translate(_LETTERS).decode()

    def __repr__(self) -> str:
        return "MasterKey(hidden)"


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _checksum(raw: bytes) -> str:
    return hashlib.sha256(_PREFIX.encode() + raw).hexdigest()[:8]


class PersonKey:
    """One person's key, opened. A place is where a value lives: `("card", id, "label")`."""

    __slots__ = ("_cipher", "_fingerprint_key", "_raw", "id", "owner")

    def __init__(self, owner: int, key_id: str, raw: bytes) -> None:
        self.owner = owner
        self.id = key_id
        self._raw = raw
        self._cipher = AESGCM(raw)
        self._fingerprint_key = b""

    def seal(self, place: tuple[str, ...], plain: bytes) -> bytes:
        """Encrypt for this place of this person, and for no other."""
        return _seal(self._cipher, plain, _bound(str(self.owner), self.id, *place))

    def open(self, place: tuple[str, ...], blob: bytes) -> bytes:
        """Decrypt what `seal` made for this very place; `SealError` for anything else."""
        return _open(self._cipher, blob, _bound(str(self.owner), self.id, *place))

    def seal_text(self, place: tuple[str, ...], text: str) -> bytes:
        """`seal` for words."""
        return self.seal(place, text.encode())

    def open_text(self, place: tuple[str, ...], blob: bytes) -> str:
        """`open` for words."""
        return self.open(place, blob).decode()

    def fingerprint(self, *parts: str) -> bytes:
        """32 bytes that are equal for equal parts, and tell nothing without the key."""
        if not self._fingerprint_key:
            self._fingerprint_key = _derive(self._raw, "fingerprint")
        return hmac.digest(self._fingerprint_key, _bound(*parts), "sha256")

    def __repr__(self) -> str:
        return f"PersonKey({self.id}, hidden)"


class InstallationKey:
    """A random key of the database's own, wrapped by the master key and kept when that changes.

    What is marked with it tells nothing without the master key, and outlives people's keys.
    """

    __slots__ = ("_purposes", "_raw")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._purposes: dict[str, bytes] = {}

    def mark(self, purpose: str, *parts: str | bytes) -> bytes:
        """32 bytes that are equal for equal parts of one purpose (HMAC-SHA256, RFC 2104)."""
        key = self._purposes.get(purpose)
        if key is None:
            key = self._purposes[purpose] = _derive(self._raw, purpose)
        return hmac.digest(key, _bound(*parts), "sha256")

    def __repr__(self) -> str:
        return "InstallationKey(hidden)"


class Vault:
    """Makes and opens the keys of people; remembers a few thousand opened ones."""

    installation: InstallationKey
    """Set by whoever opens the database, with `open_installation`."""

    def __init__(self, master: MasterKey) -> None:
        self.check_value: Final = master.derive("check value")
        self.master_id: Final = master.id
        self._wrapping = AESGCM(master.derive("wrapping of person keys"))
        self._opened: dict[int, tuple[bytes, PersonKey]] = {}

    def new_key(self, owner: int) -> tuple[PersonKey, bytes]:
        """Make a key for a new person: opened, and wrapped as it is stored."""
        key_id, raw = new_id(), secrets.token_bytes(_KEY_BYTES)
        return PersonKey(owner, key_id, raw), _seal(self._wrapping, raw, self._place(owner, key_id))

    def open_key(self, owner: int, key_id: str, wrapped: bytes) -> PersonKey:
        """Unwrap a stored key; `SealError` if it is another person's or another master's."""
        known = self._opened.get(owner)
        if known is not None and known[0] == wrapped and known[1].id == key_id:
            return known[1]
        key = PersonKey(owner, key_id, _open(self._wrapping, wrapped, self._place(owner, key_id)))
        if len(self._opened) >= _OPENED_KEYS:
            self._opened.pop(next(iter(self._opened)))
        self._opened[owner] = (wrapped, key)
        return key

    def drop(self, owner: int) -> None:
        """Remember this person's key no longer."""
        self._opened.pop(owner, None)

    def new_installation(self) -> bytes:
        """Make a key for a new database, wrapped as it is stored."""
        return _seal(self._wrapping, secrets.token_bytes(_KEY_BYTES), self._installation_place())

    def open_installation(self, wrapped: bytes) -> None:
        """Unwrap the database's key; `SealError` if it is another master's."""
        raw = _open(self._wrapping, wrapped, self._installation_place())
        self.installation = InstallationKey(raw)

    def _installation_place(self) -> bytes:
        return _bound("installation key", self.master_id)

    def _place(self, owner: int, key_id: str) -> bytes:
        return _bound("person key", str(owner), key_id, self.master_id)
