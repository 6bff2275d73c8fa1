"""``python -m hub`` is the command `goldenhub`."""

from hub.cli import main

main()
