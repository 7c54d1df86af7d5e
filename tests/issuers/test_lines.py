"""Every key of a TOML file is found on its line, however the file is written."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issuers import CATALOG
from bot.issuers.lines import Keys, line_of, lines_of
from bot.playground.issuer import ISSUERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KNOTTY = (
    "a = 1 # b = 2",  # 1
    '"b.c" = \'x = "y" # no comment\'',
    'c.d."e f" = [1, 2.5,',
    "  # [not.a.table]",
    '  { g = "}", h = [ "]", 1979-05-27 07:32:00 ] },',  # 5
    "]",
    'text = """',
    "[no.table]",
    'no = "key" \\"""',
    'more""""',  # 10
    "raw = '''",
    "[[none]]",
    "'''",
    "",
    "[[ rules ]] # first",  # 15
    "status = 404",
    "  [rules.inner]",
    "  x = true",
    "[[rules.list]]",
    "y = 1",  # 20
    "[[rules.list]]",
    "y = 2",
    "[[rules]]",
    "status = 500",
    '[ "quoted" . bare ]',  # 25
    "at = 12:00:00",
)


def test_a_key_is_found_on_its_line_whatever_stands_around_it() -> None:
    lines = lines_of("\r\n".join(KNOTTY))
    assert lines["a",] == 1
    assert lines["b.c",] == 2
    assert lines["c", "d", "e f", 1] == 3
    assert lines["c", "d", "e f", 2, "h", 1] == 5
    assert lines["text",] == 7
    assert lines["raw",] == 11
    assert (lines["rules", 0], lines["rules", 1]) == (15, 23)
    assert lines["rules", 0, "inner", "x"] == 18
    assert lines["rules", 0, "list", 1, "y"] == 22
    assert lines["rules", 1, "status"] == 24
    assert lines["quoted", "bare", "at"] == 26
    assert "no" not in {keys[-1] for keys in lines}


def test_what_is_not_there_is_at_the_table_around_it() -> None:
    lines = lines_of("\n".join(KNOTTY))
    assert line_of(lines, ("rules", 1, "is")) == 23
    assert line_of(lines, ("name",)) is None


@pytest.mark.parametrize("path", sorted((*CATALOG.glob("*.toml"), *ISSUERS.glob("*.toml"))))
def test_every_value_of_the_issuers_files_has_a_line(path: Path) -> None:
    text = path.read_text()
    assert set(_ways(tomllib.loads(text))) <= lines_of(text).keys()


names = st.text("ab .\"'#[]=", min_size=1, max_size=4)
values = st.recursive(
    st.integers() | st.text("ab\"'\\#[]{}=,\n ", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(names, values, max_size=4), st.sampled_from(["", "\n", " # ]}\n "]))
def test_no_value_hides_another(data: dict[str, Any], gap: str) -> None:
    text = "\n".join(f"{_quoted(key)} = {_toml(value, gap)}" for key, value in data.items())
    assert tomllib.loads(text) == data
    found = lines_of(text)
    assert found.keys() == set(_ways(data))
    line = 1
    for key, value in data.items():
        assert found[key,] == line
        line += 1 + f"{_toml(value, gap)}".count("\n")


def _toml(value: object, gap: str) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_quoted(k)} = {_toml(v, '')}" for k, v in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return "[" + "".join(f"{gap}{_toml(v, gap)}," for v in value) + gap + "]"
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _ways(node: object, keys: Keys = ()) -> Iterator[Keys]:
    if keys:
        yield keys
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _ways(value, (*keys, key))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _ways(value, (*keys, place))
