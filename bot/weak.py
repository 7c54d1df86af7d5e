"""Secrets that are none: left over from an example, typed for a try, or found out by guessing."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from sqlalchemy import make_url
from yarl import URL

if TYPE_CHECKING:
    from storage import MasterKey

_TOKEN: Final = re.compile(r"[0-9]{5,16}:[A-Za-z0-9_-]{25,64}")
_PUBLISHED: Final = frozenset(
    {  # Telegram's own manuals print these
        "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11",
        "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcK",
    }
)
_PLACEHOLDER: Final = re.compile(
    "your[-_]|bot[-_]?token|secret|example|placeholder|changeme|replace|playground"
    "|x{8}|0{8}|12345678|abcdefgh",
    re.IGNORECASE,
)
_FEW: Final = 12
"""Of a token's 35 random letters about 27 are different."""

_PASSWORDS: Final = frozenset(
    {
        *("", "admin", "changeme", "change-me", "change_me", "default", "example", "kabao", "pass"),
        *("password", "passw0rd", "postgres", "postgresql", "root", "secret", "test", "user"),
        *("123456", "12345678", "123456789", "1234567890", "qwerty", "letmein", "hunter2"),
    }
)


def weak_key(key: MasterKey) -> str | None:
    """Say what is wrong with a master key that somebody could guess, if it is one."""
    return "it is not random, so it could be guessed" if key.guessable else None


def weak_token(token: str, bot_api_url: str) -> str | None:
    """Say what is wrong with a token that no @BotFather gave.

    A Bot API on this machine may have tokens of its own making, as the playground does.
    """
    if not _TOKEN.fullmatch(token):
        return "it does not look like a token: copy the whole line"
    code = token.partition(":")[2]
    if _here(URL(bot_api_url).host):
        return None
    if token in _PUBLISHED or _PLACEHOLDER.search(code) or len(set(code)) < _FEW:
        return "it is an example, not a token of your own"
    return None


def weak_database(database_url: str) -> str | None:
    """Say what is wrong with a password that anybody would try on a server others can reach."""
    url = make_url(database_url.replace("postgres://", "postgresql://", 1))
    if not url.drivername.startswith("postgresql") or url.password is None:
        return None
    asked = url.query.get("host", url.host)
    hosts = [asked] if asked is None or isinstance(asked, str) else asked
    if all(_here(host) for host in hosts):
        return None
    password = str(url.password).lower()
    if password in _PASSWORDS or password == (url.username or "").lower():
        return "its password is one that anybody would try: set another one in PostgreSQL"
    return None


def _here(host: str | None) -> bool:
    """Tell whether a host is this machine: no host or a path is a socket in the file system."""
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
