"""Every promise of docs/security.md has a test of its name, and every test here is promised."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parent.parent / "docs" / "security.md"
PROMISE = re.compile(r"^- \*\*(.+?)\.\*\*", re.MULTILINE | re.DOTALL)


def named(sentence: str) -> str:
    """Name a test as its promise says: the words, joined."""
    words = re.sub(r"[^a-z0-9]+", " ", sentence.lower().replace("'", "")).split()
    return "test_" + "_".join(words)


def test_every_promise_has_a_test_of_its_name() -> None:
    promised = [named(found) for found in PROMISE.findall(DOCUMENT.read_text(encoding="utf-8"))]
    tested = [
        node.name
        for path in HERE.glob("test_*.py")
        if path != Path(__file__)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
    ]
    assert len(promised) > 25
    assert sorted(promised) == sorted(tested)
