"""Charts are drawn by the process that is there for it."""

from __future__ import annotations

import orjson
import pytest

from bot.easel import Easel, NotDrawnError
from tests.test_charts import picture

PNG = b"\x89PNG"


async def test_a_chart_is_drawn_and_one_that_cannot_be_is_named() -> None:
    easel = Easel()
    assert (await easel.draw(picture(lines=1))).startswith(PNG)
    process = easel._process
    with pytest.raises(NotDrawnError, match="KeyError"):
        await easel.draw({"lines": orjson.dumps("?").decode()})  # type: ignore[arg-type]
    assert (await easel.draw(picture(lines=2))).startswith(PNG)
    assert easel._process is process
    await easel.stop()
