"""The pictures of events: their way to stores, what they record, and what a kill leaves."""

from sacred_core import SETTINGS
from sacred_core.delivery.backlog import CAPACITY, CAPACITY_BYTES
from sacred_core.observers import RetryPolicy
from sacred_core.stores.model import StoredRun
from tools.svg import Drawing

_POLICY = RetryPolicy()
_BEAT = SETTINGS.DEFAULT_BEAT_INTERVAL
_WIDTH = 760


def draw_delivery() -> str:
    """Return the picture of one event on its way to two stores."""
    drawing = Drawing(_WIDTH, 448, "The way of one event from a call to two stores")
    for left, width, title in (
        (14, 204, "Thread of the command"),
        (230, 148, "Heartbeat thread"),
        (404, 214, "One thread per observer"),
    ):
        drawing.box(left, 40, width, 312)
        drawing.text(left + width / 2, 28, title, "bold", "middle")
    drawing.text(690, 28, "Stores", "bold", "middle")
    _draw_calls(drawing)
    for top in (78, 198):
        _draw_lane(drawing, top)
    drawing.text(416, 68, "FileStorageObserver", "small")
    drawing.text(416, 188, "MongoObserver", "small")
    drawing.lines_box(634, 78, 112, 52, [("my_runs", "code bold"), ("folder", "small")], "green")
    drawing.lines_box(634, 198, 112, 52, [("MongoDB", "bold"), ("server", "small")], "green")
    _draw_failures(drawing)
    return str(drawing)


def _draw_calls(drawing: Drawing) -> None:
    """Draw what the command calls, and how it becomes an event."""
    drawing.lines_box(26, 58, 180, 40, [('log_scalar("loss", 0.5)', "code blue bold")], "blue")
    drawing.arrow([(116, 98), (116, 124)], "blue")
    drawing.lines_box(
        26, 124, 180, 56, ["buffer in memory", ("the call returns at once", "small")], "blue"
    )
    drawing.arrow([(206, 152), (242, 152)], "blue")
    drawing.lines_box(
        242, 110, 124, 84,
        [(f"every {_BEAT:g} s", "bold"), "event 17:", "all new points"], "blue",
    )  # fmt: skip
    drawing.line([(366, 152), (391, 152)], "blue")
    drawing.lines_box(
        26, 264, 180, 60,
        [
            ('add_artifact("model.pt")', "code"),
            (f"waits at most {_POLICY.wait:g} s per run", "small"),
        ],
    )  # fmt: skip
    drawing.line([(206, 294), (391, 294), (391, 224)])
    drawing.text(242, 286, "an event at once", "small")


def _draw_lane(drawing: Drawing, top: int) -> None:
    """Draw the queue of an observer, and the call that stores an event."""
    drawing.arrow([(391, 152), (391, top + 26), (416, top + 26)], "blue")
    drawing.lines_box(416, top + 9, 30, 34, [("17", "code blue bold")], "blue")
    drawing.lines_box(448, top + 9, 30, 34, [("16", "code")])
    drawing.arrow([(478, top + 26), (502, top + 26)])
    drawing.lines_box(502, top + 4, 104, 44, [("the method", "small"), ("for event 15", "small")])
    drawing.arrow([(606, top + 26), (634, top + 26)])


def _draw_failures(drawing: Drawing) -> None:
    """Draw what happens to events that an observer does not record."""
    drawing.arrow([(586, 246), (586, 262), (522, 262), (522, 246)], "orange")
    drawing.text(
        606, 282, f"it fails: again after {_POLICY.retry_interval:g} s,", "small orange", "end"
    )
    drawing.text(606, 298, "the others wait in order", "small orange", "end")
    megabytes = CAPACITY_BYTES // 1024**2
    drawing.text(606, 326, f"queue over {CAPACITY:,} events", "small orange", "end")
    drawing.text(606, 342, f"or {megabytes} MB: on the disk", "small orange", "end")
    drawing.arrow([(431, 241), (431, 378)], "orange dashed")
    drawing.text(26, 392, "At the end of the run, an observer has", "small orange")
    drawing.text(
        26, 408, f"{_POLICY.end_timeout:g} s from the last event that it recorded;", "small orange"
    )
    drawing.text(26, 424, "then the rest is written to a folder.", "small orange")
    drawing.lines_box(
        352, 378, 176, 48, ["undelivered events", ("a folder on this machine", "small")], "orange"
    )
    drawing.arrow([(528, 402), (690, 402), (690, 250)], "green dashed")
    drawing.text(540, 420, "sacred spool flush", "code green")


