"""What is written down about people's accounts: the names of it, its words, and how it is noted.

The log itself, which nobody can change unnoticed, is `storage.audit`.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING

from telegram.error import TelegramError

from bot import calls
from bot.languages import mark
from bot.pace import ALERT

if TYPE_CHECKING:
    from markupsafe import Markup

    from bot.buttons import Buttons
    from bot.parts import Parts
    from storage import Card, Store

log = logging.getLogger(__name__)


class Action(StrEnum):
    """What can have happened. The values are kept for ever: a name is never given a new sense."""

    STARTED = "started"
    BOUND = "bound"
    BOUND_AGAIN = "bound again"
    REMOVED = "removed"
    RESTORED = "restored"
    SHOWN = "shown"
    EXPORTED = "exported"
    IMPORTED = "imported"
    SHARED = "shared"
    UNSHARED = "unshared"
    RECEIVED = "received"
    LINK_MADE = "link made"
    LINK_CANCELLED = "link cancelled"
    HANDED_OVER = "handed over"
    LEFT = "left"
    ERASED = "erased"
    ALERTS_OFF = "alerts off"
    REFRESH_FAILED = "refresh failed"
    ASKED = "asked"
    LET_IN = "let in"
    DECLINED = "declined"
    INVITED = "invited"
    BARRED = "barred"
    UNBARRED = "unbarred"
    ROLE_CHANGED = "role changed"
    WRONG_PASSCODE = "wrong passcode"
    LOCK_CLOSED = "lock closed"
    UNLOCKED = "unlocked"
    PASSCODE_SET = "passcode set"
    PASSCODE_CHANGED = "passcode changed"
    PASSCODE_LIFTED = "passcode lifted"
    TWO_STEP_ON = "two-step on"
    TWO_STEP_OFF = "two-step off"
    RECOVERY_CODE_USED = "recovery code used"
    CODES_MADE = "recovery codes made"
    COVERED = "balances covered"
    UNCOVERED = "balances uncovered"
    PHONE_BOUND = "phone bound"
    PHONE_UNBOUND = "phone unbound"
    RECOVERY_ASKED = "recovery asked"
    RECOVERY_CANCELLED = "recovery cancelled"
    BINDING_STOPPED = "binding stopped"
    BINDING_ALLOWED = "binding allowed"
    ROTATION_BEGUN = "key rotation begun"
    ROTATION_DONE = "key rotation done"
    BACKUP_MADE = "backup made"
    BACKUP_RESTORED = "backup restored"


SENTENCES = {
    Action.STARTED: mark("The bot was started"),
    Action.BOUND: mark("Card bound"),
    Action.BOUND_AGAIN: mark("Card bound again"),
    Action.REMOVED: mark("Card removed"),
    Action.RESTORED: mark("Card brought back"),
    Action.SHOWN: mark("Number or PIN shown"),
    Action.EXPORTED: mark("Cards exported"),
    Action.IMPORTED: mark("Cards moved in"),
    Action.SHARED: mark("Card shared"),
    Action.UNSHARED: mark("Card no longer shared"),
    Action.RECEIVED: mark("Card received by a link"),
    Action.LINK_MADE: mark("Link to a card made"),
    Action.LINK_CANCELLED: mark("Link to a card taken back"),
    Action.HANDED_OVER: mark("Card handed over"),
    Action.LEFT: mark("Shared card left"),
    Action.ERASED: mark("Everything erased"),
    Action.ALERTS_OFF: mark("Alerts switched off"),
    Action.REFRESH_FAILED: mark("Balance could not be read"),
    Action.ASKED: mark("Access asked for"),
    Action.LET_IN: mark("Given access"),
    Action.DECLINED: mark("Not given access"),
    Action.INVITED: mark("Invitation made"),
    Action.BARRED: mark("Shut out by an admin"),
    Action.UNBARRED: mark("No longer shut out"),
    Action.ROLE_CHANGED: mark("Role changed"),
    Action.WRONG_PASSCODE: mark("Wrong passcode"),
    Action.LOCK_CLOSED: mark("Locked after wrong passcodes"),
    Action.UNLOCKED: mark("Unlocked"),
    Action.PASSCODE_SET: mark("Passcode set"),
    Action.PASSCODE_CHANGED: mark("Passcode changed"),
    Action.PASSCODE_LIFTED: mark("Passcode taken away"),
    Action.TWO_STEP_ON: mark("Two-step turned on"),
    Action.TWO_STEP_OFF: mark("Two-step turned off"),
    Action.RECOVERY_CODE_USED: mark("Recovery code used"),
    Action.CODES_MADE: mark("Recovery codes made"),
    Action.COVERED: mark("Balances asked for too"),
    Action.UNCOVERED: mark("Balances always shown"),
    Action.PHONE_BOUND: mark("Phone number added"),
    Action.PHONE_UNBOUND: mark("Phone number removed"),
    Action.RECOVERY_ASKED: mark("Asked to lift the passcode"),
    Action.RECOVERY_CANCELLED: mark("Lifting the passcode was cancelled"),
    Action.BINDING_STOPPED: mark("Binding stopped after too many tries"),
    Action.BINDING_ALLOWED: mark("Binding allowed again"),
    Action.ROTATION_BEGUN: mark("Change of the master key begun"),
    Action.ROTATION_DONE: mark("Master key changed"),
    Action.BACKUP_MADE: mark("Backup made"),
    Action.BACKUP_RESTORED: mark("Backup restored"),
}


async def note(
    store: Store,
    action: Action,
    *,
    subject: int | None = None,
    actor: int | None = None,
    card: Card | None = None,
    **detail: str | float | None,
) -> None:
    """Write down what happened, as the LAST statement in the transaction of its cause.

    `subject` is whom it is about, `actor` who did it (none: the bot by itself, or the operator at
    the keyboard). `card` and `detail` are sealed for the subject, so they need one. Never a
    number, PIN, passcode or code.
    """
    about: dict[str, object] = {**detail}
    if card is not None:
        about |= {"card": card.id, "issuer": card.issuer, "label": card.label, "tail": card.tail}
    await store.audit.append(str(action), subject=subject, actor=actor, detail=about or None)


async def tell(
    parts: Parts,
    person_id: int,
    text: Markup | str,
    buttons: Buttons | None = None,
    *,
    barred_too: bool = False,
) -> bool:
    """Tell somebody at once what happened on their account; False where Telegram would not.

    Then it is only in the log: `/activity` shows it, whatever becomes of the message. Who is shut
    out is told nothing, unless it is that.
    """
    person = await parts.store.people.get(person_id)
    if person is not None and person.barred_at is not None and not barred_too:
        return False
    try:
        await calls.send(parts.bot, person_id, str(text), buttons, pace=ALERT)
    except TelegramError as error:
        log.warning("a notice about an account could not be sent: %s", error.message)
        return False
    return True
