"""The house keeps its own rules."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bot import config
from bot.features import TURNS, discover

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "storage").rglob("*.py")])
SPEAKS_TELEGRAM = {
    "bot.activity",
    "bot.app",
    "bot.attached",
    "bot.backup_sending",
    "bot.calls",
    "bot.check",
    "bot.commands",
    "bot.context",
    "bot.covering",
    "bot.delivery",
    "bot.door",
    "bot.errors",
    "bot.group_door",
    "bot.groups",
    "bot.inbox",
    "bot.interrupted",
    "bot.jobs",
    "bot.link_words",
    "bot.listening",
    "bot.menu",
    "bot.messages",
    "bot.operator_notices",
    "bot.pace",
    "bot.sealed",
    "bot.showing",
    "bot.support_chat",
    "bot.tickets",
    "bot.transport",
    "bot.turns",
    "bot.vanishing",
}
LEAVES = ("bot.money", "bot.languages", "bot.issuers", "bot.amounts", "bot.logs", "storage")
NO_NAMES = {"utils", "helpers", "common", "const", "manager", "service", "base"}


def module_of(path: Path) -> str:
    """Name a file as it is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """List what a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({node.module, *(f"{node.module}.{name.name}" for name in node.names)})
    return found


def within(module: str, package: str) -> bool:
    """Tell whether a module is a package or in it."""
    return module == package or module.startswith(f"{package}.")


def may_import(module: str, other: str) -> bool:  # noqa: PLR0911 - one return a rule
    """Say who may import whom; each rule is one sentence of the README's picture."""
    if within(other, "telegram"):
        return module in SPEAKS_TELEGRAM or within(module, "bot.features")
    if within(other, "bot.playground"):
        return within(module, "bot.playground") or module == "bot.cli"
    if within(other, "bot.features"):
        return module in {"bot.app", "bot.door", "bot.group_door"} or same_feature(module, other)
    if other == "bot.app":
        return module in {"bot.cli", "bot.check", "bot.playground.demo"}
    leaf = next((leaf for leaf in LEAVES if within(module, leaf)), None)
    if leaf and within(other, "bot"):
        return (
            other in {"bot", "bot.money", "bot.money.Money"}
            or within(other, leaf)
            or (other.startswith("bot.money."))
        )
    if leaf and within(other, "storage"):
        return within(module, "storage")
    return True


def same_feature(module: str, other: str) -> bool:
    """Tell whether both are of one feature; the features' package itself imports none by name."""
    mine, theirs = module.split(".")[2:3], other.split(".")[2:3]
    return within(module, "bot.features") and (mine == theirs or not theirs[0].islower())


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_a_module_imports_only_what_it_may(path: Path) -> None:
    module = module_of(path)
    assert {other for other in imports_of(path) if not may_import(module, other)} == set()


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_a_module_has_a_telling_name_and_room_to_be_read(path: Path) -> None:
    assert path.stem not in NO_NAMES
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_every_command_is_described_and_comes_once() -> None:
    commands = discover().commands.values()
    assert len(commands) > 10
    for command in commands:
        assert re.fullmatch("[a-z]{1,32}", command.name)
        assert 3 <= len(command.summary) <= 256
    assert len({command.order for command in commands}) == len(commands)


def test_whoever_is_offered_what_others_are_too_has_its_turn() -> None:
    for offered in discover().offered.values():
        names = [listener.__module__.split(".")[2] for listener in offered]
        if len(names) > 1:
            assert names == [name for name in TURNS if name in names]
    found = {name for offered in discover().offered.values() for name in offered}
    assert len(found) > 10


def test_every_button_a_feature_sends_is_answered_by_one() -> None:
    answered = discover().buttons.keys()
    sent = {
        match
        for path in (ROOT / "bot").rglob("*.py")
        for laid_out in (
            r"Button\((?:[^()]|\([^()]*\))*?,\s*f?\"([a-z]+)[:\"]",
            r"lambda \w+: f\"([a-z]+):",  # pages, and cards to choose from
        )
        for match in re.findall(laid_out, path.read_text(encoding="utf-8"))
    }
    assert len(sent) > 15
    assert sent <= answered


def test_every_setting_is_in_the_example_with_its_default() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    given = dict(re.findall(r"^(KABAO_\w+)=(.*)$", text, re.MULTILINE))
    assert sorted(given) == sorted(config.names())
    for name, field in config.Settings.model_fields.items():
        if name not in {"issuer_secrets", "bot_token", "master_key", "admins", "support_chat"}:
            assert given[f"KABAO_{name.upper()}"] == str(field.default), name
