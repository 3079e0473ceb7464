"""Tests of numbers with their nouns."""

import re
from pathlib import Path

import pytest

from sacred_core.plurals import counted

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (0, "run", "0 runs"), (1, "run", "1 run"), (2, "run", "2 runs"), (-1, "point", "-1 points"),
        (1, "repository", "1 repository"), (2, "repository", "2 repositories"),
        (1.0, "second", "1 second"),
        (0.5, "second", "0.5 seconds"), (2, "day", "2 days"), (2, "batch", "2 batches"),
        (3, "source file", "3 source files"),
    ],
)  # fmt: skip
def test_a_noun_has_the_form_of_its_number(count: float, noun: str, text: str) -> None:
    """One has the singular, all others the plural."""
    assert counted(count, noun) == text


#: A number of a message, and the words after it; the first may be a verb.
_NOUN = re.compile(
    r"""(?:[\w)\]](?<!!r)(?<!__name__)\}|\{[^{}!]*:[^{}]*\}|%d) (?:other |more )?([a-z]+)s\b"""
)
_VERBS = set(
    "i ha wa doe need run take set work exist belong reache name hold require lack implement "
    "import expect give contain define return allow differ matche".split()
)


def test_no_message_has_a_plural_after_any_number() -> None:
    """The noun after a number in a message is one of `counted`, not "runs" or "run(s)"."""
    files = [*(ROOT / "sacred_core").rglob("*.py"), *(ROOT / "plugins").glob("*/src/**/*.py")]
    product = [path for path in files if "testing" not in path.parts]
    assert len(product) > 200
    found = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in product
        for text in path.read_text(encoding="utf-8").splitlines()
        if "(s) " in text or any(word not in _VERBS for word in _NOUN.findall(text))
    ]
    assert not found
