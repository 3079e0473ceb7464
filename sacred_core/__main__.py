"""``python -m sacred_core`` is the command ``sacred``."""

from sacred_core.cli.main import main

main()
