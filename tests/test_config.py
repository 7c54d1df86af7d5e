"""What an operator sets, and what they are told when it is not right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.config import ConfigError, read, unknown
from storage import MasterKey

if TYPE_CHECKING:
    from pathlib import Path

KEY = MasterKey(bytes(range(32))).text()
ENOUGH = {"KABAO_BOT_TOKEN": "1:token", "KABAO_MASTER_KEY": KEY}


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
    (tmp_path / "key").write_text(f"{KEY}\n")
    (tmp_path / "shop").write_text("sesame\n")
    settings = read(
        {
            "KABAO_BOT_TOKEN": "1:token",
            "KABAO_MASTER_KEY_FILE": str(tmp_path / "key"),
            "KABAO_SECRET_SHOP_TOKEN_FILE": str(tmp_path / "shop"),
        }
    )
    assert settings.master_key.text() == KEY
    assert settings.issuer_secrets == {"SHOP_TOKEN": "sesame"}


def test_a_file_that_cannot_be_read_or_a_secret_given_twice_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="KABAO_BOT_TOKEN_FILE names a file that cannot be read"):
        read({**ENOUGH, "KABAO_BOT_TOKEN": "", "KABAO_BOT_TOKEN_FILE": str(tmp_path / "none")})
    with pytest.raises(ConfigError, match="both set"):
        read({**ENOUGH, "KABAO_BOT_TOKEN_FILE": str(tmp_path / "none")})


def test_admins_are_a_list_and_a_mistyped_name_is_noticed() -> None:
    assert read({**ENOUGH, "KABAO_ADMINS": "1, 22 333"}).admins == {1, 22, 333}
    assert unknown({"KABAO_ADMIN": "1", "KABAO_ADMINS": "1"}) == [
        "KABAO_ADMIN is not a setting, did you mean KABAO_ADMINS?"
    ]


def test_settings_printed_by_accident_hold_no_secret() -> None:
    settings = read({**ENOUGH, "KABAO_SECRET_SHOP": "sesame"})
    for shown in (repr(settings), str(settings)):
        assert KEY not in shown
        assert "1:token" not in shown
        assert "sesame" not in shown
