"""Everything that sacred-core raises on purpose."""


class SacredError(Exception):
    """A mistake that can be told in a sentence: what happened, the value, what to do.

    On a script's command line it is printed without a traceback.
    """


class SettingError(SacredError, KeyError, AttributeError):
    """An entry of ``SETTINGS`` that does not exist, or a value that it does not take."""

    def __str__(self) -> str:
        return str(self.args[0])


class ObserverSignatureError(SacredError, TypeError):
    """An observer's method requires an argument that its event does not have."""
