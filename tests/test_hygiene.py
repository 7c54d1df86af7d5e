"""Few dependencies, each pinned and for a reason; no secret in any file."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from storage import KeyFormatError, MasterKey
from tests.secret_scan import committed, scan

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNS_ON: list[str] = PROJECT["project"]["dependencies"]
OPTIONAL: list[str] = [
    one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra
]
TESTED_WITH: list[str] = PROJECT["dependency-groups"]["dev"]
MASTER_KEY = re.compile(rb"kabao1\.[A-Za-z0-9_-]{43}\.[0-9a-f]{8}")


def name_of(requirement: str) -> str:
    """Give the name of a requirement as the package index has it."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def table(heading: str) -> dict[str, str]:
    """Read a table of docs/code.md: what stands beside each package."""
    text = (ROOT / "docs" / "code.md").read_text(encoding="utf-8")
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([A-Za-z0-9._-]+) \| (.+) \|$", section, re.MULTILINE)
    return {name_of(name): why for name, why in rows if name != "package"}


@pytest.mark.parametrize(
    ("heading", "declared"),
    [("What it runs on", RUNS_ON), ("What it is tested with", TESTED_WITH)],
)
def test_every_dependency_has_its_reason_in_the_readme_of_the_code(
    heading: str, declared: list[str]
) -> None:
    reasons = table(heading)
    assert sorted(reasons) == sorted(map(name_of, declared))
    assert all(len(why) > 8 for why in reasons.values())


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_with_its_hashes(name: str) -> None:
    text = re.sub(r"\\\n\s+", " ", (ROOT / name).read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert len(lines) > 30
    for line in lines:
        assert re.match(r"[a-z0-9-]+==[^ ]+ ", line), line
        assert "--hash=sha256:" in line, line
    pinned = {line.partition("==")[0] for line in lines}
    declared = {name_of(one) for one in RUNS_ON}
    if name == "requirements-dev.txt":
        declared |= {name_of(one) for one in TESTED_WITH}
    assert declared <= pinned


def test_every_package_that_is_imported_is_declared_and_the_other_way_round() -> None:
    imported = set()
    for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "storage").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    foreign = imported - sys.stdlib_module_names - {"bot", "storage"}
    owners = packages_distributions()
    used = {name_of(owners[module][0]) for module in foreign}
    used -= {"pydantic-core"}  # pydantic's other half, of one version with it
    declared = {name_of(one) for one in RUNS_ON}
    assert used <= declared | {name_of(one) for one in OPTIONAL}
    assert {name_of(one) for one in OPTIONAL} <= used
    assert {name_of(one) for one in OPTIONAL} <= {name_of(one) for one in TESTED_WITH}
    # Data of the standard library's zoneinfo; nothing imports it by name.
    assert declared - used == {"tzdata"}


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("deploy.py", 'aws_key = "AKIA' + 'Z7Q4MB2NVX6RLT3W"\n'),
        ("notes.txt", "the bot is 6123456789:AAH" + "x9f2Kq7vLm3Zp8Rt5Wd1Yb6Nc4Gj0Sh\n"),
        (".env", 'KABAO_SECRET_SHOP_PASSWORD="' + 'vT7-pq2LmX94kz"\n'),
        ("id_rsa", "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIE\n"),
        ("config.py", 'DATABASE = "postgresql://kabao:' + 'r8Kw2pQz@db.example.org/kabao"\n'),
    ],
)
def test_a_planted_secret_is_found(tmp_path: Path, name: str, planted: str) -> None:
    (tmp_path / name).write_text(planted, encoding="utf-8")
    (tmp_path / "plain.py").write_text('GREETING = "Good morning"\n', encoding="utf-8")
    found = scan(tmp_path, [name, "plain.py"])
    assert {Path(place).name for place, _, _ in found} == {name}


def test_no_file_holds_a_master_key_that_opens_anything() -> None:
    for name in committed():
        for found in MASTER_KEY.findall((ROOT / name).read_bytes()):
            with pytest.raises(KeyFormatError):
                MasterKey.parse(found.decode())
