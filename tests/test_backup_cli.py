"""`kabao backup`, `kabao restore` and `kabao verify`, as an operator meets them."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from bot.backup_settings import weak_passphrase
from storage.backup import KEYS
from storage.deliveries import KeysMessage
from storage.keys_anchor import ANCHOR
from tests.command import kabao
from tests.house import KIOSK, PIN, YUAN, House
from tests.storage.backups import IDENTITY, RECIPIENT

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = "six random words nobody says aloud"


class Desk:
    """Where an operator types: a folder on a machine, with the settings of one bot."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith("KABAO_")}
        self.environment = {**kept, **environment}
        (folder / "identity.txt").write_text(f"# public key: {RECIPIENT}\n{IDENTITY}\n")

    def run(self, *arguments: str, **changed: str) -> tuple[int, str]:
        """Run the command to its end: its status, and all it said."""
        return kabao(arguments, self.folder, {**self.environment, **changed})

    def files(self, folder: str = ".") -> list[str]:
        return sorted(path.name for path in (self.folder / folder).iterdir())


@pytest.fixture
async def desk(house: House, tmp_path: Path) -> Desk:
    """At a bot that runs and has Ann's and Ben's cards."""
    for name, number, pin in (("Ann", YUAN, PIN), ("Ann", KIOSK, None), ("Ben", KIOSK, None)):
        await house.guest(name).binds(number, pin)
    return Desk(tmp_path / "desk", house.environment)


async def test_a_backup_is_restored_into_another_folder_and_a_bot_started_from_it(
    desk: Desk, house: House, tmp_path: Path
) -> None:
    (desk.folder / "out").mkdir()
    status, said = desk.run("backup", "--to", "out", KABAO_BACKUP_RECIPIENT=RECIPIENT)
    assert status == 0, said
    backup, keys, anchor = desk.files("out")
    assert (keys, anchor) == (KEYS, ANCHOR)
    assert f"✓ out/{backup}" in said
    before = (await house.guest("Ann").says("/balance")).text
    await house.stop()
    url = f"sqlite:///{tmp_path}/elsewhere/kabao.db"
    new_desk = Desk(tmp_path / "elsewhere", {**house.environment, "KABAO_DATABASE_URL": url})
    shutil.copy(desk.folder / "out" / keys, new_desk.folder)
    shutil.copy(desk.folder / "out" / backup, new_desk.folder / "moved.age")
    status, said = new_desk.run("restore", "moved.age", "--identity", "identity.txt")
    assert status == 0, said
    assert "people 2, cards 3" in said
    status, said = new_desk.run("backup", "--to", ".", KABAO_BACKUP_RECIPIENT=RECIPIENT)
    assert status == 0, said
    status, said = new_desk.run("verify")
    assert status == 0, said
    assert "people 2" in said
    assert "of 3 cards" in said
    status, said = new_desk.run("audit", "verify")
    assert status == 0, said
    status, said = new_desk.run("restore", "moved.age", "--identity", "identity.txt")
    assert status == 1
    assert "nothing is written over" in said
    house._database_url = url
    await house.start()
    assert (await house.guest("Ann").says("/balance")).text == before


async def test_an_old_backup_opens_nothing_of_who_was_erased_and_says_how_many(
    desk: Desk, house: House
) -> None:
    (desk.folder / "out").mkdir()
    to_out = ("backup", "--to", "out")
    assert desk.run(*to_out, KABAO_BACKUP_RECIPIENT=RECIPIENT)[0] == 0
    (old, *_) = desk.files("out")
    ann = house.guest("Ann")
    await ann.says("/forget")
    await ann.presses("Yes, erase everything")
    (desk.folder / "out" / old).rename(desk.folder / "out" / "kabao-20200101T000000Z.age")
    assert desk.run(*to_out, KABAO_BACKUP_RECIPIENT=RECIPIENT)[0] == 0
    status, said = desk.run(
        *("restore", "out/kabao-20200101T000000Z.age", "--identity", "identity.txt"),
        KABAO_DATABASE_URL="sqlite:///old.db",
    )
    assert status == 0, said
    assert "erased since: people 1, cards 2" in said
    assert "people 1, cards 1" in said
    with closing(sqlite3.connect(desk.folder / "old.db")) as raw:
        assert raw.execute("SELECT count(*) FROM cards").fetchone() == (1,)
        assert raw.execute("SELECT id FROM people").fetchall() == [(house.guest("Ben").id,)]


