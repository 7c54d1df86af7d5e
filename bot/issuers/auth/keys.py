"""RSA keys as operators have them, and the signatures made and verified with them.

A key comes as PEM or as the bare base64 in it, however its lines were broken on the way through an
environment variable; private keys as PKCS#1 or PKCS#8, public ones as PKCS#1 or X.509.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, TypeVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
)
from cryptography.x509 import Certificate, load_der_x509_certificate
from yarl import URL

from bot.issuers.contract import FaultKind, IssuerFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.issuers.auth.scheme import Answer, Request

T = TypeVar("T")
SMALLEST = 2048  # bits: what both vendors ask for with SHA-256
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END \1-----", re.DOTALL)


def private_key(name: str, text: str) -> RSAPrivateKey:
    """Read a private key; `ValueError`, which says its name and nothing of it."""
    key = _read(name, "an RSA private key", text, lambda der: load_der_private_key(der, None))
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"{name}: expected an RSA private key")  # noqa: TRY004 - a wrong value
    return _long_enough(name, key)


def public_key(name: str, text: str) -> RSAPublicKey:
    """Read a public key; `ValueError`, which says its name."""
    key = _read(name, "an RSA public key", text, load_der_public_key)
    if not isinstance(key, RSAPublicKey):
        raise ValueError(f"{name}: expected an RSA public key")  # noqa: TRY004
    return _long_enough(name, key)


def certificate(name: str, text: str) -> Certificate:
    """Read a certificate; `ValueError`, which says its name."""
    return _read(name, "a certificate", text, load_der_x509_certificate)


def blocks(text: str) -> list[str]:
    """Take apart what stands in PEM one after the other."""
    return [found.group() for found in _PEM.finditer(text)] or [text]


def der(text: str) -> bytes:
    """Give the bytes in a PEM or a base64. `ValueError` if it is neither."""
    found = _PEM.search(text)
    return b64decode(re.sub(r"\\n|\\r|\s", "", found.group(2) if found else text), validate=True)


def certified_key(name: str, certified: Certificate) -> RSAPublicKey:
    """Give the key that a certificate is for; `ValueError` if it is not an RSA key."""
    try:
        key = certified.public_key()
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise ValueError(f"{name}: expected a certificate of an RSA key")  # noqa: TRY004
    return _long_enough(name, key)


def signature(key: RSAPrivateKey, content: str) -> str:
    """Sign a text: SHA-256 with RSA (PKCS #1 v1.5) over its UTF-8, in base64."""
    return b64encode(key.sign(content.encode(), PKCS1v15(), SHA256())).decode()


def verified(key: RSAPublicKey, content: bytes, signed: str) -> bool:
    """Whether `signed` is the signature of these bytes, in base64 as it is made, not nearly so."""
    try:
        raw = b64decode(signed, validate=True)
        key.verify(raw, content, PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        return False
    return b64encode(raw).decode() == signed


def header(answer: Answer, name: str) -> str:
    """Give an answer's header, whatever its case; "" without it, all of them joined if several."""
    wanted = name.lower()
    return ", ".join(text for key, text in answer.headers.items() if key.lower() == wanted)


def target(request: Request) -> str:
    """Give the path and query as they go over the wire."""
    return URL(request.url, encoded=True).raw_path_qs


def unsigned(answer: Answer) -> Answer:
    """Let an answer without a signature through if it is an error, which has no balance."""
    if 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's success
        raise forged("an answer without a signature")
    return answer


def forged(what: str) -> IssuerFault:
    """Make the fault that an answer is which cannot be shown to be the issuer's."""
    return IssuerFault(FaultKind.BAD_ANSWER, what)


def _read(name: str, what: str, text: str, load: Callable[[bytes], T]) -> T:
    try:
        return load(der(text))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(f"{name}: expected {what} in PEM, or the base64 in it") from None


_Key = TypeVar("_Key", RSAPrivateKey, RSAPublicKey)


def _long_enough(name: str, key: _Key) -> _Key:
    if key.key_size < SMALLEST:
        raise ValueError(f"{name}: expected a key of {SMALLEST} bits, found {key.key_size}")
    return key
