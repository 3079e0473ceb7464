"""Mistakes with plugins: flags, installation."""

from .table import Mistake

TITLE = "With plugins"
INTRODUCTION = "Flags of observers, and plugins that are missing or broken."

ROWS = [
    Mistake(
        "plugin that is not installed",
        "python train.py --s3 bucket",
        "Error: No such option: --s3 (install it with: pip install sacred-s3)",
        in_shell=True,
        environment={"SACRED_PLUGINS__DISABLE": "s3"},
    ),
]
