"""All the keys there are: the keyring of master keys, a key per person, the installation's own.

What a value is sealed for (owner, place, key id) is authenticated with it, so a ciphertext moved
to another row, field or person does not open; `sealing.py` says how.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import SealError
from storage.master import MasterKey
from storage.sealing import KEY_BYTES, bound, derive, new_id, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["InstallationKey", "MasterKey", "PersonKey", "Vault", "new_id"]

_OPENED_KEYS: Final = 4096


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
        return seal(self._cipher, plain, bound(str(self.owner), self.id, *place))

    def open(self, place: tuple[str, ...], blob: bytes) -> bytes:
        """Decrypt what `seal` made for this very place; `SealError` for anything else."""
        return unseal(self._cipher, blob, bound(str(self.owner), self.id, *place))

    def seal_text(self, place: tuple[str, ...], text: str) -> bytes:
        """`seal` for words."""
        return self.seal(place, text.encode())

    def open_text(self, place: tuple[str, ...], blob: bytes) -> str:
        """`open` for words."""
        return self.open(place, blob).decode()

    def fingerprint(self, *parts: str) -> bytes:
        """32 bytes that are equal for equal parts, and tell nothing without the key."""
        if not self._fingerprint_key:
            self._fingerprint_key = derive(self._raw, "fingerprint")
        return hmac.digest(self._fingerprint_key, bound(*parts), "sha256")

    def __repr__(self) -> str:
        return f"PersonKey({self.id}, hidden)"


class InstallationKey:
    """A random key of the database's own, wrapped by the master key and kept when that changes.

    What is marked with it tells nothing without the master key, and outlives people's keys. What
    is sealed with it is nobody's in particular, and short-lived.
    """

    __slots__ = ("_ciphers", "_purposes", "_raw")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._purposes: dict[str, bytes] = {}
        self._ciphers: dict[str, AESGCM] = {}

    def stamp(self, purpose: str, *parts: str | bytes) -> bytes:
        """32 bytes that are equal for equal parts of one purpose (HMAC-SHA256, RFC 2104)."""
        key = self._purposes.get(purpose)
        if key is None:
            key = self._purposes[purpose] = derive(self._raw, purpose)
        return hmac.digest(key, bound(*parts), "sha256")

    def seal(self, purpose: str, plain: bytes) -> bytes:
        """Encrypt for this purpose, and for no other."""
        return seal(self._cipher(purpose), plain, bound(purpose))

    def open(self, purpose: str, blob: bytes) -> bytes:
        """Decrypt what `seal` made for this very purpose; `SealError` for anything else."""
        return unseal(self._cipher(purpose), blob, bound(purpose))

    def _cipher(self, purpose: str) -> AESGCM:
        cipher = self._ciphers.get(purpose)
        if cipher is None:
            cipher = self._ciphers[purpose] = AESGCM(derive(self._raw, f"sealing of {purpose}"))
        return cipher

    def __repr__(self) -> str:
        return "InstallationKey(hidden)"


class _Wrapping:
    """What one master key wraps with, and how it is recognised."""

    __slots__ = ("_cipher", "check_value", "master")

    def __init__(self, master: MasterKey) -> None:
        self.master = master
        self.check_value = master.derive("check value")
        self._cipher = AESGCM(master.derive("wrapping of person keys"))

    def wrap(self, raw: bytes, *place: str) -> bytes:
        """Wrap a key for what it is."""
        return seal(self._cipher, raw, bound(*place, self.master.id))

    def unwrap(self, wrapped: bytes, *place: str) -> bytes:
        """Unwrap what `wrap` made for this very place; `SealError` for anything else."""
        return unseal(self._cipher, wrapped, bound(*place, self.master.id))


class Vault:
    """Makes and opens the keys of people; remembers a few thousand opened ones.

    It is a keyring: usually of one master key, of two while one hands over to the next. All open,
    the one in force first; what is new is wrapped by the one in force.
    """

    installation: InstallationKey
    """Set by whoever opens the database, with `open_installation`."""

    def __init__(self, master: MasterKey) -> None:
        self._wrappings: dict[str, _Wrapping] = {}
        self._opened: dict[int, tuple[bytes, PersonKey]] = {}
        self._force = self.learn(master)

    @property
    def master_id(self) -> str:
        """The id of the master key in force."""
        return self._force.master.id

    @property
    def check_value(self) -> bytes:
        """What stands in the database while the master key in force is."""
        return self._force.check_value

    @property
    def installed(self) -> bool:
        """Whether the installation's key is open."""
        return hasattr(self, "installation")

    def masters(self) -> list[MasterKey]:
        """List the master keys on the ring, the one in force first."""
        return [wrapping.master for wrapping in self._ring()]

    def learn(self, master: MasterKey) -> _Wrapping:
        """Put a master key on the ring. It opens from now on, and wraps once it is in force."""
        return self._wrappings.setdefault(master.id, _Wrapping(master))

    def turn_to(self, check_value: bytes) -> bool:
        """Let the master key with this check value be in force; False if it is not on the ring."""
        for wrapping in self._wrappings.values():
            if hmac.compare_digest(wrapping.check_value, check_value):
                self._force = wrapping
                return True
        return False

    def part(self) -> bool:
        """Forget every master key but the one in force; False if there is no other."""
        parted = len(self._wrappings) > 1
        self._wrappings = {self._force.master.id: self._force}
        return parted

    def new_key(self, owner: int) -> tuple[PersonKey, bytes]:
        """Make a key for a new person: opened, and wrapped as it is stored."""
        key = PersonKey(owner, new_id(), secrets.token_bytes(KEY_BYTES))
        return key, self.wrap(key)

    def wrap(self, key: PersonKey) -> bytes:
        """Wrap a person's key by the master key in force."""
        return self._force.wrap(key._raw, "person key", str(key.owner), key.id)  # noqa: SLF001

    def open_key(self, owner: int, key_id: str, wrapped: bytes) -> PersonKey:
        """Unwrap a stored key; `SealError` if it is another person's or another master's."""
        known = self._opened.get(owner)
        if known is not None and known[0] == wrapped and known[1].id == key_id:
            return known[1]
        key = PersonKey(owner, key_id, self._unwrap(wrapped, "person key", str(owner), key_id))
        if len(self._opened) >= _OPENED_KEYS:
            self._opened.pop(next(iter(self._opened)))
        self._opened[owner] = (wrapped, key)
        return key

    def drop(self, owner: int) -> None:
        """Remember this person's key no longer."""
        self._opened.pop(owner, None)

    def new_installation(self) -> bytes:
        """Make a key for a new database, wrapped as it is stored."""
        return self._force.wrap(secrets.token_bytes(KEY_BYTES), "installation key")

    def wrapped_installation(self, master: MasterKey) -> bytes:
        """Wrap the database's own key by a master key that is to come in force."""
        return self.learn(master).wrap(self.installation._raw, "installation key")  # noqa: SLF001

    def open_installation(self, wrapped: bytes) -> None:
        """Unwrap the database's key; `SealError` if it is another master's."""
        self.installation = InstallationKey(self._unwrap(wrapped, "installation key"))

    def _ring(self) -> Iterator[_Wrapping]:
        yield self._force
        yield from [one for one in self._wrappings.values() if one is not self._force]

    def _unwrap(self, wrapped: bytes, *place: str) -> bytes:
        for wrapping in self._ring():
            try:
                return wrapping.unwrap(wrapped, *place)
            except SealError:
                continue
        raise SealError