async def test_a_database_restored_from_an_older_backup_does_not_take_the_keys_of_the_newer(
    desk: Desk, house: House
) -> None:
    (desk.folder / "out").mkdir()
    in_the_chat = KeysMessage(bot=1, message=2)
    await house.kabao.parts.store.deliveries.keep_keys_message(1, in_the_chat)
    made = ("backup", "--to", "out/kabao-20260101T000000Z.age")
    assert desk.run(*made, KABAO_BACKUP_RECIPIENT=RECIPIENT)[0] == 0
    await house.guest("Cho").binds(KIOSK)
    later = ("backup", "--to", "out/kabao-20991231T000000Z.age")
    assert desk.run(*later, KABAO_BACKUP_RECIPIENT=RECIPIENT)[0] == 0
    old = {"KABAO_DATABASE_URL": "sqlite:///old.db", "KABAO_BACKUP_RECIPIENT": RECIPIENT}
    status, said = desk.run("restore", made[2], "--identity", "identity.txt", **old)
    assert status == 0, said
    assert "people 2, cards 3" in said
    assert f"! out/{KEYS} stays as it is: newer backups beside it need it" in said
    with closing(sqlite3.connect(desk.folder / "old.db")) as raw:
        kept = raw.execute("SELECT name FROM meta WHERE name LIKE 'keys message %'").fetchall()
    assert kept == []
    status, said = desk.run("backup", "--to", "out", **old)
    assert status == 1
    assert "another state of the database" in said
    status, said = desk.run(
        *("restore", later[2], "--identity", "identity.txt"),
        KABAO_DATABASE_URL="sqlite:///new.db",
    )
    assert status == 0, said
    assert "people 3, cards 4" in said


async def test_verify_checks_a_file_without_restoring_it(desk: Desk) -> None:
    assert desk.run("backup", "--to", "one.age", KABAO_BACKUP_RECIPIENT=RECIPIENT)[0] == 0
    before = desk.files()
    status, said = desk.run("verify", "one.age", "--identity", "identity.txt")
    assert status == 0, said
    assert "one.age: whole" in said
    assert "people 2" in said
    assert desk.files() == before
    whole = (desk.folder / "one.age").read_bytes()
    (desk.folder / "one.age").write_bytes(whole[:-40])
    status, said = desk.run("verify", "one.age", "--identity", "identity.txt")
    assert (status, len(said.splitlines())) == (1, 1)
    assert "one.age is damaged" in said
    (desk.folder / "one.age").write_bytes(whole)
    (desk.folder / KEYS).unlink()
    status, said = desk.run("verify", "one.age", "--identity", "identity.txt")
    assert status == 1
    assert f"{KEYS} is missing" in said


async def test_verify_of_a_database_that_was_changed_says_what_and_ends_with_one(
    desk: Desk, house: House
) -> None:
    status, said = desk.run("verify")
    assert status == 0, said
    with closing(sqlite3.connect(house.database)) as raw:
        raw.execute("UPDATE cards SET balance_minor = 1")
        raw.execute("UPDATE audit SET action = 'exported' WHERE seq = 2")
        raw.commit()
    status, said = desk.run("verify")
    assert status == 1
    assert "✗ the audit log was tampered with: row 2 was changed" in said
    assert "✗ a balance that no reading found: card " in said
    assert YUAN not in said


async def test_another_master_key_is_named_and_nothing_is_restored(desk: Desk) -> None:
    assert desk.run("backup", "--to", "one.age", KABAO_BACKUP_RECIPIENT=RECIPIENT)[0] == 0
    other = desk.run("key", "new")[1].strip()
    status, said = desk.run(
        *("restore", "one.age", "--identity", "identity.txt"),
        KABAO_MASTER_KEY=other,
        KABAO_DATABASE_URL="sqlite:///new.db",
    )
    assert status == 1
    assert "wrapped by the master key" in said
    assert not [name for name in desk.files() if "new.db" in name]


