"""A Telegram of its own, on loopback: what the demo runs on, and the only fake in the tests."""

from bot.playground.clock import Clock
from bot.playground.groups import Group
from bot.playground.people import Person
from bot.playground.sight import Button, Seen
from bot.playground.telegram import Telegram
from bot.playground.world import stable_id

__all__ = ["Button", "Clock", "Group", "Person", "Seen", "Telegram", "stable_id"]
