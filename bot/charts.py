"""Pictures of what became of money, to be read on a phone.

The library is loaded when the first picture is drawn, by the process that `bot/easel.py` starts.
"""

# ruff: noqa: PLC0415 - the library takes long to load and is not needed until somebody looks

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from math import floor, log10
from typing import TYPE_CHECKING, Final

import orjson

from bot.lettering import INK, characters, font, shortened, shown, width, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, DPI = 1080, 100
PAPER, FAINT, LINES = "#fbfaf7", "#7a8690", "#e4e2dc"
COLOURS: Final = ("#12806a", "#e08a2c", "#3b6fb6", "#b5485d", "#7d62a8")
ROOM: Final = 5
_TITLE, _HEAD, _TEXT, _SMALL = 36, 28, 25, 21
"""In points: a chat shows the picture a third as wide as it is drawn."""

_PANEL_INCHES, _BAR_INCHES, _ONE_DAY = 4.1, 0.95, 86_400.0
_NARROW, _CROWDED, _NEAR = 24, 6, 3


@dataclass(frozen=True, slots=True)
class Line:
    """A balance over time: steps of an aware moment and an amount, None where it is not known."""

    label: str
    steps: Sequence[tuple[datetime, float | None]]


@dataclass(frozen=True, slots=True)
class Bar:
    """An amount, and how it is written beside the bar."""

    label: str
    amount: float
    written: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn, in words and major units of one currency; an empty part is left out.

    `until` is where lines end; `days` are marked below them, and `amounts` beside them, each with
    its words. It holds nothing else, because it goes to another process.
    """

    title: str
    balances_head: str
    balances: Sequence[Line]
    months_head: str
    months: Sequence[Bar]
    cards_head: str
    cards: Sequence[Bar]
    until: datetime
    days: Sequence[tuple[datetime, str]]
    amounts: Sequence[tuple[float, str]]


def load() -> None:
    """Load the library, before there is anything to draw."""
    from matplotlib import artist

    # What can be set is written into each class's documentation, which is a fifth of the loading.
    artist.kwdoc = _undocumented
    from matplotlib.backends import backend_agg  # noqa: F401
    from matplotlib.figure import Figure  # noqa: F401

    characters()


def _undocumented(artist: object) -> str:
    del artist
    return ""


def unpacked(content: bytes) -> Picture:
    """Read a picture from JSON as orjson writes it."""
    told = orjson.loads(content)
    at = datetime.fromisoformat
    told["balances"] = [
        Line(one["label"], [(at(when), amount) for when, amount in one["steps"]])
        for one in told["balances"]
    ]
    for part in ("months", "cards"):
        told[part] = [Bar(**one) for one in told[part]]
    told["until"] = at(told["until"])
    told["days"] = [(at(day), words) for day, words in told["days"]]
    return Picture(**told)


def drawn(picture: Picture) -> bytes:
    """Draw a picture as PNG, 1080 pixels wide; one at a time, as its fonts' caches want it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas, out = FigureCanvasAgg(figure_of(picture)), io.BytesIO()
    canvas.print_png(out, pil_kwargs={"compress_level": 2})  # type: ignore[no-untyped-call]
    return out.getvalue()


def round_amounts(highest: float, *, whole: bool = False) -> list[float]:
    """Give the round amounts, from zero on and at most five, to mark beside lines that high.

    `whole` is for what is counted, where there are no halves.
    """
    if highest <= 0:
        return [0.0]
    size = 10.0 ** floor(log10(highest))
    steps = [size * n for n in (0.25, 0.5, 1, 2, 2.5, 5) if highest / (size * n) < ROOM]
    step = next((one for one in steps if not whole or one % 1 == 0), 1.0)
    return [round(n * step, 10) for n in range(int(highest / step) + 1)]


def figure_of(picture: Picture) -> Figure:
    """Lay a picture out; every text in it is written in the font beside this module."""
    from matplotlib.figure import Figure

    parts: list[tuple[float, float, Callable[[Axes], None]]] = []
    if picture.balances:
        parts.append((_PANEL_INCHES, 0.6 + 0.52 * _rows(picture), lambda a: _balances(a, picture)))
    if picture.months:
        parts.append((_PANEL_INCHES * 0.85, 0.5, lambda axes: _months(axes, picture)))
    if picture.cards:
        tall = 0.5 + _BAR_INCHES * len(picture.cards)
        parts.append((tall, 0.1, lambda axes: _cards(axes, picture)))
    height = 1.1 + sum(0.75 + tall + below for tall, below, _ in parts)
    figure = Figure(figsize=(WIDTH / DPI, height), dpi=DPI, facecolor=PAPER)
    write(figure.text, 0.055, 1 - 0.62 / height, picture.title, size=_TITLE)
    top = height - 1.0
    for tall, below, paint in parts:
        top -= 0.75 + tall
        axes = figure.add_axes((0.055, top / height, 0.89, tall / height))
        axes.set_facecolor(PAPER)
        for side in axes.spines.values():
            side.set_visible(False)
        axes.tick_params(length=0, labelsize=_TEXT, labelcolor=FAINT)
        paint(axes)
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(font(_TEXT))
        top -= below
    return figure


