"""python -m greenroom_cli: the `greenroom` command."""

from greenroom_cli.main import app

app()
