"""An issuer tried by its operator: each request and answer, what was read, what its holder sees."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, fields
from time import perf_counter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import aiohttp

from bot import panel
from bot.issuers import IssuerFault, Issuers, Reading
from bot.issuers.answers import Expression, Unreadable, parse_json
from bot.issuers.auth.session import SessionAuth
from bot.issuers.format.issuer import HttpDeclaration
from bot.issuers.shelf import made
from bot.languages import language_for
from bot.numbers import tail_of
from bot.struck import SHORT, Struck
from bot.thresholds import DEFAULT_PERCENT
from bot.voice import Voice
from storage import Card, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
    from markupsafe import Markup

    from bot.issuers import Issuer
    from bot.issuers.files import Declared

_TAG = re.compile(r"<[^>]*>")
_UNTOLD = {"Accept", "Accept-Encoding", "User-Agent", "Host", "Content-Length"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as it went out, and the answer if one came, with the seconds it took."""

    method: str
    url: str
    headers: Mapping[str, str]
    sent: bytes
    status: int | None = None
    kind: str = ""
    body: bytes = b""
    seconds: float = 0.0


class Trial:
    """Reads one card of one issuer, and tells all about it.

    `echo` is given lines to show. `secrets` are the operator's by name, `language` is the holder's.
    """

    def __init__(
        self,
        path: Path,
        declared: Declared,
        secrets: Mapping[str, str],
        *,
        language: str,
        zone: str,
        echo: Callable[[str], None],
    ) -> None:
        self._slug = path.stem
        self._path = path
        self._declared = declared
        self._secrets = {**declared.defaults, **{k: v for k, v in secrets.items() if v}}
        self._language = language_for(language, "en")
        self._zone = ZoneInfo(zone)
        self._echo = echo
        self._heard: list[Exchange] = []

    async def run(self, values: Mapping[str, str], *, history: bool) -> bool:
        """Make the calls with a card's values by field name; False if there is no reading."""
        shown = {value: name for name, value in values.items()}
        async with aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), middlewares=(self._listen,)
        ) as http:
            issuer = made(self._path, self._declared, self._secrets, http, utc_now)
            reading: Reading | IssuerFault
            try:
                reading = await issuer.read(values, history=history)
            except IssuerFault as fault:
                reading = fault
        struck = Struck({**self._given(), **self._hidden(), **shown})
        for number, exchange in enumerate(self._heard, 1):
            self._show(number, exchange, struck)
        if isinstance(self._declared, HttpDeclaration) and isinstance(reading, Reading):
            self._say_what_was_read(self._declared, struck)
        self._say_what_is_seen(issuer, values, reading, struck)
        return isinstance(reading, Reading) and reading.history_fault is None

    def _hidden(self) -> dict[str, str]:
        """Name the operator's secrets by value; what stands in the file itself is none."""
        used = self._declared.secrets() if isinstance(self._declared, HttpDeclaration) else ()
        return {
            self._secrets[name]: f"KABAO_SECRET_{name}"
            for name in used
            if self._secrets[name] != self._declared.defaults.get(name)
        }

    def _given(self) -> dict[str, str]:
        """Name the tokens that logging in gave, wherever they go from there."""
        auth = self._declared.auth if isinstance(self._declared, HttpDeclaration) else None
        if not isinstance(auth, SessionAuth) or auth.token is None:
            return {}
        found = [_at(auth.token, _json(heard.body)) for heard in self._heard]
        return {token: "token" for token in found if isinstance(token, str) and len(token) >= SHORT}

    async def _listen(self, request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
        """Stand between the issuer and its server, and keep what passes."""
        sent = request.body
        said = sent if isinstance(sent, bytes) else await sent.as_bytes()
        about = (request.method, str(request.url), dict(request.headers), said)
        begun = perf_counter()
        try:
            response = await send(request)
        except (aiohttp.ClientError, OSError):
            self._heard.append(Exchange(*about, seconds=perf_counter() - begun))
            raise
        self._heard.append(
            Exchange(
                *about,
                response.status,
                response.headers.get("Content-Type", ""),
                await _overheard(response),
                perf_counter() - begun,
            )
        )
        return response

    def _show(self, number: int, heard: Exchange, struck: Struck) -> None:
        self._echo(f"\n{number}. {heard.method} {struck.pairs(heard.url)}")
        for name, value in heard.headers.items():
            if name not in _UNTOLD:
                self._echo(f"   {struck.header(name, value)}")
        if heard.sent:
            self._block(struck.body(heard.sent))
        took = f"{heard.seconds * 1000:.0f} ms"
        if heard.status is None:
            self._echo(f"   ← no answer, {took}")
            return
        self._echo(f"   ← HTTP {heard.status}, {heard.kind}, {len(heard.body)} bytes, {took}")
        self._block(struck.body(heard.body))

    def _block(self, text: str) -> None:
        for line in text.splitlines():
            self._echo(f"     {line}")

    def _say_what_was_read(self, declared: HttpDeclaration, struck: Struck) -> None:
        card = self._answered(declared)
        if card is None:
            return
        rows = [
            (key, place.text, struck.value(_at(place, card)))
            for key, place in _places(declared)
            if key != "card"
        ]
        widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
        self._echo(f"\nRead, seen from {declared.balance.card.text!r}:")
        for key, place, value in rows:
            self._echo(f"   {key:{widths[0]}}  {place:{widths[1]}}  {value}")

    def _answered(self, declared: HttpDeclaration) -> Any:
        """Find the card in the answer that the balance was read from."""
        for heard in self._heard:
            data = _json(heard.body)
            wrapped = data.values() if isinstance(data, dict) else ()  # some sign what is inside
            for one in (data, *wrapped):
                card = _at(declared.balance.card, one)
                card = card[0] if isinstance(card, list) and len(card) == 1 else card
                if card is not None and _at(declared.balance.amount, card) is not None:
                    return card
        return None

    def _say_what_is_seen(
        self,
        issuer: Issuer,
        values: Mapping[str, str],
        reading: Reading | IssuerFault,
        struck: Struck,
    ) -> None:
        voice = Voice(self._language, self._zone, utc_now())
        issuers = Issuers([issuer])
        fault = reading if isinstance(reading, IssuerFault) else reading.history_fault
        if fault is not None:
            self._echo(f"\nThe log says: reading a card of {self._slug} failed: {fault}")
        name = panel.issuer_name(voice, issuers, self._slug)
        card = _card(self._slug, name, values[issuer.fields[0].name], reading, voice.now)
        self._echo(f"\nWhat the holder sees ({self._language.code}):")
        self._block(plain(panel.details(voice, issuers, card)))
        if isinstance(reading, Reading) and reading.entries is not None:
            self._echo(f"\nThe history has {len(reading.entries)} entries, the newest first:")
            for entry in reading.entries[:10]:
                after = f"  = {voice.money(entry.balance_after)}" if entry.balance_after else ""
                moved = f"{voice.moment(entry.at)}  {voice.change(entry.amount)}{after}"
                self._echo(f"     {moved}  {entry.kind}  {struck.text(entry.text)}".rstrip())


def plain(text: Markup) -> str:
    """Write what Telegram would show, without its markup."""
    return html.unescape(_TAG.sub("", str(text)))


async def _overheard(response: ClientResponse) -> bytes:
    """Read an answer and leave it to be read again."""
    try:
        body = await response.content.read()
    except (aiohttp.ClientError, OSError):
        return b""  # whoever reads next meets the same
    again = aiohttp.StreamReader(response.content._protocol, 2**16)  # noqa: SLF001
    again.feed_data(body)
    again.feed_eof()
    response.content = again
    return body


def _json(body: bytes) -> Any:
    try:
        return parse_json(body)
    except Unreadable:
        return None


def _at(place: Expression, data: object) -> Any:
    try:
        return place.of(data)
    except Unreadable:
        return None


def _places(declared: HttpDeclaration) -> Iterator[tuple[str, Expression]]:
    balance = declared.balance
    for key in type(balance).model_fields:
        place = getattr(balance, key)
        if isinstance(place, Expression):
            yield key, place
    yield from ((f"keep.{key}", place) for key, place in balance.keep.items())


def _card(
    slug: str, label: str, number: str, reading: Reading | IssuerFault, now: datetime
) -> Card:
    """Make the card that would be bound; nothing is kept of it."""
    known: dict[str, Any] = {field.name: None for field in fields(Card)}
    known |= {"id": "", "owner_id": 0, "issuer": slug, "label": label, "tail": tail_of(number)}
    known |= {"state": "active", "threshold_percent": DEFAULT_PERCENT, "alerts_on": True}
    known |= {"episode": "armed", "failures": 0, "history_stale": False, "created_at": now}
    if isinstance(reading, IssuerFault):
        known |= {"failures": 1, "failure": str(reading.kind), "failed_at": now}
    elif reading.balance is not None:
        minor = reading.balance.minor
        known |= {"state": str(reading.state), "expires_at": reading.expires_at}
        known |= {"currency": reading.balance.currency, "balance_minor": minor, "balance_at": now}
        known |= {"balance_source": "issuer", "peak_minor": minor}
    return Card(**known)
