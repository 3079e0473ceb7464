"""An observer that calls another observer in the background."""

from typing import Any

from sacred_core.observers.forwarding import ForwardingObserver
from sacred_core.observers.retry_policy import RetryPolicy

#: Seconds; a shorter interval would take the time that the user's code needs.
_SHORTEST = 0.01
#: One call at the end may take this multiple of ``join_timeout``: it may be storing a large file.
_LONG_CALL = 10


class QueueObserver(ForwardingObserver):
    """Calls another observer in the background: the run does not wait for it.

    The run waits only for the start, whose return value is the id of the run. Events that are not
    recorded are retried in order. A file that cannot be stored does not delay other events. Files
    are read when they are delivered, so do not change them until then. At the end of the run all
    pending events are delivered at once; one warning lists those that were not recorded.

    Args:
        covered_observer: Any observer; it need not be a `RunObserver`.
        interval: Seconds between two deliveries of pending events.
        retry_interval: Seconds between a failure and the next attempt.
        join_timeout: Seconds for which a failing observer is retried at the end of the run,
            counted from the last event that it recorded. One call may take ten times as long.

    Attributes:
        covered_observer: The observer.
        retry_policy: The policy with these times.

    Raises:
        ObserverSignatureError: a method requires an argument that its event does not have.
    """

    role = "in the queue"

    def __init__(
        self,
        covered_observer: Any,
        interval: float = 20.0,
        retry_interval: float = 10.0,
        join_timeout: float = 60.0,
    ) -> None:
        self.retry_policy = RetryPolicy(
            wait=0.0,
            interval=max(interval, _SHORTEST),
            retry_interval=max(retry_interval, _SHORTEST),
            end_timeout=join_timeout,
            call_timeout=_LONG_CALL * join_timeout,
            temporary=(Exception,),
        )
        super().__init__(covered_observer)
