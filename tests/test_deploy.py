"""The container and the systemd unit give the bot no more than it needs, and it needs no more."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.playground import Telegram
from storage import MasterKey

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
KABAO = Path(sys.executable).with_name("kabao")
NOBODY = 65534
WORST_EXPOSURE = 1.5
"""Of 10; what a service without any protection has is 9.6."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="this machine has no systemd-analyze"
)
needs_namespaces = pytest.mark.skipif(
    os.name != "posix"
    or os.geteuid() != 0
    or not (shutil.which("unshare") and shutil.which("setpriv")),
    reason="only root can take rights away here, with unshare and setpriv of util-linux",
)

# Everything is mounted read-only but /data; then all rights are dropped for good.
JAIL = """
set -eu
data=$1 python=$2; shift 2
mount --make-rprivate /
if [ -n "$python" ]; then  # an interpreter in a home nobody else may enter
    kept=$(mktemp -d); mount --bind "$python" "$kept"
    mount -t tmpfs -o mode=755 tmpfs "/$(echo "$python" | cut -d/ -f2)"
    mkdir -p "$python"; mount --bind "$kept" "$python"
fi
mount --bind "$data" "$data"
cut -d' ' -f2 /proc/self/mounts | while read -r there; do
    [ "$there" = "$data" ] || mount -o remount,bind,ro "$there" 2>/dev/null || true
done
cd "$data"
exec setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \\
    --bounding-set=-all --inh-caps=-all -- "$@"
"""

# PR_SET_MDWE: from now on no memory becomes executable (Linux 6.3), as MemoryDenyWriteExecute has.
NO_NEW_CODE = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder that nobody has for their own."""
    folder = Path(tempfile.mkdtemp(prefix="kabao-data-", dir="/var/tmp"))
    with suppress(PermissionError):
        os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def jailed(data: Path, *command: str) -> list[str]:
    """Make the command that runs another without rights, in a read-only file system."""
    base = Path(sys.base_prefix)
    hidden = any(not folder.stat().st_mode & 0o005 for folder in (base, *base.parents))
    python = str(base) if hidden else ""
    return ["unshare", "--mount", "sh", "-c", JAIL, "jail", str(data), python, *command]


@needs_namespaces
def test_the_jail_is_one(data: Path) -> None:
    tries = f"""
import ctypes, mmap, os, pathlib
assert os.geteuid() == {NOBODY}
if ctypes.CDLL(None).prctl(66, 0, 0, 0, 0) == 1:  # PR_GET_MDWE
    try:
        mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        raise SystemExit("memory became executable")
    except PermissionError:
        pass
for there in ({str(ROOT)!r}, "/tmp", "/var/tmp", "/etc", "/dev/shm", "/root"):
    try:
        pathlib.Path(there, "kabao-was-here").write_text("x")
    except OSError:
        continue
    raise SystemExit(there)
pathlib.Path({str(data)!r}, "here").write_text("x")
"""
    done = subprocess.run(  # noqa: S603
        jailed(data, sys.executable, "-c", NO_NEW_CODE, sys.executable, "-c", tries),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (data / "here").read_text(encoding="utf-8") == "x"


@needs_namespaces
async def test_the_bot_runs_without_rights_and_writes_to_its_data_folder_only(data: Path) -> None:
    async with Telegram() as telegram:
        ann = telegram.person("Ann", "en")
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE": "1",
            "KABAO_BOT_TOKEN": telegram.token,
            "KABAO_BOT_API_URL": telegram.url,
            "KABAO_MASTER_KEY": MasterKey.generate().text(),
            "KABAO_DATABASE_URL": f"sqlite:///{data}/kabao.db",
            "KABAO_ACCESS": "open",
        }
        bot = await asyncio.create_subprocess_exec(
            *jailed(data, sys.executable, "-c", NO_NEW_CODE, str(KABAO), "run"),
            env=environment,
            stderr=asyncio.subprocess.PIPE,
        )
        assert bot.stderr is not None
        try:
            answered = asyncio.ensure_future(telegram.next_call("sendMessage"))
            await ann.says("/start")
            ended = asyncio.ensure_future(bot.wait())
            async with asyncio.timeout(100):
                await asyncio.wait((answered, ended), return_when=asyncio.FIRST_COMPLETED)
            assert not ended.done(), (await bot.stderr.read()).decode()
            answer = await answered
            assert answer["chat_id"] == ann.id
            assert "Kabao" in answer["text"] or "card" in answer["text"]
            bot.send_signal(signal.SIGTERM)
            async with asyncio.timeout(30):
                assert await ended == 0
        finally:
            if bot.returncode is None:
                bot.kill()
                await bot.wait()
    written = {path.name for path in data.rglob("*")}
    assert "kabao.db" in written
    assert written <= {"kabao.db", "kabao.db-wal", "kabao.db-shm"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in data.glob("kabao.db*"))


@needs_namespaces
def test_charts_are_drawn_there_and_the_list_of_fonts_is_made_once(data: Path) -> None:
    draws = """
