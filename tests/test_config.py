"""What an operator sets, and what they are told when it is not right."""

from __future__ import annotations

import os
import shlex
import struct
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from bot import sources
from bot.config import ConfigError, read, read_issuers, unknown
from bot.playground.telegram import TOKEN as PLAYGROUND
from storage import MasterKey

# The same in every process: it stands in the names of tests.
KEY = MasterKey(sha256(b"a story").digest()).text()
TOKEN = "7000000009:AAE3uFjXk0q9sVbWm2ZtR7yLhPdNcGoQi5x"
ENOUGH = {"KABAO_BOT_TOKEN": TOKEN, "KABAO_MASTER_KEY": KEY}


def private(path: Path, text: str) -> str:
    """Write a file that only its owner reads, as a secret has to be kept."""
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def test_a_token_and_a_key_are_enough() -> None:
    settings = read(ENOUGH)
    assert settings.access == "closed"
    assert settings.admins == frozenset()
    assert settings.database_url == "sqlite:///kabao.db"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("KABAO_BOT_TOKEN", "", "is missing: ask @BotFather"),
        ("KABAO_MASTER_KEY", "", "is missing: run `kabao key new`"),
        ("KABAO_MASTER_KEY", KEY[:-1], "run `kabao key new`"),
        ("KABAO_MASTER_KEY", "hunter2", "run `kabao key new`"),
        ("KABAO_ADMINS", "@ming", "Telegram user ids"),
        ("KABAO_ACCESS", "ajar", "closed"),
        ("KABAO_TIMEZONE", "Asia/Shangai", "did you mean Asia/Shanghai?"),
        ("KABAO_LANGUAGE", "de", "one of en, zh"),
        ("KABAO_CURRENCY", "RMB", "ISO 4217"),
        ("KABAO_REFRESH_MINUTES", "often", "whole minutes"),
        ("KABAO_REFRESH_MINUTES", "0", "whole minutes"),
        ("KABAO_TICK_SECONDS", "-1", "seconds"),
        ("KABAO_BOT_API_URL", "telegram", "an address such as"),
        ("KABAO_LOG_LEVEL", "LOUD", "DEBUG, INFO"),
        ("KABAO_ISSUERS_DIR", "/nowhere/issuers", "no such folder"),
        ("KABAO_DATABASE_URL", "mysql://localhost/kabao", "sqlite:///kabao.db or postgresql://"),
        ("KABAO_DATABASE_URL", "postgresql+psycopg://localhost/kabao", "sqlite:///kabao.db or"),
        ("KABAO_DATABASE_URL", "kabao.db", "sqlite:///kabao.db or"),
    ],
)
def test_a_setting_that_is_not_right_is_named_in_one_line_with_its_mend(
    name: str, value: str, says: str
) -> None:
    with pytest.raises(ConfigError) as told:
        read({**ENOUGH, name: value})
    line = str(told.value)
    assert name in line
    assert says in line
    assert "\n" not in line
    assert KEY[:-1] not in line


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///kabao.db",
        "sqlite+aiosqlite:////var/lib/kabao.db",
        "postgres://kabao@localhost/kabao",
        "postgresql://kabao@localhost/kabao",
        "postgresql+asyncpg://kabao@localhost/kabao",
    ],
)
def test_a_database_is_named_with_or_without_its_driver(url: str) -> None:
    assert read({**ENOUGH, "KABAO_DATABASE_URL": url}).database_url == url


def test_the_issuers_folder_may_be_missing_only_where_nobody_chose_it(tmp_path: Path) -> None:
    for folder in ("issuers", str(tmp_path)):
        assert str(read({**ENOUGH, "KABAO_ISSUERS_DIR": folder}).issuers_dir) == folder


def test_a_secret_can_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    settings = read(
        {
            "KABAO_BOT_TOKEN": TOKEN,
            "KABAO_MASTER_KEY_FILE": private(tmp_path / "key", f"{KEY}\n"),
            "KABAO_SECRET_SHOP_TOKEN_FILE": private(tmp_path / "shop", "sesame\n"),
        }
    )
    assert settings.master_key.text() == KEY
    assert settings.issuer_secrets == {"SHOP_TOKEN": "sesame"}