@pytest.mark.timeout(400)  # age makes a passphrase slow to try, on purpose; here it really does
async def test_a_passphrase_is_asked_for_twice_at_the_terminal_and_never_shown(desk: Desk) -> None:
    arguments = ["-m", "bot", "backup", "--to", "one.age"]
    where: dict[str, Any] = {"cwd": str(desk.folder), "encoding": "utf-8", "timeout": 60}
    where["env"] = desk.environment
    for typed, told in (("password1234", "easily guessed"), (PASSPHRASE, "✓ one.age")):
        child = pexpect.spawn(sys.executable, arguments, **where)
        child.expect("Passphrase for the backup: ")
        child.sendline(typed)
        child.expect("The same once more: ")
        child.sendline(typed)
        child.expect(told)
        child.expect(pexpect.EOF)
        assert typed not in (child.before or "")
    _, kind, _, times = (desk.folder / "one.age").read_bytes().split(b"\n")[1].split()
    assert (kind, int(times) > 10) == (b"scrypt", True)
    (desk.folder / "passphrase").write_text(PASSPHRASE + "\n")
    (desk.folder / "passphrase").chmod(0o600)
    status, said = desk.run("verify", "one.age", KABAO_BACKUP_PASSPHRASE_FILE="passphrase")
    assert status == 0, said
    status, said = desk.run("verify", "one.age", KABAO_BACKUP_PASSPHRASE=PASSPHRASE + "!")
    assert status == 1
    assert "does not open" in said


async def test_what_cannot_be_is_one_line(desk: Desk) -> None:
    (desk.folder / "there.age").write_text("mine")
    for arguments, changed, says in (
        (("backup",), {}, "nobody to ask for a passphrase"),
        (("backup",), {"KABAO_BACKUP_PASSPHRASE": "abc"}, "shorter than 12 characters"),
        (("backup",), {"KABAO_BACKUP_PASSPHRASE": "kabaokabaokabao"}, "easily guessed"),
        (("backup",), {"KABAO_BACKUP_RECIPIENT": "age1nobody"}, "age-keygen"),
        (("backup",), {"KABAO_BACKUP_DIR": "."}, "nothing says for whom"),
        (("backup",), {"KABAO_BACKUP_DIR": "nowhere"}, "no such folder"),
        (("backup", "--to", "there.age"), {"KABAO_BACKUP_RECIPIENT": RECIPIENT}, "there already"),
        (("backup", "--to", "no/x"), {"KABAO_BACKUP_RECIPIENT": RECIPIENT}, "cannot be written"),
        (("backup",), {"KABAO_DATABASE_URL": "sqlite:///none.db"}, "no database yet"),
        (("verify",), {"KABAO_DATABASE_URL": "sqlite:///none.db"}, "no database yet"),
        (("restore", "there.age"), {}, "does not begin as an age file"),
    ):
        given = {"KABAO_BACKUP_RECIPIENT": RECIPIENT} if "DATABASE" in "".join(changed) else {}
        status, said = desk.run(*arguments, **{**given, **changed})
        assert status == 1, said
        assert says in said
        assert len(said.splitlines()) == 1, said
    assert desk.files() == ["identity.txt", "there.age"]


@pytest.mark.skipif(shutil.which("age") is None, reason="this machine has no age")
async def test_anybodys_age_opens_it_with_the_passphrase_too(desk: Desk) -> None:
    status, said = desk.run("backup", "--to", "one.age", KABAO_BACKUP_PASSPHRASE=PASSPHRASE)
    assert status == 0, said
    where: dict[str, Any] = {"cwd": str(desk.folder), "encoding": "utf-8", "timeout": 60}
    child = pexpect.spawn("age", ["-d", "-o", "opened.gz", "one.age"], **where)
    child.expect("passphrase")
    child.sendline(PASSPHRASE)
    child.expect(pexpect.EOF)
    opened = gzip.decompress((desk.folder / "opened.gz").read_bytes())
    assert opened.startswith(b'{"kabao backup":1,')
    assert YUAN.encode() not in opened


@pytest.mark.parametrize("text", ["short", "password1234", "aaaaaaaaaaaaaaaa", "Kabao-changeme"])
def test_a_passphrase_that_is_guessed_is_none(text: str) -> None:
    assert weak_passphrase(text)


@pytest.mark.parametrize("text", [PASSPHRASE, "九个汉字组成的一句口令呀呀", "x7#Kd92mQp!w"])
def test_a_passphrase_that_nobody_guesses_is_taken(text: str) -> None:
    assert weak_passphrase(text) is None
