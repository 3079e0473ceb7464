"""What a run asks of the recording of its output."""


class OutputCapture:
    """Records nothing: the mode ``no``, and the interface of the others."""

    def __init__(self) -> None:
        self._around: OutputCapture | None = None

    def start(self, around: "OutputCapture | None") -> None:
        """Begin to record. What is recorded goes to the capture ``around`` this one too."""
        self._around = around

    def stop(self) -> None:
        """Restore what `start` changed; the text stays available."""

    def record(self, text: str) -> None:
        """Take what was printed in this run or in one inside it."""
        if self._around is not None:
            self._around.record(text)

    def text(self) -> str:
        """Return everything that was recorded so far, filtered and with secrets masked."""
        return ""

    def take(self, final: bool) -> tuple[str, int] | None:
        """Return what changed since the last call, or None.

        Args:
            final: Nothing more will come: hand on also what is unfinished.

        Returns:
            The new text and the character of the whole output from which on it stands.
        """
        del final
        return None
