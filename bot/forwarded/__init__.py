"""What an issuer's message to a card's holder says: "您尾号1234的卡消费38.50元，余额161.50元".

Nothing here knows Telegram or the database: text goes in, and what it says comes out. `read`
understands the common forms in Chinese and English; `from_groups` is for an issuer's own pattern.

A text counts if it says all of this, and otherwise says nothing (`None`):

- that money moved (one amount of spent, added or refunded) and either a card's last digits or the
  balance after it; or, with no movement, a balance and either a card's last digits or a card word;
- one such movement and one balance at the most: of two that differ none is picked;
- nothing that means it has not happened, or no issuer wrote it: a code to confirm it, a refusal, a
  bill, "will be"; and nobody speaks of "my card".
"""

from bot.forwarded.numbers import mark_of, whole_numbers
from bot.forwarded.reading import from_groups, read
from bot.forwarded.said import Kind, Said, Sum

__all__ = ["Kind", "Said", "Sum", "from_groups", "mark_of", "read", "whole_numbers"]
