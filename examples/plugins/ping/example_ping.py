"""An observer: ``--ping URL`` reports each run to a service that raises an alarm when it stops.

The URL is requested when a run has completed and at its heartbeats, ``URL/start`` when it starts,
and ``URL/fail`` when it fails, as https://healthchecks.io and its open-source server expect it.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from sacred_core import ObserverSpec, RunObserver, hookimpl
from sacred_core.exceptions import UnavailableError, UsageError

#: Seconds until a service that does not answer is away; the request is repeated later.
TIMEOUT = 10.0


class PingObserver(RunObserver):
    """Requests a URL at the events of a run.

    Args:
        url: The address of the check; it identifies the check, so that it is a secret.

    Raises:
        UsageError: it is not an address of HTTP.
    """

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
            raise UsageError("expected an address such as https://hc-ping.com/UUID")
        self._url = url.rstrip("/")

    def started_event(self) -> None:
        """Report the start."""
        self._request("/start")

    def heartbeat_event(self) -> None:
        """Report that the run is alive."""
        self._request("")

    def completed_event(self) -> None:
        """Report success."""
        self._request("")

    def interrupted_event(self, status: str) -> None:
        """Report a run that did not complete."""
        self._request("/fail", status)

    def failed_event(self, fail_trace: Sequence[str]) -> None:
        """Report a failure with the exception."""
        self._request("/fail", fail_trace[-1].strip() if fail_trace else "")

    def _request(self, path: str, message: str = "") -> None:
        """Send a message.

        Raises:
            UnavailableError: the service does not answer; sacred-core repeats the event later.
        """
        from http.client import HTTPException
        from urllib.request import Request, urlopen

        request = Request(f"{self._url}{path}", data=message.encode(errors="replace"))
        try:
            with urlopen(request, timeout=TIMEOUT):
                pass
        except (OSError, HTTPException) as error:
            host = urlsplit(self._url).hostname
            raise UnavailableError(f"no ping was sent to {host}: {error}") from None


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer with its option."""
    yield ObserverSpec(
        PingObserver, flags=["--ping"], metavar="URL", help="report the run to the check URL"
    )
