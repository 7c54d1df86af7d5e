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
START = "2026-12-01T09:00+08:00"
SHOWN = [
    ("README.md", "english", "Ann"),
    ("README.md", "ledger", "Ann"),
    ("README.zh-CN.md", "chinese", "小明"),
    ("README.zh-CN.md", "ledger-chinese", "小明"),
    ("docs/day.md", "day", "Ann"),
    ("docs/day.zh-CN.md", "day-chinese", "小明"),
]
LINK = re.compile(r"(start=sh-)[\w-]+")


def transcript(name: str, who: str) -> str:
    """Play a script in the demo, and leave out the list of cards before it."""
    command = [sys.executable, "-m", "bot", "demo", "--as", who, "--start", START]
    said = (TRANSCRIPTS / f"{name}.txt").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(TRANSCRIPTS / "card.png", folder)
        played = subprocess.run(  # noqa: S603 - our own command
            command,
            input=said,
            capture_output=True,
            text=True,
            check=True,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
    assert played.stderr == ""
    return LINK.sub(r"\1…", played.stdout.partition("\n\n")[2].strip())


@pytest.mark.parametrize(("file", "name", "who"), SHOWN)
def test_the_readme_s_transcript_is_what_the_demo_says(file: str, name: str, who: str) -> None:
    readme = (ROOT / file).read_text(encoding="utf-8")
    shown = readme.partition(f"<!-- transcript: {name} -->")[2].partition("<!-- end -->")[0]
    assert shown.strip("`\n") == transcript(name, who)


def main() -> None:
    """Write the transcripts into both READMEs: `python -m tests.test_readme`."""
    for file, name, who in SHOWN:
        path = ROOT / file
        readme = path.read_text(encoding="utf-8")
        block = f"<!-- transcript: {name} -->\n```\n{transcript(name, who)}\n```\n<!-- end -->"
        before, mark, rest = readme.partition(f"<!-- transcript: {name} -->")
        after = rest.partition("<!-- end -->")[2]
        assert mark
        path.write_text(before + block + after, encoding="utf-8")


if __name__ == "__main__":
    main()
