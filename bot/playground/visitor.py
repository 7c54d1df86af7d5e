"""A person's way into a playground from any process: the doors of the server, over HTTP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import aiohttp

CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


class Refused(Exception):  # noqa: N818 - what a person cannot do is not an error of theirs
    """The playground did not do it; the text says why."""


class Event(NamedTuple):
    """Something that happened in a chat: see `chats.Event`."""

    what: str
    message: dict[str, Any]


def guessed_language(name: str) -> str:
    """Guess which language somebody of that name reads."""
    return "zh" if CHINESE.search(name) else "en"


class Visitor:
    """One person; `after` is the last event they have seen."""

    def __init__(self, http: aiohttp.ClientSession, url: str, name: str) -> None:
        self.name = name
        self.after = 0
        self._http = http
        self._url = f"{url}/playground/"

    async def arrive(self, language: str | None = None) -> None:
        """Come in; a language given is what their Telegram is set to from now on."""
        asked = {"name": self.name, "language": language or guessed_language(self.name)}
        await self._post("people", asked)

    async def say(self, text: str) -> int | None:
        """Send text; the `update_id`."""
        answer = await self._post("say", {"as": self.name, "text": text})
        return _update(answer)

    async def press(self, number: int, message: int | None = None) -> tuple[int | None, str]:
        """Press a button; the `update_id` and what the button says."""
        asked = {"as": self.name, "button": number, "message": message}
        answer = await self._post("press", asked)
        return _update(answer), answer["label"]

    async def send(self, name: str, content: bytes, album: str = "") -> int | None:
        """Send a file; those of one album belong together."""
        params = {"as": self.name, "name": name, "album": album}
        async with self._http.post(f"{self._url}send", params=params, data=content) as answer:
            return _update(await _read(answer))

    async def share_contact(self) -> int | None:
        """Give their own number by the button below the chat."""
        return _update(await self._post("contact", {"as": self.name}))

    async def block(self, *, blocked: bool) -> int | None:
        """Block the bot, or unblock it."""
        return _update(await self._post("block" if blocked else "unblock", {"as": self.name}))

    async def messages(self) -> list[dict[str, Any]]:
        """See what is in the chat now."""
        return list((await self._get("chat"))["messages"])

    async def catch_up(self) -> list[dict[str, Any]]:
        """See what is in the chat now; `events` go on from here."""
        answer = await self._get("chat")
        self.after = answer["last"]
        return list(answer["messages"])

    async def menu(self) -> list[dict[str, str]]:
        """See the commands on offer."""
        return list(await self._get("menu"))

    async def events(self, wait: float = 0.0) -> list[Event]:
        """See what happened since the last look; waits so many seconds for the first."""
        answer = await self._get("events", after=self.after, wait=wait)
        self.after = answer["last"]
        return [Event(one["what"], one["message"]) for one in answer["events"]]

    async def file(self, file_id: str) -> tuple[str, bytes]:
        """Download a file: its name and what is in it."""
        params = {"id": file_id}
        async with self._http.get(f"{self._url}file", params=params) as answer:
            disposition = answer.content_disposition
            name = (disposition and disposition.filename) or "file"
            return name, await answer.read()

    async def _post(self, door: str, asked: dict[str, Any]) -> Any:
        async with self._http.post(self._url + door, json=asked) as answer:
            return await _read(answer)

    async def _get(self, door: str, **asked: float) -> Any:
        params = {"as": self.name} | {name: str(value) for name, value in asked.items()}
        async with self._http.get(self._url + door, params=params) as answer:
            return await _read(answer)


async def _read(answer: aiohttp.ClientResponse) -> Any:
    value = await answer.json()
    if not answer.ok:
        raise Refused(value["error"])
    return value


def _update(answer: dict[str, Any]) -> int | None:
    number = answer["update_id"]
    return None if number is None else int(number)