def test_a_file_that_cannot_be_read_or_a_secret_given_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="KABAO_BOT_TOKEN_FILE names a file that cannot be read"):
        read({**ENOUGH, "KABAO_BOT_TOKEN": "", "KABAO_BOT_TOKEN_FILE": str(tmp_path / "none")})
    with pytest.raises(ConfigError, match="both set"):
        read({**ENOUGH, "KABAO_BOT_TOKEN_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o602])
def test_a_file_of_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = Path(private(tmp_path / "the key", KEY))
    path.chmod(mode)
    with pytest.raises(ConfigError) as told:
        read({"KABAO_BOT_TOKEN": TOKEN, "KABAO_MASTER_KEY_FILE": str(path)})
    line = str(told.value)
    assert line.startswith("KABAO_MASTER_KEY_FILE names a file that others can read")
    assert f"chmod 600 '{path}'" in line
    assert KEY not in line
    path.chmod(0o400)
    assert read({"KABAO_BOT_TOKEN": TOKEN, "KABAO_MASTER_KEY_FILE": str(path)})


@pytest.mark.parametrize(
    ("entries", "refused"),
    [
        # As systemd hands a credential to a service's user: root's file, and a list with them.
        ([(0x01, 4, -1), (0x02, 4, "me"), (0x04, 0, -1), (0x10, 4, -1), (0x20, 0, -1)], False),
        ([(0x01, 4, -1), (0x02, 4, "other"), (0x04, 0, -1), (0x10, 4, -1), (0x20, 0, -1)], True),
        ([(0x01, 4, -1), (0x02, 4, "me"), (0x04, 4, -1), (0x10, 4, -1), (0x20, 0, -1)], True),
        ([(0x01, 4, -1), (0x04, 0, -1), (0x08, 4, 50), (0x10, 4, -1), (0x20, 0, -1)], True),
    ],
)
def test_a_list_of_who_may_read_counts_and_not_its_mask(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    entries: list[tuple[int, int, int | str]],
    refused: bool,
) -> None:
    who = {"me": os.geteuid(), "other": os.geteuid() + 1, -1: 0xFFFFFFFF}
    listed = struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, rights, who.get(of, of)) for tag, rights, of in entries
    )
    monkeypatch.setattr(os, "getxattr", lambda *_: listed)
    path = Path(private(tmp_path / "key", KEY))
    path.chmod(0o440)
    with path.open() as file:
        assert sources.readable_by_others(file.fileno()) is refused


def by_command(code: str, **more: str) -> dict[str, str]:
    """Settings whose master key a program prints."""
    line = shlex.join([sys.executable, "-c", code])
    return {"KABAO_BOT_TOKEN": TOKEN, "KABAO_MASTER_KEY_COMMAND": line, **more}


def test_a_command_can_print_the_master_key(tmp_path: Path) -> None:
    given = by_command(f"print({KEY!r})")
    assert read(given).master_key.text() == KEY
    assert unknown(given) == []
    ran = tmp_path / "ran"
    read_issuers(by_command(f"open({str(ran)!r}, 'w')"))
    assert not ran.exists()
    quoted = {**given, "KABAO_MASTER_KEY_COMMAND": "printf %s '; touch x; $(id)'"}
    with pytest.raises(ConfigError, match="begins with"):
        read(quoted)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (f"print({KEY!r}); raise SystemExit(3)", "ended with status 3"),
        (f"import sys; print({KEY!r}, file=sys.stderr)", "printed no text"),
        ("import sys; sys.stdout.buffer.write(b'\\xff')", "printed no text"),
        (f"print({KEY[:-1]!r})", "KABAO_MASTER_KEY is not right"),
        (f"print({KEY!r}, {KEY!r})", "KABAO_MASTER_KEY is not right"),
    ],
)
def test_a_command_that_gives_no_key_is_told_without_what_it_printed(code: str, says: str) -> None:
    with pytest.raises(ConfigError) as told:
        read(by_command(code))
    line = str(told.value)
    assert says in line
    assert "\n" not in line
    assert KEY[:-1] not in line


def test_a_command_that_cannot_be_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for line, says in (
        ("/nowhere/kms decrypt", "cannot be run: No such file"),
        ("kms 'decrypt", "is no command line"),
        (" ", "is no command line"),
    ):
        with pytest.raises(ConfigError, match=says):
            read({**by_command(""), "KABAO_MASTER_KEY_COMMAND": line})
    monkeypatch.setattr(sources, "COMMAND_SECONDS", 0.1)
    with pytest.raises(ConfigError, match=r"did not end within 0\.1 seconds"):
        read(by_command("input() if False else __import__('time').sleep(60)"))


