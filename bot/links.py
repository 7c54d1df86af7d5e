"""Links that are not what they look like: another's page under an issuer's name, or no https."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINK: Final = re.compile(
    r"(?i)(?:(https?)://)?((?:[^\s/@:]+@)?(?:[\w-]+\.)+[a-z]{2,})(?::\d+)?(?:/\S*)?"
)
_SHORTEST: Final = 5
"""Letters of an issuer's name in its address, for others to be compared with it."""

_LOOKS: Final = str.maketrans("013457", "oleast")


def suspicious(text: str, pages: Iterable[str]) -> str | None:
    """Find the first host in a text that pretends to be one of the issuers' pages, or is unsafe."""
    known = {urlsplit(page).hostname or "" for page in pages} - {""}
    found: list[tuple[str, str]] = _LINK.findall(text)
    for scheme, host in found:
        name = host.lower().rpartition("@")[2]
        mine = any(name == one or name.endswith(f".{_domain(one)}") for one in known)
        mine = mine or name in {_domain(one) for one in known}
        if mine and "@" not in host:
            if scheme.lower() == "http":
                return name
        elif any(_alike(host.lower(), _core(one)) for one in known):
            return name
    return None


def _domain(host: str) -> str:
    """Give what is registered of a host, as far as its last two or three names tell."""
    parts = host.split(".")
    count = 3 if len(parts) > 2 and len(parts[-1]) == 2 and len(parts[-2]) <= 3 else 2  # noqa: PLR2004 - such as example.com.cn
    return ".".join(parts[-count:])


def _core(host: str) -> str:
    return _domain(host).split(".")[0]


def _alike(host: str, core: str) -> bool:
    """Say whether a stranger's host holds an issuer's name, or one a letter off."""
    if len(core) < _SHORTEST:
        return False
    for label in re.split(r"[.@-]", host):
        plain = label.translate(_LOOKS)
        if core in label or core in plain or _one_off(plain, core.translate(_LOOKS)):
            return True
    return False


def _one_off(a: str, b: str) -> bool:
    """Say whether two words differ by one letter: another, one more or one less."""
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    return (
        a[start + 1 :] == b[start + 1 :]
        or a[start + 1 :] == b[start:]
        or a[start:] == b[start + 1 :]
    )
