"""Addresses an operator sets: where a web server is asked, and where one is to listen."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import HttpUrl, TypeAdapter

TELEGRAM_REACHES = frozenset({None, 443, 80, 88, 8443})
"""The ports Telegram sends updates to (https://core.telegram.org/bots/api#setwebhook)."""

HIGHEST_PORT = 65_535


def web_address(text: str) -> str:
    """Check the address of a web server, and take the / off its end. `ValueError` if it is none."""
    return str(TypeAdapter(HttpUrl).validate_python(text)).rstrip("/")


def public_address(text: str) -> str:
    """Check an address that Telegram can send updates to. `ValueError` says what is wrong."""
    if not text:
        return ""
    address = urlsplit(web_address(text))
    if address.scheme != "https":
        raise ValueError("Telegram sends to https only")
    if address.port not in TELEGRAM_REACHES:
        raise ValueError("Telegram sends to the ports 443, 80, 88 and 8443 only")
    if address.username or address.query or address.fragment:
        raise ValueError("it may have no user name, no ? and no #")
    return address.geturl()


def listening(text: str) -> str:
    """Check an address to listen at. `ValueError` if it is no host and port."""
    host_and_port(text)
    return text


def host_and_port(text: str) -> tuple[str, int]:
    """Split "127.0.0.1:8443" or "[::1]:8443"."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and colon and port.isascii() and port.isdigit() and 0 < int(port) <= HIGHEST_PORT):
        raise ValueError("it is no address and port")
    return host, int(port)
