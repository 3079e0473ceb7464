"""How the events of a run are delivered to an observer."""

import attrs

from sacred_core.exceptions import UnavailableError

#: What observers raise where they cannot be reached: the reason is rarely an event.
OUTAGES: tuple[type[Exception], ...] = (UnavailableError, ConnectionError, TimeoutError)


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How long a run waits for an observer, and when events are retried. Times are in seconds.

    Attributes:
        start_timeout: For the observer to record the start of the run or that it is queued; later
            the run fails.
        wait: How long calls of `Run` methods wait in all, in one run, for events to be recorded.
            Then the run continues, and the events are recorded in the background. 0: it never
            waits, and files are read when their turn comes.
        interval: Between two deliveries of what waits; 0: events are delivered at once.
        retry_interval: Between a failure and the next attempt. With an `interval` of 0, heartbeats
            are attempts too.
        end_timeout: For which events are retried at the end of the run, counted from the last one
            that was recorded.
        call_timeout: That a call which is in progress may take at the end of the run, if that is
            later. A file adds a second for each million bytes.
        temporary: Types of exceptions after which an event is retried at the end of the run.
            Other exceptions are permanent: there, each event is attempted once more.
        hands_over: Write what was not recorded at the end of the run to a folder, from which
            ``sacred runs load`` stores it.
        has_own_thread: Call the observer in a separate thread. False: only in the thread that
            starts the run, without a time limit. Events of other threads, as heartbeats are, wait
            until that thread sends its next event, or ends the run.
    """

    start_timeout: float = 300.0
    wait: float = 5.0
    interval: float = 0.0
    retry_interval: float = 5.0
    end_timeout: float = 25.0
    call_timeout: float = 10.0
    temporary: tuple[type[Exception], ...] = OUTAGES
    hands_over: bool = True
    has_own_thread: bool = True
