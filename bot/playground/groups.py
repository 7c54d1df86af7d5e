"""The groups a bot can be in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.playground.memberships import note_membership
from bot.playground.sight import Seen, seen

if TYPE_CHECKING:
    from bot.playground.chats import Chat
    from bot.playground.people import Person
    from bot.playground.world import World

SUPERGROUP = -1_000_000_000_000
"""Where the ids of supergroups begin, going down."""


@dataclass(eq=False)
class Group:
    """A group the bot is a member of. Bots read there what is said to them, as by default."""

    name: str
    where: Chat
    founder: dict[str, Any]
    world: World = field(repr=False)

    @property
    def chat(self) -> list[Seen]:
        """What everybody in it sees, oldest first."""
        return [seen(message, self.world.bot["id"]) for message in self.where.messages()]

    def sees(self, text: str) -> bool:
        """Tell whether the text stands in a message of the bot that is visible now."""
        return any(text in message.text for message in self.chat if message.by_bot)

    async def leaves(self, person: Person) -> int | None:
        """Let somebody go out of it; they can write in it no more. The bot hears of it."""
        self.where.members.remove(person.id)
        gone = {"left_chat_member": person.user}
        return self.world.updates.put(
            "message", self.where.post(person.user, self.world.now(), gone)
        )

    async def removes_bot(self) -> int | None:
        """Throw the bot out; the `update_id` by which it hears of that."""
        self.where.closed = f"bot was kicked from the {self.where.about['type']} chat"
        return note_membership(self.world, self.where, self.founder, "member", "kicked")

    async def upgrades(self) -> int | None:
        """Turn from a basic group into a supergroup: another chat, under another id."""
        old = self.where
        about = {**old.about, "id": SUPERGROUP + old.id, "type": "supergroup"}
        self.where = self.world.open(about)
        self.where.members, self.where.deletes = old.members, old.deletes
        moved = old.post(self.founder, self.world.now(), {"migrate_to_chat_id": about["id"]})
        old.moved_to = about["id"]
        arrived = {"migrate_from_chat_id": old.id}
        self.world.updates.put("message", moved)
        return self.world.updates.put(
            "message", self.where.post(self.founder, self.world.now(), arrived)
        )
