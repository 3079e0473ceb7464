"""What a run needs of the recording of its output, and the recording of fixed output."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FunctionType

from sacred_core.masking import mask_text
from sacred_core.run.output.filters import Filter
from sacred_core.run.output.streams import Recorder


class OutputCapture:
    """Records nothing: the mode ``no``, and the interface of the others."""

    def __init__(self) -> None:
        self._around: OutputCapture | None = None

    def start(self, around: "OutputCapture | None") -> None:
        """Begin to record. What is recorded goes to the capture ``around`` this one too."""
        self._around = around

    def stop(self) -> None:
        """Restore what `start` changed; the text stays available."""

    @property
    def recorders(self) -> Sequence[Recorder]:
        """What takes the text of this run: its own recording, and those of the runs around it."""
        return self._around.recorders if self._around is not None else []

    @property
    def has_spool(self) -> bool:
        """Whether there is a spool that `keep_in` can move."""
        return False

    def keep_in(self, folder: Path) -> None:
        """Let what is printed lie in ``folder`` until the run ends.

        Raises:
            OSError: it cannot be written there; the recording continues as before.
        """

    def confirm(self) -> None:
        """Note that the observers received what `take` returned last."""

    def text(self) -> str:
        """Return everything that was recorded so far, filtered and with secrets masked."""
        return ""

    def take(self, final: bool) -> Iterator[tuple[str, int]]:
        """Yield what changed since the last call, in pieces of bounded length.

        Args:
            final: Nothing more will come: include what is unfinished.

        Yields:
            A new string and the character of the whole output at which it starts.
        """
        del final
        return iter(())


class FixedOutput(OutputCapture):
    """Records nothing; observers receive ``text`` once. For filters that ignore their input."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = mask_text(text)
        self._is_told = False

    def text(self) -> str:
        """Return the fixed text."""
        return self._text

    def take(self, final: bool) -> Iterator[tuple[str, int]]:
        """Yield the text the first time; see `OutputCapture.take`."""
        del final
        if not self._is_told and self._text:
            self._is_told = True
            yield self._text, 0


def ignores_its_input(output_filter: Filter) -> bool:
    """Tell whether the code of ``output_filter``, as in ``lambda text: "off"``, never reads it."""
    import dis

    if not isinstance(output_filter, FunctionType):
        return False
    code = output_filter.__code__
    if code.co_argcount != 1:
        return False
    name = code.co_varnames[0]
    # An inner function, or a loop over several variables, holds the name in a tuple.
    read = (step.argval for step in dis.get_instructions(code))
    return not any(name == each or (isinstance(each, tuple) and name in each) for each in read)
