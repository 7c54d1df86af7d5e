"""Kabao (卡包): a card wallet inside a Telegram chat."""
