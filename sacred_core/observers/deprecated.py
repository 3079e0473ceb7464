"""Names that remain for scripts that were written for older versions of Sacred."""

import warnings
from typing import Any, Self


class DeprecatedCreate:
    """Adds `create` to an observer of Sacred's."""

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> Self:
        """Return an observer. Deprecated: call the class with the same arguments."""
        warnings.warn(
            f"{cls.__name__}.create(...) is deprecated: use {cls.__name__}(...)",
            DeprecationWarning,
            stacklevel=2,
        )
        return cls(*args, **kwargs)
