"""Files locked by a passphrase as age does it, but quickly: how slow a try is, is not their story.

age makes a try take a second, and a backup is tried a few times; pyrage cannot be told otherwise.
What is written here is opened by pyrage, as every age file is. The stories that run the command
lock with pyrage itself.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import b64encode
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_LOG_N: Final = 4
_CHUNK: Final = 64 * 1024


def _text(raw: bytes) -> bytes:
    return b64encode(raw).rstrip(b"=")


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)


def encrypt(content: bytes, passphrase: str) -> bytes:
    """Take the place of `pyrage.passphrase.encrypt`."""
    key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrapping = hashlib.scrypt(
        passphrase.encode(), salt=b"age-encryption.org/v1/scrypt" + salt, n=2**_LOG_N, r=8, p=1
    )[:32]
    wrapped = ChaCha20Poly1305(wrapping).encrypt(bytes(12), key, None)
    stanza = b"-> scrypt %b %d\n%b" % (_text(salt), _LOG_N, _text(wrapped))
    head = b"age-encryption.org/v1\n%b\n---" % stanza
    mac = hmac.digest(_derived(key, b"", b"header"), head, "sha256")
    chunks = [content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK)] or [b""]
    seal = ChaCha20Poly1305(_derived(key, nonce, b"payload"))
    sealed = (
        seal.encrypt(at.to_bytes(11, "big") + bytes([at == len(chunks) - 1]), chunk, None)
        for at, chunk in enumerate(chunks)
    )
    return b"%b %b\n%b%b" % (head, _text(mac), nonce, b"".join(sealed))