def draw_spool() -> str:
    """Return the picture of a run that is recorded on this machine first."""
    drawing = Drawing(_WIDTH, 232, "The way of events of a run that is recorded in a spool")
    drawing.box(14, 40, 548, 132)
    drawing.text(26, 28, "This machine", "bold")
    drawing.text(672, 28, "Server", "bold", "middle")
    drawing.lines_box(
        26, 66, 132, 66, [("the run", "bold"), "never waits for", "the server"], "blue"
    )
    drawing.arrow([(158, 99), (200, 99)], "blue")
    drawing.lines_box(
        200, 66, 146, 66, [("~/spool", "code bold"), "a folder with", "the whole run"], "blue"
    )
    drawing.arrow([(346, 99), (394, 99)])
    drawing.lines_box(
        394, 66, 156, 66,
        [("a thread of the run", "bold"), "copies what is new,", "while the run lasts"],
    )  # fmt: skip
    drawing.arrow([(550, 99), (616, 99)])
    drawing.lines_box(616, 66, 112, 66, [("MongoDB", "bold")], "green")
    drawing.arrow([(530, 132), (530, 150), (414, 150), (414, 132)], "orange")
    drawing.text(
        402, 163, f"fails: again after {_POLICY.retry_interval:g} s", "small orange", "end"
    )
    drawing.arrow([(273, 132), (273, 202), (672, 202), (672, 132)], "green dashed")
    drawing.text(286, 219, "sacred spool flush", "code green")
    drawing.text(428, 219, "later, from what is left in the folder", "small green")
    return str(drawing)


_CARDS = (
    (
        "Before the command",
        [
            "configuration, with origins", "seed", "sources of all modules",
            "commit, uncommitted changes", "versions of packages", "machine, threads, GPUs",
            "command line",
        ],
        "How was it made?", "sacred runs rerun, why",
    ),
    (
        f"Every {_BEAT:g} s, and with each file",
        [
            "output", "metrics", "info, intermediate result", "artifacts, resources",
            "modules imported late", "functions that were called", "heartbeat",
        ],
        "How does it go?", "sacred runs watch",
    ),
    (
        "At the end",
        [
            "status", "result, or traceback", "stop time", "output and metrics up to", "the end",
        ],
        "What came out?", "sacred runs list, diff",
    ),
)  # fmt: skip


def draw_record() -> str:
    """Return the picture of what a run records, and when."""
    drawing = Drawing(
        _WIDTH, 330, "What a run records at its start, during the command, at its end"
    )
    drawing.line([(14, 34), (734, 34)])
    drawing.arrow([(714, 34), (746, 34)])
    for number, (title, facts, question, command) in enumerate(_CARDS):
        left, kind = 14 + 248 * number, ("blue", "green", "orange")[number]
        drawing.box(left + 113, 27, 14, 14, kind, radius=7)
        drawing.box(left, 56, 236, 192, kind)
        drawing.text(left + 118, 80, title, f"bold {kind}", "middle")
        for row, fact in enumerate(facts):
            drawing.text(left + 22, 106 + 20 * row, fact)
        drawing.text(left + 118, 284, question, "bold", "middle")
        drawing.text(left + 118, 306, command, f"code {kind}", "middle")
    return str(drawing)


def draw_kill() -> str:
    """Return the picture of a process that is killed between two heartbeats."""
    killed, beats = 2.6 * _BEAT, 3
    last = _BEAT * (beats - 1)
    grace = StoredRun(id=1, status="RUNNING", meta={"beat_interval": _BEAT}).grace_period
    dead = last + grace.total_seconds()
    left, scale = 130, 600 / (dead + _BEAT)

    def across(seconds: float) -> float:
        return left + scale * seconds

    drawing = Drawing(_WIDTH, 236, "What is recorded of a process that is killed")
    drawing.line([(across(0), 40), (across(0) + 600, 40)])
    for number in range(beats):
        x = across(number * _BEAT)
        drawing.box(x - 5, 35, 10, 10, "blue", radius=5)
        drawing.text(x, 24, f"{number * _BEAT:g} s", "small blue", "middle")
    drawing.text(14, 44, "heartbeats", "small blue")
    for row, (name, end) in enumerate((("output", killed), ("metrics, info", last))):
        top = 62 + 38 * row
        drawing.text(14, top + 18, name)
        drawing.lines_box(left, top, across(end) - left, 28, [("recorded", "small")], "green")
    drawing.lines_box(
        across(last), 100, across(killed) - across(last), 28, [("lost", "small")], "orange"
    )
    drawing.text(14, 156, "status")
    drawing.lines_box(left, 138, across(dead) - left, 28, [("RUNNING", "code")])
    drawing.lines_box(
        across(dead), 138, left + 600 - across(dead), 28, [("DEAD", "code")], "orange"
    )
    drawing.line([(across(killed), 34), (across(killed), 132)], "orange dashed")
    drawing.text(across(killed) + 6, 28, "kill -9", "code orange")
    drawing.text(across(killed) + 8, 80, "up to the kill: sacred runs recover", "small green")
    drawing.text(
        left, 198, f"The last heartbeat is {grace.total_seconds():g} s old:", "small muted"
    )
    drawing.text(left, 216, "the run is shown as DEAD, and can be resumed.", "small muted")
    return str(drawing)
