"""Options of a script's command line that are defined as classes, as Sacred 0.7 documented it.

`sacred_core.cli_option` is the simpler way: it belongs to one experiment, a class to all of them.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any, ClassVar

from sacred_core.hooks.records import CLIOption


class CommandLineOption:
    """Base of options: a subclass is an option of every experiment of the process.

    The name of the class gives the long flag: ``MyLevelOption`` is ``--my_level``. Its docstring
    is the help.

    Attributes:
        short_flag: One letter; by default the first one of the long flag, if it is free.
        arg: What the help calls the argument; None for a flag without one.
        arg_description: What the argument is, for the help.

    Example:
        ```python
        class LevelOption(CommandLineOption):
            \"\"\"Set the level.\"\"\"

            short_flag = "L"
            arg = "LEVEL"
            arg_description = "from 1 to 3"

            @classmethod
            def apply(cls, args, run):
                run.info["level"] = int(args)
        ```
    """

    short_flag: ClassVar[str | None] = None
    arg: ClassVar[str | None] = None
    arg_description: ClassVar[str | None] = None

    @classmethod
    def get_flag(cls) -> str:
        """Return the long flag, with its dashes."""
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__).lower()
        return f"--{name.removesuffix('_option')}"

    @classmethod
    def get_short_flag(cls) -> str:
        """Return the short flag, with its dash."""
        return f"-{cls.short_flag or cls.get_flag()[2]}"

    @classmethod
    def get_flags(cls) -> tuple[str, str]:
        """Return the short and the long flag."""
        return cls.get_short_flag(), cls.get_flag()

    @classmethod
    def apply(cls, args: Any, run: Any) -> None:
        """Change ``run`` before it starts, where the option is given.

        Args:
            args: The argument, a string; True for an option without one.
            run: The `sacred_core.run.Run`.
        """
        raise NotImplementedError(f"{cls.__name__}.apply must be overridden as a class method")


def options_of_classes(taken: Collection[str]) -> list[CLIOption]:
    """Return the options that subclasses define; of classes with one flag the latest.

    Args:
        taken: Flags of other options, which no class has by default.
    """
    classes = {cls.get_flag(): cls for cls in _subclasses(CommandLineOption)}
    used = set(taken)
    options = []
    for cls in classes.values():
        short, long = cls.get_flags()
        flags = (short, long) if cls.short_flag or short not in used else (long,)
        used.update(flags)
        options.append(
            CLIOption(
                flags,
                cls.apply,
                is_flag=cls.arg is None,
                metavar=cls.arg or "ARG",
                help=_help(cls),
            )
        )
    return options


def _subclasses(base: type[CommandLineOption]) -> Iterator[type[CommandLineOption]]:
    """Yield those that can be applied, bases first."""
    for cls in base.__subclasses__():
        if cls.apply.__func__ is not CommandLineOption.apply.__func__:  # type: ignore[attr-defined]
            yield cls
        yield from _subclasses(cls)


def _help(cls: type[CommandLineOption]) -> str:
    text = " ".join((cls.__doc__ or "").split())
    if cls.arg and cls.arg_description:
        text = f"{text} {cls.arg}: {' '.join(cls.arg_description.split())}".strip()
    return text
