"""Warnings of names that remain for scripts that were written for older versions of Sacred."""

import warnings


def warn_of_create(cls: type) -> None:
    """Warn the caller of ``cls.create(...)`` that the class itself is called now."""
    warnings.warn(
        f"{cls.__name__}.create(...) is deprecated: use {cls.__name__}(...)",
        DeprecationWarning,
        stacklevel=3,
    )
