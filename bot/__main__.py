"""`python -m bot` is the `kabao` command."""

from bot.cli import main

main(prog_name="kabao")
