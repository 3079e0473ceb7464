"""Who may use a board: names of its host, the token, and sessions of browsers."""

import hmac
import ipaddress
import re
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from hashlib import sha256

from sacred_core.exceptions import OptionError, SacredError
from sacred_core.masking import note_secret
from sacred_core.plurals import counted

#: The environment variable with the token, which other users of the machine cannot see.
TOKEN_VARIABLE = "SACRED_BOARD_TOKEN"
#: Characters of a token: a shorter one can be guessed.
SHORTEST_TOKEN = 12
#: Wrong tokens in a minute after which no further ones are compared: of a client, and of all.
MOST_WRONG, MOST_WRONG_OF_ALL = 10, 100
_MINUTE = 60.0
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]\\]+)(?::([0-9]{1,5}))?")


class TooManyAttemptsError(SacredError):
    """A client, or all together, sent too many wrong tokens.

    Cause: Wrong tokens were entered again and again, by a person or by a program.

    Fix: Wait a minute, and enter the token with which ``sacred board`` was started.
    """


class Access:
    """Who may use a board.

    Args:
        host: The host name or address where the board accepts connections.
        token: What users enter to log in; None: nothing, which is for this machine only.

    Raises:
        OptionError: the token is missing or too short.
    """

    def __init__(self, host: str, token: str | None) -> None:
        if token is not None:
            note_secret(token)
        problem = token_problem(host, token)
        if problem:
            raise OptionError(problem)
        self.host = host
        self.attempts = Attempts()
        self._token = token
        self._session = secrets.token_urlsafe(32)
        self._names = frozenset(_host_names(host))

    def __repr__(self) -> str:
        return f"Access({self.host!r})"

    @property
    def needs_token(self) -> bool:
        """Whether users have to log in."""
        return self._token is not None

    def accepts_host(self, header: str) -> bool:
        """Return whether a ``Host`` header names this machine.

        A site whose name resolves to this machine (DNS rebinding) has its own name in the header.
        Any port is accepted: a forwarded connection, as of SSH, has another one.
        """
        found = split_host(header)
        if found is None:
            return False
        if is_loopback(found[0]) or found[0] in self._names:
            return True
        return not is_loopback(self.host) and _address(found[0]) is not None

    def start_session(self, token: str, client: str) -> str | None:
        """Return the value of the cookie of a browser, None if its token is wrong.

        Args:
            token: What the user entered.
            client: The address of the user's machine.

        Raises:
            TooManyAttemptsError: too many wrong ones were entered; this one was not compared.
        """
        return self._session if self.accepts_token(token, client) else None

    def accepts_token(self, token: str, client: str) -> bool:
        """Return whether a token is correct; the arguments and errors are as of `start_session`."""
        self.attempts.require_few(client)
        is_correct = self._token is not None and _is_equal(token, self._token)
        if not is_correct:
            self.attempts.add_wrong(client)
        return is_correct

    def accepts_session(self, cookie: str) -> bool:
        """Return whether a cookie is the one that `start_session` returned."""
        return _is_equal(cookie, self._session)


class Attempts:
    """The wrong tokens of the last minute.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: deque[tuple[float, str]] = deque(maxlen=MOST_WRONG_OF_ALL)

    def add_wrong(self, client: str) -> None:
        """Count a wrong token of a client."""
        self._wrong.append((self._clock(), client))

    def require_few(self, client: str) -> None:
        """Raise an error if the next token of a client must not be compared.

        Raises:
            TooManyAttemptsError: it has to wait.
        """
        start = self._clock() - _MINUTE
        recent = [each for moment, each in self._wrong if moment > start]
        if len(recent) >= MOST_WRONG_OF_ALL or recent.count(client) >= MOST_WRONG:
            raise TooManyAttemptsError("Too many wrong tokens: try again in a minute.")


def token_problem(host: str, token: str | None) -> str:
    """Return why a token is not sufficient for a host, and what to do, or an empty string."""
    if token is None:
        if is_loopback(host):
            return ""
        return (
            f"other machines can connect to {host}, which requires a token: set {TOKEN_VARIABLE}, "
            f"for example to {secrets.token_urlsafe(18)}"
        )
    if len(token) < SHORTEST_TOKEN:
        return (
            f"the token must have at least {counted(SHORTEST_TOKEN, 'character')}, got {len(token)}"
        )
    return ""


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine, for its own programs only."""
    address = _address(host)
    if address is not None:
        return address.is_loopback
    name = host.lower().removesuffix(".")
    return name == "localhost" or name.endswith(".localhost")


def is_wildcard(host: str) -> bool:
    """Return whether a host is all addresses of this machine, as ``0.0.0.0`` is."""
    address = _address(host)
    return address is not None and address.is_unspecified


def split_host(header: str) -> tuple[str, int] | None:
    """Return the name, in lower case, and the port in a ``Host`` header; None if it is invalid."""
    found = _HOST.fullmatch(header)
    if found is None:
        return None
    return found[1].strip("[]").lower().removesuffix("."), int(found[2] or 80)


def _host_names(host: str) -> Iterator[str]:
    """Yield the names by which other machines know this one."""
    yield host.lower().removesuffix(".")
    if is_wildcard(host):
        yield socket.gethostname().lower()
        yield socket.getfqdn().lower()


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_equal(one: str, other: str) -> bool:
    """Return whether strings are equal, in a time that depends on neither."""
    digests = (sha256(each.encode("utf-8", "surrogatepass")).digest() for each in (one, other))
    return hmac.compare_digest(*digests)
