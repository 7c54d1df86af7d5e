"""Which characters the bytes of a text are: by its mark, or by what they cannot be."""

from __future__ import annotations

import re


def decoded(content: bytes) -> str:
    """Decode a text: UTF-8 or UTF-16 by its mark, UTF-8, GB 18030, else Windows' Western."""
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if _in_pairs(content):
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError:
            pass
    return content.decode("cp1252", errors="replace")


def _in_pairs(content: bytes) -> bool:
    """Say whether high bytes come in pairs, as Chinese does; an accented letter stands alone."""
    runs = re.findall(rb"[\x80-\xff]+", content[:65536])
    paired = sum(len(run) for run in runs if len(run) > 1)
    return paired * 2 > sum(map(len, runs))
