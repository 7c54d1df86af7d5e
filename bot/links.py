"""Links that are not what they look like: another's page under a known name, or one that hides."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Why(StrEnum):
    """What is wrong with a link."""

    ALIKE = "alike"
    """It pretends to be an issuer's, or Telegram's."""
    OPEN = "open"
    """It is the issuer's, without https."""
    NUMBER = "number"
    LETTERS = "letters"
    """Letters of several scripts, or such as are written in code (punycode)."""
    ELSEWHERE = "elsewhere"
    """Its text names another address than it leads to."""
    SHORT = "short"


class Suspicion(NamedTuple):
    """A host as it is really called, and what is wrong with it."""

    host: str
    why: Why


# Hosts are written in Latin, Greek or Cyrillic letters, whatever letters stand before them.
_LETTERS: Final = r"0-9A-Za-z\u00c0-\u024f\u0370-\u052f"
_LINK: Final = re.compile(
    rf"(?i)(?:(https?)://([^\s/?#<>\"'“”，。；、（）()]+)"
    rf"|(?<![{_LETTERS}.@/-])((?:[{_LETTERS}-]+\.)+[{_LETTERS}-]{{2,}})(?![{_LETTERS}@-]))"
)
_SHORTEST: Final = 5
"""Letters of an issuer's name in its address, for others to be compared with it."""

_LOOKS: Final = str.maketrans(
    "013457аеорсухіјѕԁһкмтвнοανρτυκι",
    "oleastaeopcyxijsdhkmtbhoavptuki",
)
_TELEGRAM: Final = ("t.me", "telegram.me", "telegram.org", "telegram.dog", "telesco.pe", "tg.dev")
_T_ME: Final = re.compile(r"(?:^|\.)t[.-]?me[.-]")
_USER: Final = re.compile(r"(?i)\b(?:t|telegram)\.me/(\w{5,32})\b")
_SHORTENERS: Final = frozenset(
    {"bit.ly", "bitly.com", "tinyurl.com", "t.co", "goo.gl", "is.gd", "v.gd", "ow.ly", "buff.ly"}
    | {"rb.gy", "cutt.ly", "shorturl.at", "s.id", "t.ly", "rebrand.ly", "tiny.cc", "clck.ru"}
    | {"t.cn", "dwz.cn", "dwz.mk", "url.cn", "suo.im", "suo.nz", "mrw.so", "sourl.cn", "3.cn"}
)


def suspicious(
    text: str, pages: Iterable[str], leads: Iterable[tuple[str, str]] = ()
) -> Suspicion | None:
    """Find the first link in a text that hides what it is, or pretends to be one of the pages.

    `leads` are links behind words: what is shown, and the address it leads to.
    """
    known = {(urlsplit(page).hostname or "").lower() for page in pages} - {""}
    for shown, address in leads:
        said, host = next(_hosts(shown), None), (urlsplit(address).hostname or "").lower()
        if said is not None and _domain(said[1]) != _domain(host):
            return Suspicion(host, Why.ELSEWHERE)
        text += f" {address}"
    for scheme, host in _hosts(text):
        if why := _wrong(scheme, host, known):
            return Suspicion(host.rpartition("@")[2], why)
    return None


def impostor(text: str, username: str) -> Suspicion | None:
    """Find a link to somebody whose name in Telegram is this one but for a letter."""
    mine = username.lower()
    for found in _USER.finditer(text):
        name = found[1].lower()
        if name != mine and _one_off(_plain(name), _plain(mine)):
            return Suspicion(found[0], Why.ALIKE)
    return None


def _hosts(text: str) -> Iterator[tuple[str, str]]:
    """Give each link's scheme, if it is written, and host, with who is named before an @."""
    for found in _LINK.finditer(text):
        host = (found[2] or found[3]).lower().rstrip(".:")
        if not host.startswith("["):
            host = re.sub(r":\d+$", "", host)
        yield (found[1] or "").lower(), host


def _wrong(scheme: str, host: str, known: set[str]) -> Why | None:
    name = host.rpartition("@")[2]
    if "@" not in host and _is_one_of(name, known):
        return Why.OPEN if scheme == "http" else None
    if "@" not in host and _is_one_of(name, _TELEGRAM):
        return None
    if scheme and _is_number(name):
        return Why.NUMBER
    if _mixed(name):
        return Why.LETTERS
    if _T_ME.search(_plain(name)) or any(_alike(host, one) for one in ("telegram", *_cores(known))):
        return Why.ALIKE
    return Why.SHORT if name in _SHORTENERS else None


def _cores(known: Iterable[str]) -> list[str]:
    """Give what the hosts are called, without what stands before and behind."""
    return [_domain(one).split(".")[0] for one in known]


def _is_one_of(name: str, known: Iterable[str]) -> bool:
    return any(name == _domain(one) or name.endswith(f".{_domain(one)}") for one in known)


def _domain(host: str) -> str:
    """Give what is registered of a host, as far as its last two or three names tell."""
    host = host.rpartition("@")[2]
    if _is_number(host):
        return host
    parts = host.split(".")
    count = 3 if len(parts) > 2 and len(parts[-1]) == 2 and len(parts[-2]) <= 3 else 2  # noqa: PLR2004 - such as example.com.cn
    return ".".join(parts[-count:])


def _is_number(name: str) -> bool:
    """Say whether it is an address in figures, in any of the ways browsers read."""
    bare = name.strip("[]")
    if re.fullmatch(r"(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+)){0,3}", bare):
        return True
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return False
    return True


def _mixed(name: str) -> bool:
    """Say whether a name is written in punycode, or one part of it in letters of two scripts."""
    for part in name.split("."):
        if part.startswith("xn--"):
            return True
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in part if letter.isalpha()}
        others = scripts & {"CYRILLIC", "GREEK"}
        # One script is enough where its every letter is the double of a Latin one.
        if others and ("LATIN" in scripts or len(others) > 1 or _plain(part).isascii()):
            return True
    return False


def _plain(name: str) -> str:
    """Write a name in the letters it looks like."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", name) if not _is_accent(one))
    return bare.translate(_LOOKS).replace("rn", "m").replace("vv", "w")


def _is_accent(letter: str) -> bool:
    return unicodedata.combining(letter) != 0


def _alike(host: str, core: str) -> bool:
    """Say whether a stranger's host holds a known name, or one a letter off."""
    if len(core) < _SHORTEST:
        return False
    for label in re.split(r"[.@-]", host):
        plain = _plain(label)
        if core in label or _plain(core) in plain or _one_off(plain, _plain(core)):
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
