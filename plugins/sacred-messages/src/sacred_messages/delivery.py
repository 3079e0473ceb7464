"""Posts to web services, in bounded time and without a word about secret addresses."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from sacred_core.exceptions import SacredError

#: The thread that asks; what libraries log there would show addresses.
_THREAD = "sacred-message"
#: They log addresses, httpx even without debug logging.
_NOISY_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry", "httpx")
_TRIES = 5
_LATE = "does not answer in time"
#: Characters of an answer that an error shows.
_SHOWN = 200


class MessageError(SacredError, RuntimeError):
    """A message could not be delivered.

    Cause: The service refused the message, for example because the webhook or the chat does not
    exist any more.

    Fix: Correct the address or the permissions that the message names.
    """


class UnansweredError(MessageError):
    """The service did not answer.

    Cause: The network is interrupted, or another program answers, such as a login page.

    Fix: Check the network and the proxy; the message is sent again for a limited time.
    """


@attrs.frozen
class Answer:
    """The answer of a service.

    Attributes:
        status: Of HTTP.
        text: The beginning of the body.
        retry_after: Seconds after which it wants to be asked again, or None.
    """

    status: int
    text: str = ""
    retry_after: float | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the message is delivered."""
        return 200 <= self.status < 300

    @property
    def may_be_retried(self) -> bool:
        """Whether the same message may be accepted later."""
        return self.status == 429 or self.status >= 500


@attrs.frozen
class RetryTimes:
    """The time limit for retries.

    Attributes:
        timeout: Seconds for one try.
        total: Seconds for all tries and the pauses between them.
        pause: Seconds after the first failure; twice as long after each further one.
    """

    timeout: float
    total: float
    pause: float


def deliver(
    service: str, ask: Callable[[float], Answer], patience: RetryTimes, secrets: Sequence[str] = ()
) -> None:
    """Call ``ask(timeout)``, again where that may help, until a message is taken.

    Args:
        service: Who is asked and where, for errors.
        ask: Returns the answer, or raises `UnansweredError`, or `MessageError` where another try
            is useless; called on another thread.
        patience: How long to try.
        secrets: The text of an answer that contains one of them is not shown.

    Raises:
        MessageError: it was refused, or not taken in time.
    """
    end = time.monotonic() + patience.total
    pause = patience.pause
    for tries in range(1, _TRIES + 1):
        outcome = _attempt(ask, min(patience.timeout, end - time.monotonic()))
        if isinstance(outcome, Answer):
            if outcome.is_accepted:
                return
            words = excerpt(outcome.text, secrets)
            reason = f"answers {outcome.status}" + (f": {words}" if words else "")
            may_pass = outcome.may_be_retried
            wait = max(pause, outcome.retry_after or 0.0)
        else:
            reason, wait = str(outcome), pause
            may_pass = isinstance(outcome, UnansweredError)
        if not may_pass or tries == _TRIES or time.monotonic() + wait >= end:
            break
        time.sleep(wait)
        if time.monotonic() >= end:  # the system may wait longer; a timeout is more than 0
            break
        pause *= 2
    raise MessageError(f"{service} {reason}")


def post(url: str, content: Mapping[str, Any], timeout: float, proxy: str | None = None) -> Answer:
    """Post ``content`` as JSON to ``url`` once.

    Args:
        url: Is a secret.
        content: Plain data.
        timeout: Seconds for the whole request: then the connection is closed.
        proxy: The URL of a proxy; else the environment names it.

    Raises:
        UnansweredError: there was no answer.
    """
    from sacred_messages.requesting import Deadline, read_beginning, session_until

    # Redirected, a POST becomes a GET, and a secret path may go to another host.
    options: dict[str, Any] = {"timeout": timeout, "allow_redirects": False, "stream": True}
    options["headers"] = {"Accept-Encoding": "identity"}
    if proxy is not None:
        options["proxies"] = {"http": proxy, "https": proxy}
    deadline = Deadline(timeout)
    try:
        with (
            session_until(deadline) as session,
            session.post(url, json=content, **options) as response,
        ):
            text = read_beginning(response)
            header = response.headers.get("Retry-After", "")
            status = response.status_code
    except Exception as error:  # noqa: BLE001 - its text and its chain contain the address
        reason = _LATE if deadline.is_over else _reason(error)
    else:
        retry_after = float(header) if header.isdecimal() else None
        return Answer(status, text, retry_after)
    raise UnansweredError(reason)


def excerpt(text: str, secrets: Sequence[str]) -> str:
    """Return the beginning of an answer, or nothing if it contains a secret."""
    if any(secret in text for secret in secrets if secret):
        return ""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _attempt(ask: Callable[[float], Answer], timeout: float) -> Answer | MessageError:
    """Ask on a thread, as name resolution and a slow answer have no timeout."""
    found: list[Answer | MessageError] = []

    def work() -> None:
        try:
            found.append(ask(timeout))
        except MessageError as error:
            found.append(error)

    for name in _NOISY_LOGGERS:
        logging.getLogger(name).addFilter(_is_from_another_thread)
    thread = threading.Thread(target=work, name=_THREAD, daemon=True)
    thread.start()
    # A little longer: the library's own timeout closes the connection.
    thread.join(timeout + 0.5)
    return found[0] if found else UnansweredError(_LATE)


def _is_from_another_thread(record: logging.LogRecord) -> bool:
    """Store what libraries log for others; called on the thread that logs."""
    del record
    return threading.current_thread().name != _THREAD


def _reason(error: BaseException) -> str:
    """Return why there is no answer, in words that contain no address."""
    import requests

    if isinstance(error, requests.exceptions.ProxyError):
        return f"cannot be reached through the proxy ({_cause(error)})"
    if isinstance(error, requests.exceptions.Timeout):
        return _LATE
    if isinstance(error, (requests.exceptions.ConnectionError, OSError)):
        return f"cannot be reached ({_cause(error)})"
    return f"cannot be asked ({type(error).__name__})"


def _cause(error: BaseException | None) -> str:
    """Return the message of the operating system or of OpenSSL, or else the type of the error."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        error = error.__cause__ or error.__context__
    for each in reversed(seen):
        text = getattr(each, "verify_message", None) or getattr(each, "strerror", None)
        if text:
            return str(text)
    return type(seen[0]).__name__
