"""``python -m dreamgen`` is the command."""

from .cli import main

main()
