"""Programs of others that come from npm: installed once, outside of Kabao."""

# ruff: noqa: S603 - what is run here is written here

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.live.ground import cache

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def installed(name: str, *packages: str, then: Callable[[Path], None] | None = None) -> Path:
    """Give a folder with these packages, made and filled once; `then` does what else it takes."""
    home = cache() / name
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        (home / "package.json").write_text("{}")
        npm(home, "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages)
        if then is not None:
            then(home)
        (home / "complete").touch()
    return home


def npm(home: Path, *arguments: str) -> None:
    """Run npm there."""
    program = shutil.which("npm")
    assert program, "npm is not there: install Node.js 18 or newer"
    done = subprocess.run(
        [program, "--silent", *arguments], cwd=home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"npm {arguments[0]}:\n{done.stderr[-3000:]}"
