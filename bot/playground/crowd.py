"""Who is in a playground."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.playground.groups import SUPERGROUP, Group
from bot.playground.memberships import note_membership
from bot.playground.people import Person
from bot.playground.world import STRANGER, World, stable_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Crowd:
    """The people and groups of one playground, by name."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._people: dict[str, Person] = {}
        self._groups: dict[str, Group] = {}

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def person(self, name: str, language: str | None = None) -> Person:
        """Find somebody by name, or let them come in; a language given again is a change."""
        person = self._people.get(name)
        if person is None:
            person = self._people[name] = self._arrive(name)
        if language is not None:
            person.language = language
            person.user = {**person.user, "language_code": language}
        return person

    def _arrive(self, name: str) -> Person:
        number = stable_id(name)
        first, _, last = name.partition(" ")
        names = {"first_name": first, **({"last_name": last} if last else {})}
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{4,31}", name):
            names["username"] = name
        chat = self._world.open({"id": number, "type": "private", **names}, STRANGER)
        user = {"id": number, "is_bot": False, **names}
        return Person(name, None, user, chat, self._world)

    def group(
        self,
        name: str,
        members: Iterable[Person],
        *,
        deletes: bool = False,
        basic: bool = False,
        topics: bool = False,
    ) -> Group:
        """Open a group with the bot in it, by the first of its members."""
        members = list(members)
        kind, number = ("group", 0) if basic else ("supergroup", SUPERGROUP)
        about = {"id": number - stable_id(name), "type": kind, "title": name}
        chat = self._world.open(about | ({"is_forum": True} if topics else {}))
        chat.members = [member.id for member in members]
        chat.deletes = deletes
        group = self._groups[name] = Group(name, chat, members[0].user, self._world)
        after = "administrator" if deletes else "member"
        note_membership(self._world, chat, members[0].user, "left", after)
        return group

    def groups(self) -> dict[str, Group]:
        """All groups by name."""
        return dict(self._groups)
