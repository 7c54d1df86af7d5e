"""How the tables came to be: Alembic's revisions, run at start, append only.

To add one: change `schema.py`, then write `versions/<number>_<what>.py` after the last one and
make its number `HEAD`. A test compares the outcome with `schema.py` on both databases.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

HEAD: Final = "0004"
_LOCK: Final = 0x6B6162616F  # "kabao", for pg_advisory_xact_lock


def configuration() -> Config:
    """Alembic's configuration, for the revisions beside this file."""
    from alembic.config import Config  # noqa: PLC0415 (a start with nothing to do skips it)

    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def current(connection: Connection) -> str | None:
    """Say which revision the database is at, or None for an empty one."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def upgrade(connection: Connection) -> None:
    """Bring the tables up to `HEAD` inside the connection's transaction."""
    from alembic import command  # noqa: PLC0415 (see above)

    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def migrate(engine: AsyncEngine) -> None:
    """Upgrade in one transaction; of several processes that start at once, one does it."""
    async with engine.begin() as connection:
        if await connection.run_sync(current) == HEAD:
            return
        if engine.dialect.name == "sqlite":
            # A table that is made anew would take what refers to it along; no transaction can
            # switch this, so it comes before.
            await connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            await connection.exec_driver_sql("PRAGMA secure_delete = ON")
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        await connection.run_sync(upgrade)