def test_a_master_key_comes_from_one_place_only(tmp_path: Path) -> None:
    ways = {
        "KABAO_MASTER_KEY": KEY,
        "KABAO_MASTER_KEY_FILE": private(tmp_path / "key", KEY),
        "KABAO_MASTER_KEY_COMMAND": f"echo {KEY}",
    }
    for left_out in ways:
        two = {name: value for name, value in ways.items() if name != left_out}
        with pytest.raises(ConfigError, match="both set: keep one of them"):
            read({"KABAO_BOT_TOKEN": TOKEN, **two})


@pytest.mark.parametrize(
    "raw",
    [
        bytes(32),
        b"\xff" * 32,
        bytes(range(32)),
        bytes(range(200, 168, -1)),
        bytes(range(0, 224, 7)),
        bytes.fromhex("0123456789abcdef") * 4,
        sha256(b"x").digest()[:16] * 2,
        b"correct horse battery staple!!!!",
        b"0123456789abcdef0123456789ABCDEF",
    ],
)
def test_a_master_key_that_could_be_guessed_is_refused(raw: bytes) -> None:
    key = MasterKey(raw).text()
    with pytest.raises(ConfigError) as told:
        read({**ENOUGH, "KABAO_MASTER_KEY": key})
    assert "KABAO_MASTER_KEY is not right (it is not random" in str(told.value)
    assert key not in str(told.value)


def test_a_fresh_master_key_is_never_taken_for_one_that_could_be_guessed() -> None:
    assert not any(MasterKey.generate().guessable for _ in range(10_000))


@pytest.mark.parametrize(
    "token",
    [
        "1:token",
        "your-token-here",
        "123456789:AA",
        "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11",
        "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        "123456789:YOUR_BOT_TOKEN_FROM_BOTFATHER_HERE1",
        "123456789:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        PLAYGROUND,
    ],
)
def test_a_token_that_is_an_example_is_refused(token: str) -> None:
    with pytest.raises(ConfigError) as told:
        read({**ENOUGH, "KABAO_BOT_TOKEN": token})
    assert "KABAO_BOT_TOKEN is not right" in str(told.value)
    assert "ask @BotFather" in str(told.value)
    assert token not in str(told.value)


def test_the_playground_s_token_is_one_on_this_machine_only() -> None:
    given = {**ENOUGH, "KABAO_BOT_TOKEN": PLAYGROUND}
    for here in ("http://127.0.0.1:8081", "http://localhost:8081", "http://[::1]:8081"):
        assert read({**given, "KABAO_BOT_API_URL": here})
    with pytest.raises(ConfigError, match="it is an example"):
        read({**given, "KABAO_BOT_API_URL": "https://telegram.example.org"})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kabao:kabao@db.example.org/kabao",
        "postgresql://postgres:Postgres@10.0.0.5/kabao",
        "postgres://kabao:changeme@db/kabao",
        "postgresql+asyncpg://cards:cards@db/kabao",
        "postgresql://kabao:@db/kabao",
        "postgresql://kabao:secret@/kabao?host=db",
    ],
)
def test_a_database_whose_password_anybody_would_try_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as told:
        read({**ENOUGH, "KABAO_DATABASE_URL": url})
    assert "its password is one that anybody would try" in str(told.value)
    assert url not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kabao:kabao@localhost/kabao",
        "postgresql://kabao:kabao@127.0.0.1:5433/kabao",
        "postgresql://kabao:kabao@[::1]/kabao",
        "postgresql://kabao:kabao@/kabao?host=/run/postgresql",
        "postgresql://kabao@db/kabao",
        "postgresql://kabao:mXq7-Tn2v_Re@db/kabao",
    ],
)
def test_a_database_on_this_machine_or_with_a_password_of_its_own_is_fine(url: str) -> None:
    assert read({**ENOUGH, "KABAO_DATABASE_URL": url}).database_url == url


def test_admins_are_a_list_and_a_mistyped_name_is_noticed() -> None:
    assert read({**ENOUGH, "KABAO_ADMINS": "1, 22 333"}).admins == {1, 22, 333}
    assert unknown({"KABAO_ADMIN": "1", "KABAO_ADMINS": "1"}) == [
        "KABAO_ADMIN is not a setting, did you mean KABAO_ADMINS?"
    ]


def test_settings_printed_by_accident_hold_no_secret() -> None:
    settings = read({**ENOUGH, "KABAO_SECRET_SHOP": "sesame"})
    for shown in (repr(settings), str(settings)):
        assert KEY not in shown
        assert TOKEN not in shown
        assert "sesame" not in shown
