"""How a run ended, read from a result or an exception whose own code may raise."""

from sacred_core.masking import masked, masked_text
from sacred_core.serialization import INTERRUPTS, plain, unreadable


def result_text(result: object) -> str:
    """Return the text of a result for the log, without secrets.

    Of what has no text, the plain data is shown; where that is a string, the type and the reason.
    """
    shown, secrets = masked(plain(result))
    if secrets:
        return masked_text(repr(shown))
    try:
        return masked_text(str.__str__(repr(result)))
    except INTERRUPTS:
        raise
    except BaseException as error:  # noqa: BLE001 - foreign code
        text = unreadable(result, error, "shown") if isinstance(shown, str) else repr(shown)
        return masked_text(text)


def is_successful_exit(error: BaseException) -> bool:
    """Return whether ``error`` is ``sys.exit()`` or ``sys.exit(0)``."""
    if not isinstance(error, SystemExit):
        return False
    # Another object may have a comparison that raises, as arrays have.
    return error.code is None or (issubclass(type(error.code), int) and int(error.code) == 0)


def interrupt_status(error: BaseException) -> str:
    """Return the status of a run that ``error`` interrupted."""
    try:
        status = getattr(error, "STATUS", None)
        return "INTERRUPTED" if status is None else str(plain(status))
    except INTERRUPTS:
        raise
    except BaseException:  # noqa: BLE001 - an attribute of the user's class
        return "INTERRUPTED"
