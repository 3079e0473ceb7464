"""What a run asks of the recording of its output."""


class OutputCapture:
    """Records nothing: the mode ``no``, and the interface of the others."""

    def start(self) -> None:
        """Begin to record."""

    def stop(self) -> None:
        """Restore what `start` changed; the text stays available."""

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
        return None
