"""`kabao demo --web` says where its page is, serves it, and ends on Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import sys

import aiohttp


async def test_the_command_says_where_the_page_is_and_ends_on_ctrl_c() -> None:
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--web"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # Whoever runs the tests in the background has Ctrl-C ignored, and it would be inherited.
        preexec_fn=_heed_ctrl_c,
    )
    assert demo.stdout is not None
    said = ""
    while "http://" not in said:
        said = (await asyncio.wait_for(demo.stdout.readline(), 60)).decode()
    address = said[said.index("http://") :].strip()
    async with aiohttp.ClientSession() as http:
        async with http.get(address) as page:
            assert page.status == 200
            assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        async with http.get(address, headers={"Origin": "https://elsewhere.example"}) as page:
            assert page.status == 403
        async with http.get(f"{address}people") as people:
            assert [one["name"] for one in await people.json()] == ["小明"]
    demo.send_signal(signal.SIGINT)
    _, complaints = await asyncio.wait_for(demo.communicate(), 60)
    assert (demo.returncode, complaints) == (0, b"")


def _heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
