"""What an operator runs beside the bot, and what becomes of it when it is killed."""

from __future__ import annotations

import io
import secrets
from typing import TYPE_CHECKING

from storage import MasterKey, WrongKeyError, agefile, open_store
from tests.chaos.process import kill

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from tests.chaos.process import Programs, Running

ROTATION, BACKUP = "key rotation", "backup"


class Tools:
    """Starts rotations and backups, and knows which keys and passphrases they used."""

    def __init__(self, programs: Programs, dice: random.Random) -> None:
        self._programs = programs
        self._dice = dice
        self._file: Path | None = None
        self._count = 0
        self.passphrase = secrets.token_urlsafe(24)
        self.backups_folder = programs.folder / "backups"
        self.backups_folder.mkdir(exist_ok=True)
        self.keys = [programs.key]
        self.running: set[str] = set()
        self.rotations = 0
        self.backups = 0
        self.problems: list[str] = []
        programs.more = {
            "KABAO_BACKUP_PASSPHRASE": self.passphrase,
            "KABAO_BACKUP_DIR": str(self.backups_folder),
            "KABAO_BACKUP_KEEP": "3",
        }

    @property
    def secrets(self) -> set[str]:
        """Every key there was, and the passphrase."""
        return {*self.keys, self.passphrase}

    async def start(self, wanted: str) -> Running | None:
        """Start what is wanted, if it is one of these."""
        if wanted not in {ROTATION, BACKUP}:
            return None
        self.running.add(wanted)
        if wanted == ROTATION:
            return await self._programs.start(*self._rotation())
        self._count += 1
        return await self._programs.start("backup", "--to", str(self._backup()))

    def _rotation(self) -> tuple[str, ...]:
        """Go on with the rotation that was interrupted, or begin one to a new key."""
        if self._file is None:
            self._count += 1
            self._file = self._programs.folder / f"key-{self._count}"
        return ("key", "rotate", "--to", str(self._file))

    def _backup(self) -> Path:
        return self.backups_folder / f"kabao-{self._count}.age"

    async def end(self, process: Running, wanted: str, *, killed: bool) -> None:
        """Kill it, or let it come to its end; what it left behind must be of use."""
        if killed:
            await kill(process)
        status = await process.wait()
        self.running.discard(wanted)
        if wanted == ROTATION and status == 0:
            await self._over()
        elif wanted == BACKUP and self._backup().exists():
            self.backups += 1
        elif status > 0:
            self.problems.append(f"{wanted} ended with {status}")

    async def settle(self) -> None:
        """Before the bot starts: take the new key, if the old one opens the database no more."""
        if self._file is None or not self._file.exists():
            return
        url = f"sqlite:///{self._programs.database}"
        try:
            await (await open_store(url, MasterKey.parse(self._programs.key))).close()
        except WrongKeyError:
            await self._over()

    def _new_key(self) -> str:
        assert self._file is not None
        return self._file.read_text(encoding="ascii").strip()

    async def _over(self) -> None:
        self._programs.key = self._new_key()
        self.keys.insert(0, self._programs.key)
        self._file = None
        self.rotations += 1

    async def last_words(self) -> list[str]:
        """Finish what was begun, verify the database and every backup; what is wrong."""
        await self.settle()
        if self._file is not None:
            if await self._programs.finish(*self._rotation()):
                self.problems.append("the last rotation did not come to its end")
            else:
                await self._over()
        if await self._programs.finish("verify"):
            self.problems.append("the database has faults")
        made = sorted(self.backups_folder.glob("kabao-[0-9]*.age"))
        for backup in made[-2:]:
            if not await self._verifies(backup):
                self.problems.append(f"{backup.name} has faults")
        return self.problems

    async def _verifies(self, backup: Path) -> bool:
        """Verify a backup with the master key of its time, whichever that was."""
        for key in self.keys:
            status = await self._programs.finish(
                "verify", str(backup), more={"KABAO_MASTER_KEY": key}
            )
            if not status:
                return True
        return False

    def decrypted(self) -> list[bytes]:
        """Open every backup, and the keys beside them, for a look at what is in them."""
        opened = []
        for path in sorted(self.backups_folder.glob("*.age")):
            sink = io.BytesIO()
            agefile.read(path, agefile.Unlock(passphrase=self.passphrase), sink)
            opened.append(sink.getvalue())
        return opened
