"""An observer that sends messages about a run."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sacred_core.events import RunStarted
from sacred_core.loggers import own_logger
from sacred_core.observers import RetryPolicy, RunObserver
from sacred_core.observers.delivering import current_event, interrupt_trace
from sacred_messages.delivery import MessageError, RetryTimes
from sacred_messages.templates import check_template, fill_template

_logger = own_logger(__name__)

_STARTED = "_id command config ex_info experiment host_info meta_info segment start_time".split()
_STOPPED = [*_STARTED, "stop_time", "elapsed_time"]
_BROKEN = [*_STOPPED, "error", "backtrace"]
#: The fields that each text may have.
FIELDS: Mapping[str, list[str]] = {
    "started_text": _STARTED,
    "completed_text": [*_STOPPED, "result"],
    "interrupted_text": [*_BROKEN, "status"],
    "failed_text": _BROKEN,
}


class MessageObserver(RunObserver):
    """Sends a message when a run stops, and optionally when it starts.

    A subclass declares its templates, calls `use_texts` when it is created, and overrides `send`
    and, if necessary, `escape`. An accepted message is not sent again if the event is repeated. If
    a message is not accepted, an error is raised, and the event is retried.

    Attributes:
        limit: Maximum number of characters of a message.
        texts: Names of the attributes that contain templates. An empty one sends no message.
        timeout: Seconds for one attempt.
        start_patience: Seconds for all attempts at the start of a run, which waits for them.
        patience: Seconds for all attempts at the end.
        pause: Seconds between the first two attempts.
        run: The values of fields for the current run, by name; None without a run.
    """

    limit: ClassVar[int]
    texts: ClassVar[tuple[str, ...]] = ("completed_text", "interrupted_text", "failed_text")
    timeout: float = 10.0
    start_patience: float = 5.0
    patience: float = 30.0
    pause: float = 1.0
    retry_policy = RetryPolicy(hands_over=False)
    run: dict[str, Any] | None = None
    completed_text: str | None
    interrupted_text: str | None
    failed_text: str | None
    started_text: str | None

    def send(self, text: str, kind: str, patience: RetryTimes) -> None:
        """Send a message.

        Args:
            text: The message, not empty, and not longer than `limit`.
            kind: The name of its template.
            patience: The time limit for attempts.

        Raises:
            MessageError: the message was not accepted.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement send to send messages")

    def template(self, text: str) -> str:
        """Return what the user wrote as the template that is filled in."""
        return text

    def escape(self, value: str) -> str:
        """Return the text of a value so that it has no meaning in the markup of the chat."""
        return value

    def use_texts(self, usual: Mapping[str, str], *given: str | None) -> None:
        """Set the templates, given in the order of `texts`: those of ``usual`` where None is given.

        Raises:
            TemplateError: one of them has a field that does not exist, or cannot be filled in.
        """
        for name, text in zip(self.texts, given, strict=True):
            setattr(self, name, usual[name] if text is None else text)
        self.check_texts()

    def check_texts(self) -> None:
        """Check the templates.

        Raises:
            TemplateError: one of them has a field that does not exist, or cannot be filled in.
        """
        for name in self.texts:
            if (text := getattr(self, name)) is not None:
                check_template(name, text, FIELDS[name], self.limit)

    def started_event(
        self,
        ex_info: Mapping[str, Any],
        command: str,
        host_info: Mapping[str, Any],
        start_time: datetime,
        config: Mapping[str, Any],
        meta_info: Mapping[str, Any],
        _id: Any,
    ) -> None:
        """Store the values of fields, and send the message for the start, if there is one.

        A start that cannot be sent within `start_patience` is one warning.
        """
        self.check_texts()  # they may have been set since
        event = current_event(RunStarted)
        self.run = {
            "_id": _id,
            "command": command,
            "config": config,
            "ex_info": ex_info,
            "experiment": ex_info,
            "host_info": host_info,
            "meta_info": meta_info,
            "segment": 1 if event is None else event.segment + 1,
            "start_time": start_time,
        }
        if "started_text" in self.texts:
            try:
                self.send_text("started_text", self.run, self.start_patience)
            except MessageError as error:
                _logger.warning(
                    "%s could not send that the run starts: %s. The run continues.",
                    type(self).__name__,
                    error,
                )

    def completed_event(self, stop_time: datetime, result: Any) -> None:
        """Send `completed_text`."""
        self._end("completed_text", stop_time, result=result)

    def interrupted_event(
        self, interrupt_time: datetime, status: str, fail_trace: list[str] | None = None
    ) -> None:
        """Send `interrupted_text`."""
        self._end(
            "interrupted_text", interrupt_time, status=status, **_error(interrupt_trace(fail_trace))
        )

    def failed_event(self, fail_time: datetime, fail_trace: list[str]) -> None:
        """Send `failed_text`."""
        self._end("failed_text", fail_time, **_error(fail_trace))

    def send_text(self, kind: str, values: Mapping[str, Any], patience: float) -> None:
        """Send the message with this template, unless it is empty.

        Raises:
            MessageError: the message was not accepted.
        """
        text = getattr(self, kind)
        if text:
            message = fill_template(self.template(text), values, self.escape, self.limit)
            if message.strip():
                self.send(message, kind, RetryTimes(self.timeout, patience, self.pause))

    def _end(self, kind: str, time: datetime, **more: Any) -> None:
        if self.run is not None:
            seconds = round((time - self.run["start_time"]).total_seconds())
            ended = {"stop_time": time, "elapsed_time": timedelta(seconds=seconds)}
            self.send_text(kind, {**self.run, **ended, **more}, self.patience)
            self.run = None


def _error(trace: list[str]) -> dict[str, str]:
    """Return the trace, and of it the line that names the error."""
    lines = [line.strip(" |+-\n") for line in trace]
    # A message may have several lines: it begins after the last of the stack.
    stack = [number for number, line in enumerate(trace) if line.startswith("  ")]
    after = lines[stack[-1] + 1 :] if stack else lines
    error = next((line for line in after or reversed(lines) if line), "")
    return {"error": error, "backtrace": "".join(trace).rstrip("\n")}
