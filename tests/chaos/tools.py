"""What an operator runs beside the bot, and what becomes of it when it is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.process import kill

if TYPE_CHECKING:
    import random

    from tests.chaos.process import Programs, Running


class Tools:
    """Starts rotations and backups, and knows which keys and passphrases they used."""

    def __init__(self, programs: Programs, dice: random.Random) -> None:
        self._programs = programs
        self._dice = dice
        self.secrets = {programs.key}
        self.running: set[str] = set()
        self.rotations = 0
        self.backups = 0

    async def start(self, wanted: str) -> Running | None:
        """Start what is wanted, if it is one of these."""
        return None

    async def end(self, process: Running, wanted: str, *, killed: bool) -> None:
        """Kill it, or let it come to its end."""
        if killed:
            await kill(process)
        await process.wait()
        self.running.discard(wanted)

    async def last_words(self) -> list[str]:
        """Finish what was begun; what is wrong at the end."""
        return []
