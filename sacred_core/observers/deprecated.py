"""Names that remain for scripts that were written for older versions of Sacred."""

from typing import Any, Self


class DeprecatedCreate:
    """Adds `create` to an observer of Sacred's."""

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> Self:
        """Return an observer. Deprecated: call the class with the same arguments."""
        from sacred_core.deprecation import warn_deprecated

        name = cls.__name__
        warn_deprecated(f"{name}.create(...)", since="0.1", use=f"{name}(...)", is_removed=False)
        return cls(*args, **kwargs)
