import asyncio, sys, tempfile, shutil
from pathlib import Path
from tests.chaos import telegram_faults
from tests.chaos.rows import table
f = Path("/tmp/chaos-dbg2"); shutil.rmtree(f, ignore_errors=True); f.mkdir()
print(table(asyncio.run(telegram_faults.rows(f, silence=2))))
