"""What a value of each published type looks like, objects within objects included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.playground.published import Field, Published

Check = Callable[[Any], Any]
"""Takes a value, gives it back as the type it should have; raises `Wrong`."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    content: bytes


class Wrong(Exception):  # noqa: N818 - it becomes a Refusal
    """A value that is not of the type asked for; the text completes "can't parse ...: ".

    `inside` is the published type, the innermost, in which it was found.
    """

    def __init__(self, words: str, inside: str | None = None) -> None:
        super().__init__(words)
        self.inside = inside


def _integer(value: object) -> int:
    if type(value) is int:
        return value
    raise Wrong("must be of type Number")


def _float(value: object) -> float:
    if type(value) in {int, float}:
        return value  # type: ignore[return-value]
    raise Wrong("must be of type Number")


def _boolean(value: object) -> bool:
    if type(value) is bool:
        return value
    raise Wrong("must be of type Boolean")


def _string(value: object) -> str:
    if type(value) is str:
        return value
    raise Wrong("must be of type String")


def _file(value: object) -> Upload:
    if type(value) is Upload:
        return value
    raise Wrong("must be a file")


SCALARS: dict[str, Check] = {
    "Integer": _integer,
    "Float": _float,
    "Boolean": _boolean,
    "String": _string,
    "InputFile": _file,
}


def _either(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]

    def check(value: object) -> object:
        first: Wrong | None = None
        for alternative in checks:
            try:
                return alternative(value)
            except Wrong as wrong:
                first = first or wrong
        raise first or Wrong("is of no known type")

    return check


def _array(of: Check) -> Check:
    def check(value: object) -> object:
        if type(value) is not list:
            raise Wrong("must be of type Array")
        return [of(item) for item in value]

    return check


class Types:
    """Checks for every published type, made once; types may contain themselves."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._made: dict[str, Check] = dict(SCALARS)

    def check(self, kinds: Iterable[str]) -> Check:
        """Accept any of the kinds; the first one's complaint is the one that is heard."""
        return _either([self._one(kind) for kind in kinds])

    def _one(self, kind: str) -> Check:
        if kind.startswith("Array of "):
            return _array(self._one(kind.removeprefix("Array of ")))
        if kind not in self._made:
            # A type that contains itself finds the finished check here by the time it is used.
            self._made[kind] = self._later(kind)
            if kind in self._published["unions"]:
                self._made[kind] = self.check(self._published["unions"][kind])
            else:
                self._made[kind] = self._object(kind, self._published["types"][kind])
        return self._made[kind]

    def _later(self, kind: str) -> Check:
        def check(value: object) -> object:
            return self._made[kind](value)

        return check

    def _object(self, kind: str, fields: Mapping[str, Field]) -> Check:
        known = {
            name: (self.check(field["types"]), field.get("value")) for name, field in fields.items()
        }
        required = [name for name, field in fields.items() if field.get("required")]

        def check(value: Any) -> object:
            if type(value) is not dict:
                raise Wrong(f"{kind} must be an Object", kind)
            for name, given in value.items():
                if name not in known:
                    raise Wrong(f'{kind} has no field "{name}"', kind)
                of, only = known[name]
                try:
                    value[name] = of(given)
                except Wrong as wrong:
                    raise Wrong(_within(name, wrong), wrong.inside or kind) from None
                if only is not None and given != only:
                    raise Wrong(f'Field "{name}" of {kind} must be "{only}"', kind)
            for name in required:
                if name not in value:
                    raise Wrong(f'Can\'t find field "{name}"', kind)
            return value

        return check


def _within(name: str, wrong: Wrong) -> str:
    words = str(wrong)
    return f'Field "{name}" {words}' if words.startswith("must be") else words
