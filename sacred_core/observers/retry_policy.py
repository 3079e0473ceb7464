"""The policy by which events of a run are delivered to an observer."""

import attrs

from sacred_core.exceptions import UnavailableError
from sacred_core.shared_methods import ValueMethods

#: Exceptions that observers raise if their backend cannot be reached.
OUTAGES: tuple[type[Exception], ...] = (UnavailableError, ConnectionError, TimeoutError)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RetryPolicy(ValueMethods):
    """Times of waits for an observer, and of retries of events, in seconds.

    Attributes:
        start_timeout: Maximum time to record that the run starts or is queued; then the run fails.
        wait: Maximum total time in one run for which calls of `Run` methods wait until events are
            recorded. Then events are recorded in the background. 0: calls never wait, and files
            are read when they are delivered.
        interval: Time between two deliveries of pending events; 0: they are delivered at once.
        retry_interval: Time between a failure and the next attempt. With an `interval` of 0,
            heartbeats are attempts too.
        end_timeout: Maximum time for retries at the end of the run, counted from the last event
            that was recorded.
        call_timeout: Maximum time for a call that is in progress at the end of the run, if it ends
            later than `end_timeout`. A file adds a second for each million bytes.
        temporary: Types of exceptions after which events are retried at the end of the run.
            After other exceptions, each event is attempted once more.
        hands_over: Write undelivered events to a folder at the end of the run;
            ``sacred spool flush`` stores them.
        has_own_thread: Call the observer in a separate thread. False: in the thread that starts
            the run, without a time limit. Events of other threads, such as heartbeats, wait until
            that thread sends its next event, or ends the run.
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
