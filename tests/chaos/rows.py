"""The campaign's table: what was done, what was seen, what was lost."""

from __future__ import annotations

from dataclasses import dataclass

WIDTHS = (10, 44, 58, 62, 30)
HEADS = ("part", "what was done", "what people see", "what is in the log", "lost")


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `lost` says what was lost, doubled or broken; nothing, if it is empty."""

    part: str
    done: str
    sees: str
    log: str = ""
    lost: str = ""


def table(rows: list[Row]) -> str:
    """Write the rows under each other, each cell on as many lines as it takes."""
    lines = [_line(HEADS), _line(tuple("-" * width for width in WIDTHS))]
    for row in rows:
        cells = (row.part, row.done, row.sees, row.log or "nothing", row.lost or "nothing")
        folded = [_folded(cell, width) for cell, width in zip(cells, WIDTHS, strict=True)]
        height = max(len(cell) for cell in folded)
        lines += [
            _line(tuple(cell[at] if at < len(cell) else "" for cell in folded))
            for at in range(height)
        ]
    return "\n".join(lines)


def _line(cells: tuple[str, ...]) -> str:
    padded = [f"{cell:{width}}" for cell, width in zip(cells, WIDTHS, strict=True)]
    return " | ".join(padded).rstrip()


def _folded(text: str, width: int) -> list[str]:
    lines = [""]
    for word in " ".join(text.split()).split(" "):
        piece = word
        if lines[-1] and len(lines[-1]) + 1 + len(piece) > width:
            lines.append("")
        while len(piece) > width:
            lines[-1], piece = piece[:width], piece[width:]
            lines.append("")
        lines[-1] = f"{lines[-1]} {piece}".strip()
    return lines
