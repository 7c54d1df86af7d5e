"""The folder of scheduled backups: how they are named, which are there, which go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from storage.backup import KEYS

if TYPE_CHECKING:
    from bot.backup_settings import BackupSettings

_NAMED: Final = re.compile(r"kabao-(\d{8}T\d{6}Z)(?:-(\d{1,6}))?\.age")
_STAMP: Final = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class LastBackup:
    """The newest backup there is."""

    path: Path
    at: datetime
    size: int


def free_name(folder: Path, at: datetime) -> Path:
    """Name a backup of this moment; those of one second are counted, as none takes another's."""
    stamp = at.astimezone(UTC).strftime(_STAMP)
    names = (f"kabao-{stamp}{f'-{n}' if n > 1 else ''}.age" for n in count(1))
    return next(path for name in names if not (path := folder / name).exists())


def kept(folder: Path) -> list[tuple[datetime, Path]]:
    """List the backups of a folder, the oldest first. `OSError` if it cannot be read."""
    named_so = ((_NAMED.fullmatch(path.name), path) for path in folder.iterdir())
    found = [(_moment(match), path) for match, path in named_so if match]
    return sorted((at, path) for at, path in found if at)


def newest(folder: Path, now: datetime) -> tuple[datetime, Path] | None:
    """Find the newest backup of a folder, if there is one. `OSError` if it cannot be read.

    A clock that was ahead has left files of times to come: they say nothing.
    """
    past = [(at, path) for at, path in kept(folder) if at <= now]
    return past[-1] if past else None


def has_newer(folder: Path, file: Path, made: datetime) -> bool:
    """Say whether other backups of a folder are newer than this one. `OSError`."""
    for other in folder.glob("*.age"):
        named_so = _NAMED.fullmatch(other.name)
        at = _moment(named_so) if named_so else None
        newer = at > made if at else other.stat().st_mtime > file.stat().st_mtime
        if newer and other.name != KEYS and not other.samefile(file):
            return True
    return False


def _moment(named_so: re.Match[str]) -> datetime | None:
    """Read when a backup was made; of those of one second, each is a little later."""
    try:
        second = datetime.strptime(named_so[1], _STAMP).replace(tzinfo=UTC)
        return second + int(named_so[2] or 0) * timedelta.resolution
    except ValueError:  # a name like ours, of a 31st of June
        return None


def folder_of(settings: BackupSettings) -> Path:
    """Name the folder that scheduled backups are in."""
    return Path(settings.backup_dir).expanduser()


def last_backup(settings: BackupSettings) -> LastBackup | None:
    """Find the newest scheduled backup; None if there is none, or its folder cannot be read."""
    if not settings.backup_dir:
        return None
    try:
        found = kept(folder_of(settings))
        return (
            LastBackup(found[-1][1], found[-1][0], found[-1][1].stat().st_size) if found else None
        )
    except OSError:
        return None


def retire(folder: Path, keep: int, now: datetime) -> None:
    """Remove all but the newest backups. Other files in the folder are not touched.

    Those that a clock which was ahead has left go first: they would outlast all that come.
    """
    for _, path in sorted(kept(folder), key=lambda one: (one[0] <= now, one))[:-keep]:
        path.unlink(missing_ok=True)
