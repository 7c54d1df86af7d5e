"""The README shows what really happens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TRANSCRIPTS = Path(__file__).parent / "transcripts"
SHOWN = [
    ("README.md", ["english"], "Ann"),
    ("README.md", ["ledger"], "Ann"),
    ("README.zh-CN.md", ["chinese"], "小明"),
    ("README.zh-CN.md", ["ledger-chinese"], "小明"),
    ("docs/day.md", ["day", "moved"], "Ann"),
    ("docs/day.zh-CN.md", ["day-chinese", "moved-chinese"], "小明"),
]
"""The file, the scripts that are played one after another in one folder, and who plays them."""

STARTS = ("2026-12-01T09:00+08:00", "2026-12-01T18:00+08:00")
LINK = re.compile(r"(start=sh-)[\w-]+")


def transcripts(names: list[str], who: str) -> dict[str, str]:
    """Play scripts, each in a demo of its own, and leave out the list of cards before them."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(TRANSCRIPTS / "card.png", folder)
        played = {name: _played(name, who, STARTS[at], folder) for at, name in enumerate(names)}
    return {
        name: LINK.sub(r"\1…", said.partition("\n\n")[2].strip()) for name, said in played.items()
    }


def _played(name: str, who: str, start: str, folder: str) -> str:
    played = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "bot", "demo", "--as", who, "--start", start],
        input=(TRANSCRIPTS / f"{name}.txt").read_text(encoding="utf-8"),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert played.stderr == ""
    return played.stdout


@pytest.mark.parametrize(("file", "names", "who"), SHOWN)
def test_the_readme_s_transcript_is_what_the_demo_says(
    file: str, names: list[str], who: str
) -> None:
    readme = (ROOT / file).read_text(encoding="utf-8")
    for name, said in transcripts(names, who).items():
        shown = readme.partition(f"<!-- transcript: {name} -->")[2].partition("<!-- end -->")[0]
        assert shown.strip("`\n") == said


def main() -> None:
    """Write the transcripts into both READMEs: `python -m tests.test_readme`."""
    for file, names, who in SHOWN:
        path = ROOT / file
        for name, said in transcripts(names, who).items():
            readme = path.read_text(encoding="utf-8")
            block = f"<!-- transcript: {name} -->\n```\n{said}\n```\n<!-- end -->"
            before, mark, rest = readme.partition(f"<!-- transcript: {name} -->")
            after = rest.partition("<!-- end -->")[2]
            assert mark
            path.write_text(before + block + after, encoding="utf-8")


if __name__ == "__main__":
    main()
