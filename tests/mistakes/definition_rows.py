"""Mistakes in the code of a script that are found when it is started."""

from textwrap import dedent

from .table import TRAIN, Mistake

TITLE = "Definitions in a script"
INTRODUCTION = "Lines that a row changes in the script are shown with the mistake."


def with_end(code: str) -> str:
    """Return the script with ``code`` before its main function."""
    return TRAIN.replace("@ex.automain", f"{dedent(code).strip()}\n\n\n@ex.automain")


ROWS = [
    Mistake(
        "@ex.main that never runs",
        "python train.py",
        "Warning: the experiment 'train' was defined, but not run: use @ex.automain in place of "
        "@ex.main, or call ex.run_commandline() at the end of the file",
        0,
        script=TRAIN.replace("automain", "main"),
        in_shell=True,
    ),
    Mistake(
        "experiment without a main function",
        "python train.py",
        "Error: no command to run: the experiment 'train' has no main function; decorate one with "
        "@ex.main or @ex.automain, or name a command",
        script=TRAIN.partition("@ex.automain")[0] + "ex.run_commandline()\n",
    ),
    Mistake(
        "@ex.run as a decorator",
        "python train.py",
        "Error: train.py:22: @ex.run is not a decorator, it runs the experiment: use @ex.main or "
        "@ex.automain",
        script=TRAIN.replace("automain", "run"),
    ),
    Mistake(
        "required entry that is not set",
        "python train.py -l CRITICAL",
        "Error: required entries have no value:\n  data\nSet them, as in: with data=VALUE",
        script=with_end("""
            from sacred_core import REQUIRED

            ex.add_config(data=REQUIRED)
        """),
    ),
    Mistake(
        "parameter of a scope that is not defined before it",
        "python train.py",
        "Error: the config scope 'second' takes 'nope', which is not defined before it: "
        "available are _log, epochs, layers, lr, name, optimizer, seed",
        script=with_end("""
            @ex.config
            def second(nope):
                b = nope
        """),
    ),
    Mistake(
        "ingredients in a circle",
        "python train.py",
        "Error: circular dependency between ingredients: 'train' -> 'train'",
        script=with_end("ex.ingredients.append(ex)"),
    ),
    Mistake(
        "two ingredients with one path",
        "python train.py",
        "Error: two ingredients have the same path 'data': rename one",
        script=with_end("""
            from sacred_core import Ingredient

            ex.ingredients += [Ingredient("data"), Ingredient("data")]
        """),
    ),
    Mistake(
        "option with a flag that is taken",
        "python train.py",
        "Error: the option '--lucky' of the experiment has the flag '-l', which another option "
        "uses: choose another flag",
        script=with_end("""
            from sacred_core import cli_option

            ex.additional_cli_options.append(cli_option("-l", "--lucky")(lambda args, run: None))
        """),
    ),
    Mistake(
        "option hook that sets an unknown option",
        "python train.py",
        "Error: unknown option '--file_store', did you mean '--file_storage'?",
        script=with_end("""
            @ex.option_hook
            def hook(options):
                options["--file_store"] = "my_runs"
        """),
    ),
    Mistake(
        "value that is not a literal, where literals are required",
        "python train.py with name=cifar",
        "Error: 'name=cifar': 'cifar' is not a Python literal; quote strings: 'name=\"cifar\"'",
        script=with_end("""
            from sacred_core import SETTINGS

            SETTINGS.COMMAND_LINE.STRICT_PARSING = True
        """),
    ),
    Mistake(
        "parameter of the main function without a value",
        "python train.py -u -l CRITICAL",
        "Error: main() is missing a value for 'nope': it was not passed and is not in the "
        "configuration",
        1,
        script=TRAIN.replace("layers):", "layers, nope):"),
    ),
    Mistake(
        "setting with a wrong value",
        "python train.py",
        "Error: SETTINGS.CAPTURE_MODE must be one of 'no', 'sys', 'fd', got 'tape'",
        script=with_end("""
            from sacred_core import SETTINGS

            SETTINGS.CAPTURE_MODE = "tape"
        """),
    ),
    Mistake(
        "unknown entry of an ingredient",
        "python train.py with data.sise=1",
        "Error: unknown config entry 'data.sise': not defined in the configuration and not used by "
        "any captured function: did you mean 'data.size'?",
        script=with_end("""
            from sacred_core import Ingredient

            data = Ingredient("data")
            data.add_config(size=1)
            ex.ingredients.append(data)
        """),
    ),
]
