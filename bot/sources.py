"""Where a secret comes from: the environment, a file that only its owner reads, or a command."""

from __future__ import annotations

import os
import shlex
import stat
import struct
import subprocess  # nosec B404 # for KABAO_*_COMMAND, run without a shell
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMAND_SECONDS: Final = 30
_LONGEST: Final = 100_000
_ACL: Final = "system.posix_acl_access"
_ACL_USER, _ACL_MASKED, _ACL_OTHERS = 0x02, (0x04, 0x08), 0x20


class SourceError(Exception):
    """A secret cannot be had from where it is said to be: one line without the secret."""


def resolved(
    given: Mapping[str, str], prefix: str, secrets: tuple[str, ...], many: str, command: str
) -> dict[str, str]:
    """Put secrets in the place of the names that say where they are.

    `given` are settings without their `prefix`. Those in `secrets`, and all that begin with
    `many`, may be given as `<NAME>_FILE`; `command` is the one that may be `<NAME>_COMMAND`.
    """
    found: dict[str, str] = {}
    for name, value in given.items():
        target = name.removesuffix("_FILE")
        if name == f"{command}_COMMAND":
            target = command
        if target == name or not (target in secrets or target.startswith(many)):
            found[name] = value
            continue
        for other in (target, f"{target}_FILE"):
            if other != name and other in given:
                raise SourceError(
                    f"{prefix}{other} and {prefix}{name} are both set: keep one of them"
                )
        said = from_command if name.endswith("_COMMAND") else from_file
        found[target] = said(f"{prefix}{name}", value)
    return found


def from_file(name: str, path: str) -> str:
    """Read a secret file; `SourceError` if it cannot be, or others can read it too."""
    try:
        with Path(path).open("rb") as file:
            if readable_by_others(file.fileno()):
                raise SourceError(
                    f"{name} names a file that others can read: run `chmod 600 {shlex.quote(path)}`"
                )
            return file.read(_LONGEST).decode().strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SourceError(f"{name} names a file that cannot be read: {reason}") from None


def from_command(name: str, line: str) -> str:
    """Run a command without a shell and take what it prints; what it says is never repeated."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = []
    if not words:
        raise SourceError(f"{name} is no command line: look at its quotes")
    try:
        done = subprocess.run(  # nosec B603 # noqa: S603 (the operator's own command)
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SourceError(f"{name} did not end within {COMMAND_SECONDS} seconds") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no command"
        raise SourceError(f"{name} cannot be run: {reason}") from None
    if done.returncode:
        raise SourceError(
            f"{name} ended with status {done.returncode}: run it by hand to see what it says"
        )
    with suppress(UnicodeDecodeError):
        if said := done.stdout.decode().strip():
            return said
    raise SourceError(f"{name} printed no text: run it by hand to see what it does")


def readable_by_others(descriptor: int) -> bool:
    """Tell whether an open file can be read by anybody but its owner and us; not on Windows.

    Where a file has an access control list, as systemd's credentials do, the group's bits of its
    mode are the list's mask (acl(5)), so the list itself is read.
    """
    if sys.platform == "win32":
        return False
    mode = os.fstat(descriptor).st_mode
    if not mode & (stat.S_IRWXG | stat.S_IRWXO):
        return False
    try:
        entries = os.getxattr(descriptor, _ACL)[4:]
    except (OSError, AttributeError):
        return True
    for tag, rights, who in struct.iter_unpack("<HHI", entries):
        theirs = tag in _ACL_MASKED or tag == _ACL_OTHERS
        theirs = theirs or (tag == _ACL_USER and who != os.geteuid())
        if theirs and rights:
            return True
    return False
