"""What a person had set where their cards come from, taken over here."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import available_timezones

from bot.languages import languages

if TYPE_CHECKING:
    from bot.imports.found import Choices
    from storage import Person, Store

DAY: Final = 24 * 60


def differ(person: Person, choices: Choices) -> bool:
    """Say whether anything would be another than it is here."""
    return any(getattr(person, name) != value for name, value in _good(choices).items())


async def take_over(store: Store, person_id: int, choices: Choices) -> None:
    """Set here what was set there; what makes no sense here is left as it is."""
    if good := _good(choices):
        await store.people.change(person_id, **good)


def _good(choices: Choices) -> dict[str, Any]:
    said = {name: value for name, value in asdict(choices).items() if value is not None}
    good: dict[str, Any] = {}
    if said.get("language") in {one.code for one in languages()}:
        good["language"] = said["language"]
    if said.get("timezone") in available_timezones():
        good["timezone"] = said["timezone"]
    hours = {name: said.get(name) for name in ("quiet_from", "quiet_to")}
    if all(isinstance(value, int) and 0 <= value < DAY for value in hours.values()):
        good |= hours
    if re.fullmatch(r"\d{1,3}(,\d{1,3}){0,5}", said.get("lead_days", "")):
        good["lead_days"] = said["lead_days"]
    if said.get("digest") in {"daily", "weekly"}:
        good["digest"] = said["digest"]
    return good
