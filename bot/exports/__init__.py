"""All of a person's cards as files: Kabao's own, tables for any program, and Catima's.

Nothing here knows Telegram or the disk: what is packed is bytes.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from bot.exports import catima, own, tables
from bot.numbers import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from bot.exports.tables import Names
    from bot.imports.found import Choices
    from bot.issuers import Issuers
    from storage import Whole

Kind = Literal["all", "catima"]
KINDS: Final[tuple[Kind, ...]] = ("all", "catima")


def numbered(issuers: Issuers, wholes: Sequence[Whole]) -> list[Whole]:
    """Say of each card which of its secrets is the number."""
    return [
        replace(whole, number=number_of(issuers, whole.card, whole.secrets)) for whole in wholes
    ]


def packed(
    kind: Kind,
    wholes: Sequence[Whole],
    choices: Choices,
    zone: tzinfo,
    made_at: datetime,
    passphrase: str | None,
    names: Names | None = None,
) -> bytes:
    """Pack cards into a zip; with a passphrase every file in it is encrypted with AES-256.

    The times of its files are those of `zone`, the person's. `names` are those of whoever said a
    balance or booked an entry.
    """
    from pyzipper import (  # type: ignore[import-untyped]  # noqa: PLC0415 - brings its ciphers
        WZ_AES,
        ZIP_DEFLATED,
        AESZipFile,
    )

    if kind == "catima":
        files = {catima.FILE: catima.written(wholes, zone)}
    else:
        files = {
            own.FILE: own.written(wholes, choices, made_at),
            tables.CARDS: tables.cards(wholes, zone, names or {}),
            tables.HISTORY: tables.history(wholes, zone, names or {}),
        }
    out = io.BytesIO()
    with AESZipFile(out, "w", compression=ZIP_DEFLATED) as archive:
        if passphrase:
            archive.setencryption(WZ_AES, nbits=256)
            archive.setpassword(passphrase.encode())
        for name, content in files.items():
            info = archive.zipinfo_cls(name, made_at.astimezone(zone).timetuple()[:6])
            info.external_attr = 0o600 << 16
            archive.writestr(info, content, compress_type=ZIP_DEFLATED)
    return out.getvalue()