import asyncio, sys
from bot.easel import Easel
from tests.test_charts import picture
async def main():
    easel = Easel()
    sys.stdout.buffer.write((await easel.draw(picture()))[:4])
    await easel.stop()
asyncio.run(main())
"""
    command = jailed(data, sys.executable, "-c", NO_NEW_CODE, sys.executable, "-c", draws)
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT),
        "HOME": str(data),
    }
    done = subprocess.run(command, capture_output=True, check=False, env=environment)  # noqa: S603
    assert done.stdout == b"\x89PNG", done.stderr.decode()
    assert [path.name[:8] for path in (data / ".cache" / "matplotlib").iterdir()] == ["fontlist"]


def test_home_is_where_files_may_be_kept() -> None:
    service = (DEPLOY / "kabao.service").read_text(encoding="utf-8")
    assert "Environment=HOME=/var/lib/kabao\n" in service
    assert "StateDirectory=kabao\n" in service
    last = [rest for word, rest in instructions() if word == "ENV"][-1]
    assert "HOME=/data" in last.split()


@needs_systemd
def test_systemd_takes_the_unit_and_finds_it_little_exposed(tmp_path: Path) -> None:
    unit = tmp_path / "kabao.service"
    text = (DEPLOY / "kabao.service").read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/kabao/.venv/bin/kabao", str(KABAO)), encoding="utf-8")
    verified = analyze("verify", str(unit))
    assert (verified.returncode, verified.stderr) == (0, "")
    told = analyze("security", "--offline=yes", "--no-pager", "--json=short", str(unit))
    assert len(json.loads(told.stdout)) > 50
    said = analyze("security", "--offline=yes", "--no-pager", str(unit)).stdout
    exposure = re.search(r"Overall exposure level for kabao.service: ([0-9.]+)", said)
    assert exposure is not None
    assert float(exposure[1]) <= WORST_EXPOSURE


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Ask systemd-analyze."""
    return subprocess.run(  # noqa: S603
        ["systemd-analyze", *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )


def instructions() -> list[tuple[str, str]]:
    """Read the Dockerfile: each instruction and what stands behind it, its lines joined."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [
        (word.upper(), rest.strip())
        for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())
    ]


def test_the_container_s_last_stage_runs_as_a_user_without_a_shell() -> None:
    found = instructions()
    known = {"FROM", "ENV", "RUN", "WORKDIR", "COPY", "VOLUME", "USER", "STOPSIGNAL"}
    assert {word for word, _ in found} <= known | {"ENTRYPOINT", "CMD"}
    stages = [at for at, (word, _) in enumerate(found) if word == "FROM"]
    assert len(stages) == 2
    last = dict(found[stages[-1] :])
    user, _, group = last["USER"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert "RUN" not in last
    assert json.loads(last["ENTRYPOINT"]) == ["/opt/kabao/bin/kabao"]
    assert json.loads(last["CMD"]) == ["run"]


def test_the_container_installs_nothing_without_its_hash() -> None:
    installs = [
        step
        for word, rest in instructions()
        if word == "RUN"
        for step in rest.split("&&")
        if "pip install" in step or "pip wheel" in step
    ]
    assert len(installs) == 4
    for step in installs:
        assert "--require-hashes" in step or "--no-deps" in step
    for word, rest in instructions():
        if word == "FROM":
            assert re.match(r"python:3\.\d+\.\d+-slim-[a-z]+( AS build)?$", rest)
        if word == "COPY" and "--from" not in rest:
            assert all((ROOT / source).exists() for source in rest.split()[:-1])


def test_what_builds_the_package_is_pinned_too() -> None:
    text = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    found = re.search(r"^setuptools==.*?^    # via", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    assert "--hash=sha256:" in found[0]
    assert found[0].count("==") == 1


@pytest.mark.parametrize(
    "line",
    [
        'user: "10001:10001"',
        "read_only: true",
        "cap_drop: [ALL]",
        'security_opt: ["no-new-privileges:true"]',
        "noexec,nosuid,nodev",
        "KABAO_BOT_TOKEN_FILE: /run/secrets/bot_token",
        "KABAO_MASTER_KEY_FILE: /run/secrets/master_key",
    ],
)
def test_compose_takes_away_what_the_bot_does_not_need(line: str) -> None:
    assert line in (DEPLOY / "compose.yaml").read_text(encoding="utf-8")


def test_no_secret_gets_into_the_image_or_under_version_control() -> None:
    kept_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert kept_out[0] == "*"
    assert not {"!.env", "!deploy", "!.git"} & set(kept_out)
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".env", "deploy/secrets/"} <= set(ignored)
