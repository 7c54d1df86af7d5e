"""Whatever a client can send, made up by dice: texts of every script, files, presses, and more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

LONGEST = 4096
SCRIPTS = (
    (0x20, 0x7E),
    (0xA1, 0x24F),
    (0x370, 0x52F),
    (0x590, 0x6FF),
    (0x900, 0xDFF),
    (0xE00, 0xFFF),
    (0x1100, 0x13FF),
    (0x2000, 0x206F),
    (0x20A0, 0x27BF),
    (0x3041, 0x30FF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFE00, 0xFFFD),
    (0x10000, 0x103FF),
    (0x1D400, 0x1D7FF),
    (0x1F300, 0x1FAFF),
    (0xE0020, 0xE007F),
)
CONTROL = (
    "\0\1\7\b\t\n\v\f\r\x1b\x7f\x85\u200b\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2066\ufeff"
)
MARKUP = (
    *("<b>", "</b>", "<i>", "<a href='http://x.example/?a=1&b=2'>", "</a>", "<script>", "<!--"),
    *("&amp;", "&lt;", "&", "<", ">", '"', "'", "<tg-spoiler>", "<pre><code class='x'>", "]]>"),
    *("{amount}", "{0}", "%s", "%(x)s", "__", "**", "`", "\\", "</code></pre>", "<tg-emoji>"),
)
AMOUNTS = (
    *("38.50", "1,234.50", "1 234", "-5", "0", "0.001", "1e9", "9" * 30, "三十八块五", "一百块"),
    *("200 USD", "5 JPY", "1.5 KWD", "12元", "¥8", "$3", "1,5", "٣٨٫٥", "½", "NaN", "Infinity"),
)
DAYS = (
    "yesterday",
    "昨天",
    "前天",
    "2026-02-30",
    "7-11",
    "31.12.",
    "tomorrow",
    "明天",
    "1970-01-01",
)


class Rubbish:
    """Makes things up. `commands` are the bot's own, without the slash."""

    def __init__(self, dice: random.Random, commands: list[str]) -> None:
        self._dice = dice
        self._commands = commands
        self._texts: tuple[Callable[[str], str], ...] = (
            self._scripts,
            self._scripts,
            self._controls,
            self._markup,
            self._markup,
            self._number,
            self._amount,
            self._amount,
            self._marked,
            self._long,
            lambda _: "/cancel",
        )

    def text(self, mark: str) -> str:
        """Write something; some of it holds the writer's mark."""
        return self._dice.choice(self._texts)(mark)[:LONGEST] or "."

    def command(self, mark: str) -> str:
        """Write a command with anything behind it."""
        name = self._dice.choice(self._commands)
        if self._dice.random() < 0.1:
            name = name.upper()
        if self._dice.random() < 0.1:
            name += self._dice.choice(("@kabao_demo_bot", "@another_bot", "@KABAO_DEMO_BOT"))
        glue = self._dice.choice(("", " ", " ", " ", "\n", "  "))
        behind = self.text(mark) if self._dice.random() < 0.7 else ""
        return f"/{name}{glue}{behind}"[:LONGEST]

    def name(self) -> str:
        """Make up a first name; Telegram allows 64 characters of nearly anything."""
        made = self._dice.choice((self._scripts, self._markup, self._controls))("")
        return "".join(char for char in made if char not in "\0\n\r")[:64].strip() or "<b>&"

    def _scripts(self, _: str) -> str:
        first, last = self._dice.choice(SCRIPTS)
        count = self._dice.choice((1, 2, 5, 12, 40, 200))
        return "".join(chr(self._dice.randint(first, last)) for _ in range(count))

    def _controls(self, mark: str) -> str:
        return "".join(self._dice.choice((*CONTROL, "a", "7", " ", mark)) for _ in range(20))

    def _markup(self, mark: str) -> str:
        return "".join(self._dice.choice((*MARKUP, " ", "x", mark)) for _ in range(12))

    def _number(self, _: str) -> str:
        begin = self._dice.choice(("7700", "6288", "AB-", "", "9900", "0000"))
        digits = "".join(self._dice.choices("0123456789", k=self._dice.choice((4, 8, 12, 30))))
        return self._dice.choice((" ", "-", "")).join((begin, digits[:4], digits[4:]))

    def _amount(self, mark: str) -> str:
        words = [self._dice.choice(AMOUNTS)]
        words += [self._dice.choice(DAYS)] * (self._dice.random() < 0.3)
        words += [self._dice.choice((mark, "麦当劳", "<b>tea</b>", "7-11"))]
        self._dice.shuffle(words)
        return " ".join(words)

    def _marked(self, mark: str) -> str:
        return f"{mark} {self._dice.choice(MARKUP)}"

    def _long(self, mark: str) -> str:
        piece = self._dice.choice((mark, "<b>", "&", "12345678 ", "\u202e", "字", "😀", "a"))
        return (piece * LONGEST)[: self._dice.choice((300, LONGEST // 2, LONGEST))]

    def data(self, buttons: list[str], cards: list[str]) -> str:
        """Make up what a button brings back: anybody's card, any number, any word."""
        pick = self._dice.choice
        words = [pick([*buttons, "nothing", ""])]
        for _ in range(self._dice.randint(0, 4)):
            kinds = (
                pick(cards or ["none"]),
                pick(("0", "1", "2", "50", "-1", "9" * 14, "9" * 15, "9" * 30)),
                pick((*self._commands, "spent", "topup", "all", "en", "zh")),
                pick(("", "\0", "é", "'; DROP", "<b>", "１２", "kiosk")),
            )
            words.append(pick(kinds))
        return ":".join(words).encode()[:54].decode("utf-8", "ignore")

    def attachment(self, who: int) -> dict[str, Any]:
        """Make up a message that is not text."""
        size = self._dice.choice((0, 1, 20 * 1024 * 1024, 20 * 1024 * 1024 + 1, 2**31))
        file = {"file_id": f"F{size}", "file_unique_id": f"U{size}", "file_size": size}
        picture = {**file, "width": 1, "height": 90_000}
        named = {"file_name": self.text("")[:60], "mime_type": self._dice.choice(MIME)}
        place = {"latitude": 90.0, "longitude": -180.0}
        bodies: dict[str, Any] = {
            "photo": [picture],
            "document": {**file, **named},
            "audio": {**file, **named, "duration": 1},
            "voice": {**file, "duration": 9},
            "video": {**picture, **named, "duration": 9},
            "animation": {**picture, **named, "duration": 9},
            "video_note": {**file, "length": 9, "duration": 9},
            "sticker": {**picture, "is_animated": False, "is_video": False, "type": "regular"},
            "contact": self._contact(who),
            "venue": {"location": place, "title": self.text("")[:99], "address": "<b>"},
            "location": place,
            "dice": {"emoji": "🎲", "value": 6},
            "poll": POLL,
            "game": {"title": "g", "description": "d", "photo": [picture]},
        }
        kind = self._dice.choice(sorted(bodies))
        caption = {"caption": self.text("")[:1024]} if self._dice.random() < 0.4 else {}
        return {kind: bodies[kind], **(caption if kind in CAPTIONED else {})}

    def _contact(self, who: int) -> dict[str, Any]:
        phone = f"+86{self._dice.randrange(10**11):011}"
        whose = self._dice.choice((who, who + 1, 0))
        return {"phone_number": phone, "first_name": self.name(), "user_id": whose}


POLL = {
    "id": "1",
    "question": "<b>?",
    "options": [],
    "total_voter_count": 0,
    "type": "quiz",
    "is_closed": False,
    "is_anonymous": True,
    "allows_multiple_answers": False,
    "allows_revoting": False,
    "members_only": False,
}
CAPTIONED = {"photo", "document", "audio", "voice", "video", "animation"}
MIME = ("application/pdf", "text/csv", "image/png", "application/zip", "x/y", "application/json")
