"""The text for a value or an exception whose own code raises."""

from sacred_core.exceptions import Terminated

#: What the user and the system raise to stop the process: no code of a value is the cause.
INTERRUPTS = (KeyboardInterrupt, Terminated)

#: Read so, the name is what the class was defined with, whatever a metaclass does.
_name, _qualname = type.__dict__["__name__"], type.__dict__["__qualname__"]


def type_name(value: object) -> str:
    """Return the qualified name of the type of ``value``."""
    name: str = _qualname.__get__(type(value))
    return name


def message_of(error: BaseException) -> str:
    """Return the message of ``error``; an empty string where it raises instead of one."""
    try:
        return str.__str__(str(error))
    except INTERRUPTS:
        raise
    except BaseException:  # noqa: BLE001 - foreign code
        return ""


def reason_of(error: BaseException) -> str:
    """Return the type of ``error`` and its message, if it has one."""
    name, message = _name.__get__(type(error)), message_of(error).strip()
    return f"{name}: {message}" if message else str(name)


def unreadable(value: object, error: BaseException, verb: str = "stored") -> str:
    """Return the string for a value that raised ``error``: its type, and why."""
    return f"<{type_name(value)} that cannot be {verb}: {reason_of(error)}>"
