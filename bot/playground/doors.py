"""The way in for people in other processes: a terminal, or the page in a browser that is here too.

All JSON. `as` is a person's name, `chat` a group's name or nothing for the private chat.

| what | asks | answers |
|---|---|---|
| POST people | `name`, `language`? | `id`, `name`, `language`, `bot` |
| GET people | | list of those |
| POST groups | `name`, `members`, `deletes`? | `id`, `name` |
| POST say | `as`, `text`, `chat`?, `reply_to`? | `update_id` |
| POST press | `as`, `button` (number or label), `message`?, `chat`? | `update_id`, `label` |
| POST block, unblock | `as` | `update_id` |
| POST contact | `as`, `attached`? | `update_id` |
| POST send?as=&name=&caption=&chat=&album= | the file's bytes | `update_id` |
| POST edit | `as`, `message`, `text` | `update_id` |
| GET groups | | `id`, `name`, `members` of each |
| GET clock | | `now` in ISO 8601 |
| POST clock | `seconds` that are to pass | the same |
| GET chat?as=&chat= | | `messages` that are visible, as the Bot API has them, `last` event, \
`keyboard` below it; with `only=keyboard` that alone |
| GET menu?as= | | the commands on offer |
| GET events?as=&after=&wait= | waits up to `wait` seconds | `events`, `last` |
| GET file?id= | | the file's bytes |
| GET samples | | `number`, `pin`, `about` of each card to try |
| GET photo?number= | | a photo of one of those, as a PNG |

An event is `{"n", "what": "message" | "edited" | "deleted" | "notice" | "alert", "message"}`.
Errors are `{"error": words}` with status 400 or 404.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
from aiohttp import web

from bot.barcodes import draw
from bot.playground.clock import Clock
from bot.playground.page_files import page_file
from bot.playground.refusals import Refusal
from storage import Barcode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.playground.groups import Group
    from bot.playground.people import Person
    from bot.playground.telegram import Telegram

LONGEST_WAIT = 60.0
Asked = dict[str, Any]
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Doors:
    """Answers everything under /playground/."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._routes: dict[tuple[str, str], Callable[[Asked], Awaitable[Any]]] = {
            ("POST", "people"): self._arrive,
            ("GET", "people"): self._people,
            ("POST", "groups"): self._group,
            ("GET", "groups"): self._groups,
            ("GET", "clock"): self._now,
            ("POST", "clock"): self._pass,
            ("POST", "edit"): self._edit,
            ("POST", "say"): self._say,
            ("POST", "press"): self._press,
            ("POST", "block"): self._block,
            ("POST", "unblock"): self._unblock,
            ("POST", "send"): self._send,
            ("POST", "contact"): self._contact,
            ("GET", "chat"): self._chat,
            ("GET", "menu"): self._menu,
            ("GET", "events"): self._events,
            ("GET", "samples"): self._samples,
        }

    async def open(self, what: str, request: web.BaseRequest) -> web.Response:
        """Do what is asked; never raises."""
        if not _from_here(request):
            return _json({"error": "the playground is for this machine only"}, 403)
        asked: Asked = dict(request.query)
        try:
            if request.method == "GET" and (found := await self._found(what, asked)):
                return found
            act = self._routes[request.method, what]
            if request.method == "POST":
                asked |= await _body(what, request)
            return _json(await act(asked))
        except KeyError as missing:
            return _json({"error": f"missing or unknown: {missing.args[0]!r}"}, 404)
        except LookupError as unknown:
            return _json({"error": str(unknown)}, 404)
        except (ValueError, Refusal) as wrong:
            return _json({"error": str(wrong)}, 400)

    def _who(self, asked: Asked) -> Person:
        return self._telegram.person(asked["as"])

    def _where(self, asked: Asked) -> Group | None:
        name = asked.get("chat")
        return self._telegram.people.groups()[name] if name else None

    def _about(self, person: Person) -> dict[str, Any]:
        bot = self._telegram.world.bot["first_name"]
        return {"id": person.id, "name": person.name, "language": person.language, "bot": bot}

    async def _arrive(self, asked: Asked) -> Any:
        return self._about(self._telegram.person(str(asked["name"]), asked.get("language")))

    async def _people(self, _: Asked) -> Any:
        return [self._about(person) for person in self._telegram.people]

    async def _group(self, asked: Asked) -> Any:
        members = [self._telegram.person(name) for name in asked["members"]]
        group = self._telegram.group(asked["name"], members, deletes=asked.get("deletes", False))
        return {"id": group.where.id, "name": group.name}

    async def _groups(self, _: Asked) -> Any:
        return [
            {"id": group.where.id, "name": name, "members": group.where.members}
            for name, group in self._telegram.people.groups().items()
        ]

    async def _now(self, _: Asked) -> Any:
        return {"now": self._telegram.clock().isoformat()}

    async def _pass(self, asked: Asked) -> Any:
        clock = self._telegram.clock
        if not isinstance(clock, Clock):
            raise ValueError("this playground's time cannot be moved")  # noqa: TRY004 - said to a page
        return {"now": clock.advance(float(asked["seconds"])).isoformat()}

    async def _edit(self, asked: Asked) -> Any:
        return {"update_id": await self._who(asked).edits(asked["message"], asked["text"])}

    async def _say(self, asked: Asked) -> Any:
        who, reply_to = self._who(asked), asked.get("reply_to")
        update = await who.says(asked["text"], chat=self._where(asked), reply_to=reply_to)
        return {"update_id": update}

    async def _press(self, asked: Asked) -> Any:
        who, where = self._who(asked), self._where(asked)
        label = who.pressable(asked["button"], message=asked.get("message"), chat=where).label
        update = await who.presses(asked["button"], message=asked.get("message"), chat=where)
        return {"update_id": update, "label": label}

    async def _block(self, asked: Asked) -> Any:
        return {"update_id": await self._who(asked).blocks()}

    async def _unblock(self, asked: Asked) -> Any:
        return {"update_id": await self._who(asked).unblocks()}

    async def _contact(self, asked: Asked) -> Any:
        attached = asked.get("attached", False)
        return {"update_id": await self._who(asked).shares_contact(attached=attached)}

    async def _send(self, asked: Asked) -> Any:
        update = await self._who(asked).sends(
            asked["name"],
            asked["content"],
            caption=asked.get("caption", ""),
            chat=self._where(asked),
            album=asked.get("album", ""),
        )
        return {"update_id": update}

    async def _chat(self, asked: Asked) -> Any:
        keyboard = self._who(asked).keyboard
        if asked.get("only") == "keyboard":
            return {"keyboard": keyboard}
        group = self._where(asked)
        chat = group.where if group else self._who(asked).where
        last = self._telegram.world.chats.bell.last
        return {"messages": chat.messages(), "last": last, "keyboard": keyboard}

    async def _menu(self, asked: Asked) -> Any:
        return self._who(asked).menu

    async def _events(self, asked: Asked) -> Any:
        who, after = self._who(asked), int(asked.get("after", 0))
        bell = self._telegram.world.chats.bell
        wait = min(float(asked.get("wait", 0)), LONGEST_WAIT)
        events = who.events(after)
        if not events and wait > 0:
            await bell.wait(max(after, bell.last), wait)
            events = who.events(after)
        listed = [{"n": one.n, "what": one.what, "message": one.message} for one in events]
        return {"events": listed, "last": events[-1].n if events else after}

    async def _samples(self, _: Asked) -> Any:
        return [
            {"number": card.number, "pin": card.pin, "about": card.about}
            for card in self._telegram.samples
        ]

    async def _photo(self, asked: Asked) -> web.Response:
        number = asked["number"]
        if all(card.number != number for card in self._telegram.samples):
            raise LookupError("there is no such card to try")
        drawn = await asyncio.to_thread(draw, Barcode("Code128", number), number)
        return web.Response(body=drawn, content_type="image/png")

    async def _found(self, what: str, asked: Asked) -> web.Response | None:
        if what == "photo":
            return await self._photo(asked)
        return self._file(asked) if what == "file" else page_file(what)

    def _file(self, asked: Asked) -> web.Response:
        stored = self._telegram.world.files.get(asked["id"])
        named = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(stored.name)}"}
        return web.Response(body=stored.content, content_type=stored.type, headers=named)


def _from_here(request: web.BaseRequest) -> bool:
    """Refuse pages of other sites that a browser on this machine has open."""
    host = request.headers.get("Host", "").rpartition(":")[0]
    origin = request.headers.get("Origin")
    return host in LOOPBACK and origin in {None, f"http://{request.headers['Host']}"}


async def _body(what: str, request: web.BaseRequest) -> Asked:
    body = await request.read()
    if what == "send":
        return {"content": body}
    return dict(orjson.loads(body or b"{}"))


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")
