"""Who may do what: holders their own cards, helpers also see whether all is well, admins people.

Admins are named in the settings, so nobody becomes one, or is shut out as one, by the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.buttons import OutdatedButton
from storage import Person

if TYPE_CHECKING:
    from datetime import datetime

    from bot.config import Settings
    from bot.context import Context
    from bot.parts import Command


def stranger(person_id: int, name: str, language: str, now: datetime) -> Person:
    """Describe somebody who is not in the store, and is not put there for knocking."""
    return Person(
        id=person_id,
        name=name,
        language=language,
        timezone=None,
        access="none",
        quiet_from=None,
        quiet_to=None,
        blocked_at=None,
        last_seen_at=now,
        created_at=now,
        panel_message_id=None,
    )


def may_enter(settings: Settings, person: Person) -> bool:
    """Say whether the operator's rules let this person use the bot."""
    if person.id in settings.admins:
        return True
    return person.barred_at is None and (settings.access == "open" or person.access == "member")


def may_use(settings: Settings, person: Person, command: Command) -> bool:
    """Say whether a command is for this person; it is not in their menu otherwise."""
    if person.id in settings.admins or not command.admins_only:
        return True
    return command.helpers_too and is_staff(settings, person)


def is_staff(settings: Settings, person: Person) -> bool:
    """Say whether somebody is an admin or a helper."""
    return person.id in settings.admins or person.role == "helper"


def admin_only(context: Context) -> None:
    """Let nobody but admins go on: a button's data comes from the client. `OutdatedButton`."""
    if context.person.id not in context.parts.settings.admins:
        raise OutdatedButton


def staff_only(context: Context) -> None:
    """Let admins and helpers go on. `OutdatedButton`."""
    if not is_staff(context.parts.settings, context.person):
        raise OutdatedButton
