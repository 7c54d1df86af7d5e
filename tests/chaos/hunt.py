"""A search of everything a campaign leaves behind, for every secret that was used in it."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.storage import test_secrecy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

WINDOW = 7
"""Bytes by which a spelling is looked up; shorter ones stand in ciphertext by chance."""


def spellings(secret: str) -> Iterator[bytes]:
    """The ways in which a secret may be written: encodings, base64, hex, reversed, grouped."""
    yield from test_secrecy.spellings(secret)
    yield quote(secret, safe="").encode()
    yield escape(secret).encode()
    yield base64.urlsafe_b64encode(secret.encode()).rstrip(b"=")
    bare = secret.replace("-", "")
    if bare.isdigit():
        groups = [bare[at : at + 4] for at in range(0, len(bare), 4)]
        yield from (gap.join(groups).encode() for gap in (" ", "-"))


class Hunt:
    """Looks through bytes for many secrets at once."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._by_begin: dict[bytes, set[bytes]] = {}
        self.count = 0
        for secret in secrets:
            self.count += 1
            for spelled in set(spellings(secret)):
                if len(spelled) > WINDOW:
                    self._by_begin.setdefault(spelled[:WINDOW], set()).add(spelled)

    def through(self, content: bytes) -> set[bytes]:
        """Find the spellings that stand there."""
        begins, found = self._by_begin, set()
        for at in range(len(content) - WINDOW):
            if (begin := content[at : at + WINDOW]) in begins:
                found |= {one for one in begins[begin] if content.startswith(one, at)}
        return found


def files(folder: Path) -> list[Path]:
    """Everything that was left, but for the files an operator keeps the keys in."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(("key-", "."))
    ]
