"""Facts about the segments of a run as strings, and the output of one of them."""

from sacred_core.exceptions import UsageError
from sacred_core.plurals import counted
from sacred_core.readable_times import duration_text, time_text
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.segments import is_other_code, without_mark


def segment_lines(run: StoredRun) -> list[str]:
    """Return a line for each segment of a run that was resumed, of another run none.

    It has the number from 1, the start, the duration, the status and the host, and whether the code
    differs from that of the segment before.
    """
    segments = run.segments
    if len(segments) < 2:
        return []
    return [
        f"{number}: {', '.join(segment_facts(run, number - 1))}"
        for number in range(1, len(segments) + 1)
    ]


def segment_facts(run: StoredRun, number: int) -> list[str]:
    """Return what is known about a segment: its start, its duration, its status and its host.

    Args:
        run: The run.
        number: Of the segment, from 0.
    """
    segments = run.segments
    segment = segments[number]
    is_last = number == len(segments) - 1
    took = duration_text(segment.duration)
    host = str(segment.host.get("hostname") or "")
    facts = [
        f"started {time_text(segment.start_time)}" if segment.start_time else "",
        f"took {took}" if took else "",
        run.status if is_last else segment.status,
        f"on {host}" if host else "",
        "other code" if number and is_other_code(segments[number - 1], segment) else "",
    ]
    return [each for each in facts if each]


def segment_output(store: RunStore, run: StoredRun, number: int) -> str:
    """Return the output of one segment of a run, without the line that marks its beginning.

    Args:
        store: Of the run.
        run: The run.
        number: Of the segment, from 0; negative numbers count from the last one.

    Raises:
        UsageError: the run has no such segment.
        DamagedRecordError: the output cannot be read.
    """
    segments = run.segments
    if not -len(segments) <= number < len(segments):
        raise UsageError(
            f"run {str(run.id)!r} has no segment {number + 1 if number >= 0 else number}: it has "
            f"{counted(len(segments), 'segment')}"
        )
    number %= len(segments)
    text = store.output(run.id)[segments[number].output :]
    if number == len(segments) - 1:
        return text
    own = text[: segments[number + 1].output - segments[number].output]
    return without_mark(own, number + 1)
