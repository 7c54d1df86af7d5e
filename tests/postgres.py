"""A PostgreSQL of the test session's own: started in a temporary directory, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SPEED = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=50"


class Postgres:
    """A running server; each database asked of it is a new one."""

    def __init__(self, port: int, restart: Callable[[], None]) -> None:
        self.port = port
        self.restart = restart
        self._made = 0

    def url(self, name: str = "postgres") -> str:
        """Where a database of this server is."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    async def new_database(self) -> str:
        """Make an empty database and give its URL."""
        self._made += 1
        name = f"kabao_{self._made}"
        await self._execute(f"CREATE DATABASE {name}")
        return self.url(name)

    async def drop(self, url: str) -> None:
        """Take a database away: hundreds of them would fill gigabytes."""
        await self._execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def programs() -> Path | None:
    """Find the directory of PostgreSQL's own programs, or None where there is no server."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


@contextmanager
def postgres() -> Iterator[Postgres | None]:
    """Run a server for as long as the block lasts; None where the machine has none."""
    where = programs()
    if where is None:
        yield None
        return
    data = Path(tempfile.mkdtemp(prefix="kabao-postgres-"))
    try:
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(data, "postgres")
        _run(where / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        port = _free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' {_SPEED}"
        log = data / "log"
        _run(where / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
        try:
            yield Postgres(
                port,
                lambda: _run(
                    *(where / "pg_ctl", "-D", data, "-l", log, "-o", options),
                    *("-m", "fast", "-w", "restart"),
                ),
            )
        finally:
            with suppress(subprocess.CalledProcessError):
                _run(where / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _run(*command: Path | str) -> None:
    subprocess.run(  # noqa: S603 (the programs that were found above)
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        user="postgres" if os.geteuid() == 0 else None,
        env={**os.environ, "LC_ALL": "C"},
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
