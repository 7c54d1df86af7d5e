"""Thousands of updates that nobody would send, through the real bot: nothing may break or leak."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import time
import traceback
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot import logs
from bot.features import discover
from bot.playground import Telegram, stable_id, wire
from bot.playground.sight import seen
from storage import MasterKey
from storage.verify import verify_database
from tests.chaos.people import letters
from tests.chaos.rows import Row
from tests.chaos.rubbish import Rubbish
from tests.house import House

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bot.playground import Group, Person, Seen
    from bot.playground.calls import Call
    from bot.playground.refusals import Refusal

PEOPLE = 50
MARK = re.compile("zq[bcdfghjklm]{5}q")
"""What stands in everything private that a person writes, and is theirs alone."""

HARMLESS = re.compile(
    "not modified|to delete not found|to edit not found|can't be deleted|can't be edited"
    "|query is too old|no text in the message to edit|retry after|blocked by the user"
    "|wrong file identifier"
)
"""Refusals that tell of the chat's state, or of files that were made up here, not of a mistake in
what was sent."""

ADMIN = stable_id("Carol")
REQUEST = "🎫 <b>#"
ANSWER = "💬 <b>"

PATIENCE = 30.0
"""Seconds of real time in which an update must have been handled."""


@dataclass(slots=True)
class Found:
    """What was sent, and what went wrong."""

    sent: Counter[str] = field(default_factory=Counter)
    exceptions: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    verified: str = ""
    seconds: float = 0.0

    @property
    def updates(self) -> int:
        """How many updates there were."""
        return sum(self.sent.values())

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be."""
        return [*self.exceptions, *self.refusals, *self.leaks, *self.unanswered]


class Watching(Telegram):
    """A Telegram that looks at what the bot says, and to whom."""

    def __init__(self, found: Found, marks: dict[int, str], **more: Any) -> None:
        super().__init__(**more)
        self._found = found
        self._marks = marks
        self.reached: Counter[int | str] = Counter()

    def note(self, call: Call) -> None:
        """Look at a call before it takes effect."""
        super().note(call)
        to = call.params.get("chat_id")
        number = call.params.get("callback_query_id")
        if number in self.world.queries:
            to = self.world.queries[number].person
        if to is None:
            return
        self.reached[to] += 1
        for text in (call.params.get("text"), call.params.get("caption")):
            if to == ADMIN and str(text).startswith(REQUEST):
                continue  # what somebody wrote to the operator, for the operator to read
            known = {self._marks.get(to)}
            if str(text).startswith(ANSWER):
                known.add(self._marks.get(ADMIN))  # what the operator wrote back
            strangers = set(MARK.findall(str(text or ""))) - known
            if strangers:
                self._found.leaks.append(f"{call.method} told somebody of {strangers}")


class Faulty(logging.Handler):
    """Collects what nobody caught."""

    def __init__(self, found: Found) -> None:
        super().__init__(logging.ERROR)
        self._found = found
        self.sent = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the exception and where it came from."""
        if record.exc_info and record.exc_info[1]:
            frames = traceback.extract_tb(record.exc_info[2])
            at = " < ".join(f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in frames[:-6:-1])
            said = f"{record.exc_info[0].__name__ if record.exc_info[0] else ''}: "
            said += f"{record.exc_info[1]} at {at}"
        else:
            said = record.getMessage()
        self._found.exceptions.append(f"{record.getMessage()}: {said} (sent: {self.sent})")


@contextmanager
def watched(found: Found) -> Iterator[Faulty]:
    """Note every refusal of the playground and every error in the log."""
    answer, faulty = wire._answer, Faulty(found)

    def noting(refusal: Refusal) -> Any:
        if not HARMLESS.search(refusal.description):
            found.refusals.append(f"{refusal.description} (sent: {faulty.sent})")
        return answer(refusal)

    wire._answer = noting
    logging.getLogger().addHandler(faulty)
    try:
        yield faulty
    finally:
        wire._answer = answer
        logging.getLogger().removeHandler(faulty)


@contextmanager
def logged(path: Path, house: House) -> Iterator[None]:
    """Write the log at DEBUG, with struck out what `kabao run` strikes out."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    settings = house.settings
    struck = [settings.bot_token.get_secret_value(), settings.master_key.text()]
    with path.open("w", encoding="utf-8", errors="surrogatepass") as stream:
        secrets = [*struck, *settings.issuer_secrets.values()]
        logs.set_up("DEBUG", secrets=secrets, stream=stream)
        try:
            yield
        finally:
            logging.basicConfig(level=level, handlers=before, force=True)


