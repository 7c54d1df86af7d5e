"""Everything of every card as JSON, to be read back by Kabao."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import orjson

from bot.imports.kept import wholes as checking
from bot.imports.own import FILE, VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.imports.found import Choices
    from storage import Whole

__all__ = ["FILE", "written"]


def written(wholes: Sequence[Whole], choices: Choices, made_at: datetime) -> bytes:
    """Write what `bot.imports.own` reads."""
    adapter = checking()
    data = {
        "kabao": VERSION,
        "made_at": made_at,
        "choices": asdict(choices),
        "cards": [adapter.dump_python(whole, mode="json") for whole in wholes],
    }
    return orjson.dumps(data, option=orjson.OPT_INDENT_2)
