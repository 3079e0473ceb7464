"""Commands whose exit code 1 is an answer, so that their errors have another one."""

from typing import Any

import click

from sacred_core.script_cli.protocol import FAILURE, USAGE

_ATTRIBUTE = "sacred_exit_code"


class ErrorCodeCommand(click.Command):
    """A command whose errors have the exit code `error_code`."""

    error_code = USAGE

    def invoke(self, ctx: click.Context) -> Any:
        """Invoke the command; an exception gets the exit code."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            setattr(error, _ATTRIBUTE, self.error_code)
            raise


def exit_code_of(error: BaseException) -> int:
    """Return the exit code of ``sacred`` where a command raised ``error``."""
    return int(getattr(error, _ATTRIBUTE, FAILURE))
