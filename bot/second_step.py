"""The second step: six digits that an authenticator app shows, or a recovery code.

TOTP as RFC 6238 has it with what every app expects: HMAC-SHA1, 6 digits, steps of 30 seconds
since 1970. A code of the step before or after counts too, because clocks differ.
"""

from __future__ import annotations

import base64
import hmac
import io
import secrets
import unicodedata
from typing import TYPE_CHECKING, Final

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

if TYPE_CHECKING:
    from datetime import datetime

DIGITS: Final = 6
STEP_SECONDS: Final = 30
KEY_BYTES: Final = 20
"""RFC 4226, section 4: a key of 160 bits is recommended."""

CODES: Final = 10
"""How many recovery codes a person has."""

_CODE_LETTERS: Final = 10
# Crockford's base 32 without what is taken for something else: 50 bits in ten letters.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LOOKALIKES: Final = str.maketrans("oil", "011")
_GROUP: Final = 4


def new_key() -> bytes:
    """Make a key for an authenticator app."""
    return secrets.token_bytes(KEY_BYTES)


def spelled(key: bytes) -> str:
    """Write a key as it is typed into an app: base 32 (RFC 4648) in groups of four."""
    text = base64.b32encode(key).decode().rstrip("=")
    return " ".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def picture(key: bytes, account: str) -> bytes:
    """Draw the QR code an authenticator app reads, as PNG: an `otpauth` URI."""
    uri = _totp(key).get_provisioning_uri(account, "Kabao")
    drawn = io.BytesIO()
    segno.make_qr(uri, error="m").save(drawn, kind="png", scale=8)
    return drawn.getvalue()


def step_of(key: bytes, code: str, now: datetime) -> int | None:
    """Find the time step a code is of, among this one, the one before and the one after."""
    totp, current = _totp(key), int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in (current - 1, current, current + 1):
        right = totp.generate(step * STEP_SECONDS)
        if hmac.compare_digest(right, code.encode()):
            found = step
    return found


def digits_of(text: str) -> str | None:
    """Read six digits, however they were grouped; None for anything else."""
    digits = "".join(unicodedata.normalize("NFKC", text).split())
    return digits if len(digits) == DIGITS and digits.isascii() and digits.isdigit() else None


def code_of(key: bytes, now: datetime) -> str:
    """Give the six digits an app shows now."""
    return _totp(key).generate(int(now.timestamp())).decode()


def new_codes() -> list[str]:
    """Make recovery codes, in their normal form."""
    return ["".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LETTERS)) for _ in range(CODES)]


def written(code: str) -> str:
    """Write a recovery code as it is shown: abcde-fghjk."""
    half = _CODE_LETTERS // 2
    return f"{code[:half]}-{code[half:]}"


def normal_code(text: str) -> str | None:
    """Read a typed recovery code; None for a text that is none, whatever its letters."""
    bare = "".join(char for char in text.casefold() if char not in " -–—").translate(_LOOKALIKES)
    known = len(bare) == _CODE_LETTERS and all(char in _ALPHABET for char in bare)
    return bare if known else None


def _totp(key: bytes) -> TOTP:
    # What apps expect (RFC 6238); nobody needs SHA-1 to be free of collisions in an HMAC.
    return TOTP(key, DIGITS, SHA1(), STEP_SECONDS)  # nosec B303 # noqa: S303
