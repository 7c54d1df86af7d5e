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
- `CARD_ACTIONS`: a tuple of `CardAction`, what can be done with a card besides the usual
- `LETTERS`: the kind of a message that is owed -> the `Letter` that says how it reads
- `DUE`: a tuple of what to look after by itself every tick and to the end, given the `Parts`,
  before messages owed are sent
- `STARTS`: what a link brings to /start, up to its first hyphen -> what to do with the rest
- `on_file`: is offered a file nobody asked for, and says whether it knew what to do with it; who
  is offered something before whom, `TURNS` says
- `DIALOGUE_FILES`: the kind of a dialogue -> what is offered a file sent while it is under way,
  and says whether it was for it; any other goes on to `on_file`
- `on_group`: is offered a message in a group, and says whether it was for it
- `on_group_press`: the same for a button pressed in a group; it answers the press
- `on_contact`: is given a contact that was sent (one feature has it)
- `on_text`: is offered a text nobody asked for, and says whether it knew what to do with it
- `on_interruption`: the same, while something else is being asked for
- `on_stranger`: answers somebody who is not let in (one feature has it)
"""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from bot.context import Context
from bot.dialogue import Dialogue

if TYPE_CHECKING:
    from telegram import CallbackQuery, Contact, Message, User

    from bot.attached import Attached
    from bot.declared import CardAction, Due, Letter
    from bot.parts import Command, Parts

OnButton = Callable[..., Awaitable[None]]
OnDialogue = Callable[[Context, Dialogue, str], Awaitable[None]]
OnText = Callable[[Context, str], Awaitable[bool]]
OnStranger = Callable[[Context], Awaitable[None]]
OnContact = Callable[[Context, "Contact"], Awaitable[None]]
OnFile = Callable[[Context, "Attached"], Awaitable[bool]]
OnDialogueFile = Callable[[Context, Dialogue, "Attached"], Awaitable[bool]]
OnGroup = Callable[["Parts", "Message", "User"], Awaitable[bool]]
OnGroupPress = Callable[["Parts", "CallbackQuery"], Awaitable[bool]]

TURNS: Final = (
    *("answers", "balance", "tips", "bind", "forwarded", "groups", "moving_in"),
    *("short_links", "spend", "start"),
)
"""In which order those features are offered something that nobody asked for.

A reply to a request is no text of one's own, a card's name no number, a false link no message of an
issuer's; what an issuer says is no note of spending.
"""


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
    files: list[OnFile] = field(default_factory=list)
    dialogue_files: dict[str, OnDialogueFile] = field(default_factory=dict)
    group_listeners: list[OnGroup] = field(default_factory=list)
    group_presses: list[OnGroupPress] = field(default_factory=list)
    letters: dict[str, Letter] = field(default_factory=dict)
    starts: dict[str, OnButton] = field(default_factory=dict)
    due: list[Due] = field(default_factory=list)
    card_actions: list[CardAction] = field(default_factory=list)
    proven: dict[str, OnStranger] = field(default_factory=dict)
    guarded: set[str] = field(default_factory=set)
    homes: dict[str, str] = field(default_factory=dict)
    """Which feature a command, a button ("press:pay") or a dialogue ("dialogue:spend") is of.

    A command and a button may be called the same and be of different features.
    """

    @property
    def offered(self) -> dict[str, list[Any]]:
        """Where each function belongs that a feature may have under this name."""
        return {
            "on_text": self.listeners,
            "on_interruption": self.interruptions,
            "on_contact": self.contacts,
            "on_file": self.files,
            "on_group": self.group_listeners,
            "on_group_press": self.group_presses,
            "on_stranger": self.strangers,
        }


def discover() -> Features:
    """Import every feature there is. `ValueError` if two claim the same command or button."""
    found = Features()
    for module in sorted(pkgutil.iter_modules(__path__, f"{__name__}."), key=_turn):
        feature = import_module(module.name)
        commands = {command.name: command for command in getattr(feature, "COMMANDS", ())}
        for mine, all_of_them in (
            (commands, found.commands),
            (getattr(feature, "BUTTONS", {}), found.buttons),
            (getattr(feature, "DIALOGUES", {}), found.dialogues),
            (getattr(feature, "PROVEN", {}), found.proven),
            (getattr(feature, "LETTERS", {}), found.letters),
            (getattr(feature, "STARTS", {}), found.starts),
            (getattr(feature, "DIALOGUE_FILES", {}), found.dialogue_files),
        ):
            if twice := mine.keys() & all_of_them.keys():
                raise ValueError(f"{module.name} claims {', '.join(sorted(twice))} a second time")
            all_of_them.update(mine)
        home = module.name.rpartition(".")[2]
        found.homes |= dict.fromkeys(commands, home)
        found.homes |= {f"press:{name}": home for name in getattr(feature, "BUTTONS", {})}
        found.homes |= {f"dialogue:{kind}": home for kind in getattr(feature, "DIALOGUES", {})}
        found.guarded |= guarded_by(module.name, feature)
        found.due += getattr(feature, "DUE", ())
        found.card_actions += getattr(feature, "CARD_ACTIONS", ())
        for name, listeners in found.offered.items():
            if listener := getattr(feature, name, None):
                listeners.append(listener)
    found.card_actions.sort(key=lambda action: action.order)
    return found


def _turn(module: pkgutil.ModuleInfo) -> tuple[int, str]:
    name = module.name.rpartition(".")[2]
    return TURNS.index(name) if name in TURNS else len(TURNS), name


def guarded_by(name: str, feature: object) -> frozenset[str]:
    """Give what a feature wants guarded. `ValueError` if it has no such command or button."""
    guarded: frozenset[str] = getattr(feature, "GUARDED", frozenset())
    has = {command.name for command in getattr(feature, "COMMANDS", ())}
    if unknown := guarded - has - set(getattr(feature, "BUTTONS", {})):
        raise ValueError(f"{name} guards {', '.join(sorted(unknown))}, which it does not have")
    return guarded


async def offered(listeners: Sequence[Callable[..., Awaitable[bool]]], *given: object) -> bool:
    """Offer something to one after another until one knows what to do with it."""
    for listener in listeners:
        if await listener(*given):
            return True
    return False