def _rows(picture: Picture) -> int:
    """How many rows the names of the lines take."""
    return -(-len(picture.balances) // _columns(picture)) if len(picture.balances) > 1 else 0


def _columns(picture: Picture) -> int:
    labels = [shown(shortened(line.label)) for line in picture.balances]
    return 2 if all(width(one) <= _NARROW for one in labels) else 1


def _head(axes: Axes, text: str) -> None:
    write(axes.text, 0, 1.04, text, size=_HEAD, transform=axes.transAxes, va="bottom")


def _balances(axes: Axes, picture: Picture) -> None:
    _head(axes, picture.balances_head)
    edge = picture.until.timestamp() / _ONE_DAY
    lowest = highest = 0.0
    for line, colour in zip(picture.balances, COLOURS, strict=False):
        at = [moment.timestamp() / _ONE_DAY for moment, _ in line.steps] + [edge]
        known = [float("nan") if amount is None else amount for _, amount in line.steps]
        known.append(known[-1])
        told = (0.0, *(amount for _, amount in line.steps if amount is not None))
        lowest, highest = min(lowest, *told), max(highest, *told)
        axes.plot(at, known, drawstyle="steps-post", color=colour, lw=4, solid_capstyle="round")
        if len(picture.balances) == 1:
            axes.fill_between(at, known, step="post", color=colour, alpha=0.12, lw=0)
        if known[-1] == known[-1]:  # not a gap
            axes.plot([edge], [known[-1]], "o", ms=11, color=colour, clip_on=False)
    axes.set_ylim(lowest * 1.12, highest * 1.12 or 1)
    axes.grid(axis="y", color=LINES, lw=1.5)
    if lowest:
        axes.axhline(0, color=FAINT, lw=1.5)
    axes.set_axisbelow(True)
    axes.set_yticks([amount for amount, _ in picture.amounts], [w for _, w in picture.amounts])
    axes.tick_params(axis="y", direction="in", pad=-4)
    for label in axes.get_yticklabels():
        label.set(horizontalalignment="left", verticalalignment="bottom")
    days = [(day.timestamp() / _ONE_DAY, words) for day, words in picture.days]
    axes.set_xticks([day for day, _ in days], [shown(words) for _, words in days])
    if len(picture.balances) > 1:
        _legend(axes, picture)


def _legend(axes: Axes, picture: Picture) -> None:
    from matplotlib.lines import Line2D

    keys = [Line2D([], [], color=colour, lw=7) for colour in COLOURS[: len(picture.balances)]]
    axes.legend(
        keys,
        [shown(shortened(line.label)) for line in picture.balances],
        prop=font(_TEXT),
        labelcolor=INK,
        frameon=False,
        loc="upper left",
        bbox_to_anchor=(-0.02, -0.09),
        ncols=_columns(picture),
        handlelength=1.0,
    )


def _months(axes: Axes, picture: Picture) -> None:
    _head(axes, picture.months_head)
    places = range(len(picture.months))
    highest = max(bar.amount for bar in picture.months) or 1.0
    axes.bar(places, [bar.amount for bar in picture.months], width=0.62, color=COLOURS[0])
    axes.set_ylim(0, highest * 1.2)
    axes.set_xlim(-0.6, max(len(picture.months) - 0.4, 2.6))
    axes.set_yticks([])
    last = len(picture.months) - 1
    every = 2 if last >= _CROWDED else 1
    labels = [(place, picture.months[place].label) for place in range(last, -1, -every)]
    axes.set_xticks([place for place, _ in labels], [shown(label) for _, label in labels])
    size = _SMALL if last >= _NEAR else _TEXT
    for place in _written(picture.months):
        bar, up = picture.months[place], picture.months[place].amount + highest * 0.03
        write(axes.text, place, up, bar.written, size=size, ha="center", va="bottom")
    axes.axhline(0, color=LINES, lw=3)


def _written(months: Sequence[Bar]) -> list[int]:
    """Name the bars that have their amount above them: all, or the highest where they crowd."""
    places = [place for place, bar in enumerate(months) if bar.amount]
    if len(months) <= _CROWDED or not places:
        return places
    return [max(places, key=lambda place: months[place].amount)]


def _cards(axes: Axes, picture: Picture) -> None:
    _head(axes, picture.cards_head)
    highest = max(bar.amount for bar in picture.cards) or 1.0
    places = range(len(picture.cards))
    axes.barh(places, [bar.amount for bar in picture.cards], height=0.3, color=COLOURS[0])
    for place, bar in zip(places, picture.cards, strict=True):
        write(axes.text, 0, place - 0.26, shortened(bar.label), size=_TEXT, va="bottom")
        write(axes.text, highest, place - 0.26, bar.written, size=_TEXT, ha="right", va="bottom")
    axes.set_xlim(0, highest)
    axes.set_ylim(len(picture.cards) - 0.6, -0.8)
    axes.set_xticks([])
    axes.set_yticks([])
