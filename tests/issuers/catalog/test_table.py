"""docs/catalog.md tells of every issuer what its file says: secrets, history, unconfirmed facts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.issuers import CATALOG
from bot.issuers.files import read_file
from bot.issuers.format.issuer import HttpDeclaration

TEXT = (Path(__file__).parents[3] / "docs" / "catalog.md").read_text(encoding="utf-8")
DECLARED = {path.stem: read_file(path, {}) for path in sorted(CATALOG.glob("*.toml"))}
ASKED = {slug: file for slug, (file, _) in DECLARED.items() if isinstance(file, HttpDeclaration)}
ROWS = {
    cells[1].strip("` "): [cell.strip() for cell in cells]
    for line in TEXT.splitlines()
    if len(cells := line.strip("|").split("|")) == 6
}
SETTINGS = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (`[A-Z].*) \|$", TEXT, re.MULTILINE))


def listed(slug: str) -> str:
    """Give the section about an issuer."""
    found = re.search(rf"^### `{slug}`\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"docs/catalog.md has no section about {slug}"
    return found[1]


def test_the_table_names_every_issuer_and_no_other() -> None:
    assert ROWS.keys() - {"File", "---"} == ASKED.keys()
    assert set(re.findall(r"^### `(.+)`$", TEXT, re.MULTILINE)) == ASKED.keys()


@pytest.mark.parametrize("slug", ASKED)
def test_a_row_says_what_the_file_says(slug: str) -> None:
    name, _, gives, secrets, history, checked = ROWS[slug]
    file = ASKED[slug]
    assert name == file.name["en"]
    assert re.findall(r"`(\w+)`", secrets) == list(DECLARED[slug][1])
    assert (history == "yes") == (file.history is not None)
    assert ("PIN" in gives) == (len(file.fields) > 1)
    assert re.search(r"a real server|OpenAPI file|SDK|documented answers only", checked)
    told = dict(re.findall(r"`(\w+)` = `([^`]*)`", SETTINGS.get(slug, "")))
    assert told == file.defaults


@pytest.mark.parametrize("slug", ASKED)
def test_what_is_unconfirmed_is_listed_word_for_word(slug: str) -> None:
    file = ASKED[slug]
    section = listed(slug)
    assert f"Facts from: {file.source}." in section
    if file.unconfirmed:
        assert re.findall(r"^- (.+)$", section, re.MULTILINE) == file.unconfirmed
