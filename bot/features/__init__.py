"""What Kabao can do: one module per feature, found by being here.

A feature module may have, all optional:

- `COMMANDS`: a tuple of `Command`
- `BUTTONS`: the first word of a button's data -> what to do, given the context and the
  other words one by one
- `DIALOGUES`: the kind of a dialogue -> what to do with a text that belongs to it
- `GUARDED`: names of its commands and buttons that show or give away secrets, or erase: whoever
  has a passcode is asked for it before one is done
- `PROVEN`: names of what is done only right after the passcode was given for that very thing ->
  what to do; no button leads there
- `on_contact`: is given a contact that was sent (one feature has it)
- `on_text`: is offered a text nobody asked for, and says whether it knew what to do with it
- `on_interruption`: the same, while something else is being asked for
- `on_stranger`: answers somebody who is not let in (one feature has it)
"""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from bot.context import Context
from bot.dialogue import Dialogue

if TYPE_CHECKING:
    from telegram import Contact

    from bot.parts import Command

OnButton = Callable[..., Awaitable[None]]
OnDialogue = Callable[[Context, Dialogue, str], Awaitable[None]]
OnText = Callable[[Context, str], Awaitable[bool]]
OnStranger = Callable[[Context], Awaitable[None]]
OnContact = Callable[[Context, "Contact"], Awaitable[None]]


@dataclass(slots=True)
class Features:
    """Everything the features bring, by what calls it."""

    commands: dict[str, Command] = field(default_factory=dict)
    buttons: dict[str, OnButton] = field(default_factory=dict)
    dialogues: dict[str, OnDialogue] = field(default_factory=dict)
    listeners: list[OnText] = field(default_factory=list)
    interruptions: list[OnText] = field(default_factory=list)
    strangers: list[OnStranger] = field(default_factory=list)
    contacts: list[OnContact] = field(default_factory=list)
    proven: dict[str, OnStranger] = field(default_factory=dict)
    guarded: set[str] = field(default_factory=set)
    homes: dict[str, str] = field(default_factory=dict)
    """Whose a command, button or dialogue is: the feature's own name."""


def discover() -> Features:
    """Import every feature there is. `ValueError` if two claim the same command or button."""
    found = Features()
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        feature = import_module(module.name)
        commands = {command.name: command for command in getattr(feature, "COMMANDS", ())}
        for mine, all_of_them in (
            (commands, found.commands),
            (getattr(feature, "BUTTONS", {}), found.buttons),
            (getattr(feature, "DIALOGUES", {}), found.dialogues),
            (getattr(feature, "PROVEN", {}), found.proven),
        ):
            if twice := mine.keys() & all_of_them.keys():
                raise ValueError(f"{module.name} claims {', '.join(sorted(twice))} a second time")
            all_of_them.update(mine)
            found.homes |= dict.fromkeys(mine, module.name.rpartition(".")[2])
        found.guarded |= guarded_by(module.name, feature)
        if listener := getattr(feature, "on_text", None):
            found.listeners.append(listener)
        if interruption := getattr(feature, "on_interruption", None):
            found.interruptions.append(interruption)
        if contact := getattr(feature, "on_contact", None):
            found.contacts.append(contact)
        if stranger := getattr(feature, "on_stranger", None):
            found.strangers.append(stranger)
    return found


def guarded_by(name: str, feature: object) -> frozenset[str]:
    """Give what a feature wants guarded. `ValueError` if it has no such command or button."""
    guarded: frozenset[str] = getattr(feature, "GUARDED", frozenset())
    has = {command.name for command in getattr(feature, "COMMANDS", ())}
    if unknown := guarded - has - set(getattr(feature, "BUTTONS", {})):
        raise ValueError(f"{name} guards {', '.join(sorted(unknown))}, which it does not have")
    return guarded
