"""The patterns of secrets that plugins add."""

import re
from collections.abc import Iterable, Iterator

import attrs

from sacred_core.masking.spans import Span


@attrs.frozen
class SecretPattern:
    """How a secret looks that is masked in everything that is recorded.

    Attributes:
        pattern: A regular expression. Its group ``secret`` is masked, or the whole match if there
            is none. It is applied to long texts: no part of it may match in several ways.
        contains: A string that every match holds, without regard to case: where it is missing,
            the pattern is not applied.
        flags: Of `re.compile`.

    Raises:
        re.error: ``pattern`` is not a regular expression.
        ValueError: ``contains`` is empty.
    """

    pattern: str
    contains: str = attrs.field()
    flags: int = 0
    _compiled: re.Pattern[str] = attrs.field(init=False, repr=False, eq=False)

    @contains.validator
    def _check_contains(self, attribute: object, value: str) -> None:
        if not value:
            raise ValueError(f"contains of the pattern {self.pattern!r} must not be empty")

    @_compiled.default
    def _compile(self) -> re.Pattern[str]:
        return re.compile(self.pattern, self.flags)

    def spans(self, text: str) -> Iterator[Span]:
        """Yield where the secrets are in ``text``."""
        group = "secret" if "secret" in self._compiled.groupindex else 0
        for match in self._compiled.finditer(text):
            if match[group]:
                yield match.span(group)


_patterns: tuple[SecretPattern, ...] = ()


def use_patterns(patterns: Iterable[SecretPattern]) -> None:
    """Apply these patterns from now on, in place of those of an earlier call."""
    global _patterns
    _patterns = tuple(patterns)


def added_patterns() -> tuple[SecretPattern, ...]:
    """Return the patterns of the installed plugins."""
    return _patterns
