"""The project's chores: ``nox -l`` lists them."""

from pathlib import Path

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["tests"]

MEMBERS = sorted(path.parent.as_posix() for path in Path("plugins").glob("*/pyproject.toml"))


def editable(members: list[str]) -> list[str]:
    """Return the pip arguments that install ``members`` in place."""
    return [argument for member in members for argument in ("-e", member)]


@nox.session
def tests(session: nox.Session) -> None:
    """Run every test with all plugins installed."""
    session.install(*editable([".", *MEMBERS]), "pytest>=8")
    session.run("pytest", *session.posargs)