class Storm:
    """Sends one made-up update after another from each of many people, and looks at the answers."""

    def __init__(self, folder: Path, *, count: int, seed: int, crowd: bool = False) -> None:
        self.folder = folder
        self._crowd = crowd
        self._dice = random.Random(seed)  # noqa: S311 - what is sent, not a key
        self._count = count
        self._house = House(folder, admins=str(ADMIN))
        self.found = Found()
        self._marks: dict[int, str] = {}
        self._telegram = Watching(self.found, self._marks, clock=self._house.clock)
        self._house.telegram = self._telegram
        features = discover()
        self._buttons = sorted(features.buttons)
        self._rubbish = Rubbish(self._dice, sorted(features.commands))
        self._cards: list[str] = []
        self._typed: set[str] = set()
        self._pressed: list[str] = []
        self._people: list[Person] = []
        self._group: Group
        self._acts: tuple[tuple[int, str, Callable[[Person], Any]], ...] = (
            (22, "texts", self._text),
            (18, "commands", self._command),
            (18, "buttons pressed", self._press),
            (10, "forged presses", self._forge),
            (4, "other people's buttons", self._steal),
            (8, "files, contacts, places, polls", self._attach),
            (2, "real files", self._file),
            (4, "forwarded", self._forward),
            (3, "edited messages", self._edit),
            (3, "channel posts", self._channel),
            (2, "posts by bots", self._by_bot),
            (2, "anonymous admins", self._anonymous),
            (3, "group messages", self._grouped),
            (3, "service messages", self._service),
            (1, "blocked and back", self._block),
        )

    @property
    def secrets(self) -> set[str]:
        """What must be found nowhere afterwards."""
        return {self._house._key, self._house.issuer.key, self._telegram.token, *self._typed}

    def row(self) -> Row:
        """Tell it in the table."""
        found = self.found
        kinds = ", ".join(f"{kind} {count}" for kind, count in found.sent.most_common())
        done = f"{found.updates} updates by {PEOPLE} people in {found.seconds:.0f} s: {kinds}"
        if self._crowd:
            done = f"{PEOPLE} people at once: {kinds}"
        sees = f"an answer to each; {found.verified}"
        kinds_wrong = {
            "exceptions": found.exceptions,
            "refused markup": found.refusals,
            "leaks": found.leaks,
            "unanswered": found.unanswered,
        }
        lost = "; ".join(f"{name} {len(which)}" for name, which in kinds_wrong.items() if which)
        return Row("crowd" if self._crowd else "input", done, sees, "", lost)

    async def run(self) -> Found:
        """Send them all."""
        began = time.monotonic()
        async with self._house:
            with logged(self.folder / "bot.log", self._house), watched(self.found) as faulty:
                await self._meet()
                while self.found.updates < self._count:
                    await self._round(faulty)
                await self._house.settled()
                await self._verify()
        self.found.seconds = time.monotonic() - began
        return self.found

    async def _verify(self) -> None:
        """Let every secret be opened and every ledger be held against its entries."""
        key = MasterKey.parse(self._house._key)
        report = await verify_database(self._house._database_url, key)
        self.found.verified = (
            f"{report.added_up} of {report.cards} cards held against their entries, none amiss"
        )
        self.found.exceptions += [str(fault) for fault in report.faults]

    async def _meet(self) -> None:
        names = ["Carol", *(f"Guest {n}" for n in range(PEOPLE - 1))]
        for n, name in enumerate(names):
            person = self._telegram.person(name, ("en", "zh-hans", "fr", None)[n % 4])
            self._marks[person.id] = f"zq{letters(n)}q"
            self._people.append(person)
        self._group = self._telegram.group("Friends", self._people, deletes=True)
        for person in self._people:
            mark = self._marks[person.id]
            digits = f"{self._dice.randrange(10**10):010}"
            self._typed |= {mark, digits}
            for text in ("/start", "/bind", f"AB-{digits}", f"{mark} <b>&", "200"):
                update = await person.says(text)
                assert update is not None
                await self._house.kabao.parts.turns.handled(update)
            cards = await self._house.kabao.parts.store.cards.list(person.id)
            self._cards += [card.id for card in cards]

    async def _round(self, faulty: Faulty) -> None:
        """Let a third of the people do one thing each at once, and time pass."""
        self._house.clock.advance(self._dice.choice((1, 2, 5, 30, 1000)))
        people = self._dice.sample(self._people, PEOPLE if self._crowd else PEOPLE // 3)
        for person in people:
            if self._dice.random() < 0.05:
                person.user = {**person.user, "first_name": self._rubbish.name()}
        await asyncio.gather(*(self._one(person, faulty) for person in people))
        if self._dice.random() < 0.1:
            await self._house.settled()
            await self._learn()

    async def _learn(self) -> None:
        person = self._dice.choice(self._people)
        for card in await self._house.kabao.parts.store.cards.list(person.id):
            if card.id not in self._cards:
                self._cards.append(card.id)

    async def _one(self, person: Person, faulty: Faulty) -> None:
        acts = self._acts[:3] if self._crowd else self._acts
        ((_, name, act),) = self._dice.choices(acts, [weight for weight, *_ in acts])
        before = self._telegram.reached[person.id]
        made = await act(person)
        if made is None:
            return
        update, said, answered = made
        faulty.sent = f"{name}: {said[:200]!r}"
        self.found.sent[name] += 1
        if not await self._handled(update):
            self.found.unanswered.append(f"never done with {name}: {said[:200]!r}")
        elif answered and person.where.closed is None:
            for _ in range(200):  # a question that is asked in the background follows soon
                if self._telegram.reached[person.id] > before:
                    return
                await asyncio.sleep(0.01)
            self.found.unanswered.append(f"{name}: {said[:200]!r}")

    async def _handled(self, update: int) -> bool:
        try:
            await asyncio.wait_for(self._house.kabao.parts.turns.handled(update), PATIENCE)
        except TimeoutError:
            return False
        return True

    def _put(self, kind: str, body: dict[str, Any]) -> int:
        updates = self._telegram.world.updates
        asked, updates.allowed = updates.allowed, None
        number = updates.put(kind, body)
        updates.allowed = asked
        assert number is not None
        return number

    def _mark(self, person: Person) -> str:
        return self._marks[person.id]

    async def _text(self, person: Person) -> Any:
        text = self._rubbish.text(self._mark(person))
        if self._dice.random() < 0.15 and (cards := self._shown(person)):
            text = self._dice.choice(cards)
        with suppress(ValueError):  # nothing that Telegram would send
            return await person.says(text), text, True
        return None

    def _shown(self, person: Person) -> list[str]:
        return [label for message in self._latest(person)[-3:] for label in message.labels]

    def _latest(self, person: Person) -> list[Seen]:
        bot = self._telegram.world.bot["id"]
        shown = [seen(message, bot) for message in person.where.messages()[-16:]]
        return [message for message in shown if message.by_bot]

    async def _command(self, person: Person) -> Any:
        text = self._rubbish.command(self._mark(person))
        return await person.says(text), text, True

    async def _press(self, person: Person) -> Any:
        rows = [m for m in self._latest(person) if any(b.data for b in m.buttons)]
        if not rows:
            return None
        message = self._dice.choice(rows)
        button = self._dice.choice([b for b in message.buttons if b.data])
        assert button.data is not None
        self._pressed = [*self._pressed[-200:], button.data]
        update = await person.presses(button.number, message=message)
        return update, button.label, True

    async def _forge(self, person: Person) -> Any:
        """Press what was never shown, with the right tag, so that what is behind it is reached."""
        data = self._rubbish.data(self._buttons, self._cards)
        return self._queried(person, self._house.kabao.parts.bot.seal.close(person.id, data), data)

    async def _steal(self, person: Person) -> Any:
        """Press what was shown to another."""
        if not self._pressed:
            return None
        data = self._dice.choice(self._pressed)
        return self._queried(person, data, data)

    def _queried(self, person: Person, sealed: str, said: str) -> Any:
        mine = self._latest(person)
        if not mine:
            return None
        body = {
            "id": self._telegram.world.ask(person.where, person.id),
            "from": person.user,
            "message": self._dice.choice(mine).raw,
            "chat_instance": "1",
            "data": sealed,
        }
        return self._put("callback_query", body), said, True

    def _posted(self, person: Person, content: dict[str, Any], kind: str = "message") -> int:
        message = person.where.post(person.user, self._telegram.world.now(), content)
        return self._put(kind, message)

    async def _attach(self, person: Person) -> Any:
        content = self._rubbish.attachment(person.id)
        return self._posted(person, content), str(content), True

    async def _file(self, person: Person) -> Any:
        content = self._dice.randbytes(self._dice.choice((1, 1000, 200_000)))
        begin = self._dice.choice((b"", b"\x89PNG\r\n\x1a\n", b"PK\3\4", b"%PDF-1.7", b"\xff\xd8"))
        name = f"{self._rubbish.name()}.{self._dice.choice(('csv', 'exe', 'png', ''))}"
        caption = self._rubbish.text(self._mark(person))[:1000]
        return await person.sends(name, begin + content, caption=caption), name, True

    async def _forward(self, person: Person) -> Any:
        text, at = self._rubbish.text(self._mark(person)), self._telegram.world.now()
        origin = self._dice.choice(
            (
                {"type": "hidden_user", "sender_user_name": self._rubbish.name()},
                {"type": "user", "sender_user": self._dice.choice(self._people).user},
                {"type": "chat", "sender_chat": self._group.where.about},
                {"type": "channel", "chat": CHANNEL, "message_id": 7},
            )
        )
        content = {"text": text, "forward_origin": {**origin, "date": at - 9}}
        return self._posted(person, content), text, True

    async def _edit(self, person: Person) -> Any:
        text = self._rubbish.text(self._mark(person))
        changed = {"text": text, "edit_date": self._telegram.world.now()}
        return self._posted(person, changed, "edited_message"), text, False

    async def _channel(self, person: Person) -> Any:
        text = self._rubbish.command(self._mark(person))
        kind = self._dice.choice(("channel_post", "edited_channel_post"))
        body = {"message_id": 9, "date": self._telegram.world.now(), "chat": CHANNEL}
        return self._put(kind, {**body, "sender_chat": CHANNEL, "text": text}), text, False

    async def _by_bot(self, _: Person) -> Any:
        text = self._rubbish.command("")
        bot = {"id": 1087968825, "is_bot": True, "first_name": "Another", "username": "a_bot"}
        return self._in_group(bot, text, {"via_bot": bot}), text, False

    async def _anonymous(self, _: Person) -> Any:
        text = self._rubbish.command("")
        nobody = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
        nobody["username"] = "GroupAnonymousBot"
        return self._in_group(nobody, text, {"sender_chat": self._group.where.about}), text, False

    async def _grouped(self, person: Person) -> Any:
        draw = self._rubbish.command if self._dice.random() < 0.7 else self._rubbish.text
        text = draw(self._mark(person))
        return self._in_group(person.user, text, {}), text, False

    def _in_group(self, user: dict[str, Any], text: str, more: dict[str, Any]) -> int:
        named = re.match(r"/\w+(@\w+)?", text)
        content: dict[str, Any] = {"text": text, **more}
        if named:
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": named.end()}]
        where = self._group.where
        return self._put("message", where.post(user, self._telegram.world.now(), content))

    async def _service(self, person: Person) -> Any:
        content = self._dice.choice(SERVICE)
        return self._posted(person, dict(content)), str(content), False

    async def _block(self, person: Person) -> Any:
        update = await person.blocks()
        if update is not None:
            await self._house.kabao.parts.turns.handled(update)
        return await person.says("/start"), "/start", True


CHANNEL = {"id": -1002233445566, "type": "channel", "title": "<b>News</b>"}
SERVICE: tuple[dict[str, Any], ...] = (
    {"new_chat_title": "<b>"},
    {"delete_chat_photo": True},
    {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}},
    {"write_access_allowed": {}},
    {"users_shared": {"request_id": 1, "users": [{"user_id": 1}]}},
    {"web_app_data": {"data": "{}", "button_text": "<b>"}},
    {"connected_website": "example.org"},
)
