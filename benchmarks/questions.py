"""The questions: what is run, what of it is compared, and which ratio is wanted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks import figures, preparations
from benchmarks.figures import Figures
from benchmarks.preparations import Preparation

#: Arguments of a script with an experiment: record in files, without messages.
FILES = ("-F", "runs", "-l", "ERROR")
FLOOR = "floor"


@dataclass(frozen=True)
class Question:
    """One question to sacred-core and others.

    Attributes:
        name: For ``--only``.
        title: In the table.
        program: Below ``programs/``; that of Sacred differs only in the name of the package.
        figures: What is compared.
        target: The largest ratio of sacred-core to Sacred (or to `baseline`) that is wanted.
        floor: Below ``floors/``: what any program must spend.
        size: Number of items, which programs read from the variable ``SIZE``.
        small: The number in the tests.
        arguments: Of ``program``.
        environment: Further variables of all programs.
        above_floor: Whether the floor is subtracted before the ratio is computed.
        prepare: What the folder contains beforehand.
        function: That of the adapters of other tools; they answer the question if it is given.
        topic: Tools of another topic are not asked.
        fewer: A smaller number of items for tools that need minutes for ``size``.
        is_fresh: Whether each round has a new folder; otherwise those of a subject share one.
        is_latency: Whether the time until the point can be read is measured.
        rounds: A number of rounds of its own, of a question that takes long.
        baseline: The number of items of a second run of ours that is compared with, not Sacred.
        limit: The largest figure that is wanted, in seconds or bytes.
        is_long: Whether it is only measured with ``--long``.
    """

    name: str
    title: str
    program: str
    figures: Figures = figures.whole_process
    target: float | None = None
    floor: str = "nothing.py"
    size: int = 1
    small: int = 2
    arguments: tuple[str, ...] = FILES
    environment: Mapping[str, str] = field(default_factory=dict)
    above_floor: bool = False
    prepare: Preparation = preparations.nothing
    function: str = ""
    topic: str = "recording"
    fewer: Mapping[str, int] = field(default_factory=dict)
    is_fresh: bool = False
    is_latency: bool = False
    rounds: int | None = None
    baseline: int | None = None
    limit: float | None = None
    is_long: bool = False

    @property
    def has_sacred(self) -> bool:
        """Whether Sacred answers it, too."""
        return self.baseline is None and self.limit is None


_HUNDRED_THOUSAND, _MILLION = 100_000, 1_000_000

#: Those of start-up, recording and storage that are compared with Sacred.
COMPARED_WITH_SACRED = (
    Question("import", "`from sacred_core import Experiment`", "import_experiment.py",
             figures.part, .08, arguments=()),
    Question("hello", "hello world with storage in files", "hello_world.py", target=.18),
    Question("hello-git", "the same in a git repository", "hello_world.py", target=.28,
             prepare=preparations.git_repository),
    Question("packages", "the same with numpy, yaml and sklearn, above their import",
             "hello_packages.py", target=.30, floor="imports.py", above_floor=True),
    Question("packages-whole", "the same, whole process", "hello_packages.py",
             floor="imports.py"),
    Question("modules", "150 local modules in a repository, until main", "many_modules.py",
             figures.until_begin, .30, "modules.py", 150,
             prepare=preparations.local_modules),
    Question("entries", "200 entries, 10 ingredients, whole process", "entries.py", target=.20,
             size=200, small=40),
    Question("print-config", "`print_config` with 200 entries, 10 ingredients", "entries.py",
             target=.40, size=200, small=40, arguments=("print_config",)),
    Question("call", "captured call with two values", "captured_call.py", figures.each_item, .08,
             "calls.py", size=_HUNDRED_THOUSAND),
    Question("call-random", "captured call with `_rnd` and `_seed`", "captured_random.py",
             figures.each_item, .40, "random_states.py", 10_000),
    Question("points-loop", "`log_scalar`, the loop alone, 10⁵ points", "points.py", figures.part,
             .25, "appends.py", size=_HUNDRED_THOUSAND),
    Question("points-loop-1s", "the same, heartbeats of 1 s", "points.py", figures.part, .25,
             "appends.py", arguments=(*FILES, "-b", "1"), size=_HUNDRED_THOUSAND),
    Question("points", "10⁵ points, from main to the end of the process", "points.py",
             figures.from_begin_to_end_of_process, .30, "appends.py", size=_HUNDRED_THOUSAND),
    Question("memory", "10⁶ points: growth of the memory", "points.py", figures.memory_growth,
             .10, "writes.py", size=_MILLION),
    Question("idle", "CPU share of idle heartbeats of 0.5 s with 10⁵ stored points", "idle.py",
             figures.cpu_share, .03, "sleep.py", arguments=(*FILES, "-b", "0.5"),
             size=_HUNDRED_THOUSAND),
    Question("lines-fd", "10⁶ printed lines, mode `fd`", "lines.py", target=.90,
             floor="lines.py", arguments=(*FILES, "-C", "fd"), size=_MILLION),
    Question("lines-fd-0.5s", "the same, heartbeats of 0.5 s", "lines.py", target=.95,
             floor="lines.py", arguments=(*FILES, "-C", "fd", "-b", "0.5"), size=_MILLION),
    Question("lines-sys", "10⁶ printed lines, mode `sys`", "lines.py", target=.30,
             floor="lines.py", arguments=(*FILES, "-C", "sys"), size=_MILLION),
    Question("runs", "one of 200 runs in one process", "many_runs.py", figures.each_item, .35,
             "folders.py", 200, arguments=(), is_fresh=True),
    Question("runs-plain", "the same without host information and output", "many_runs.py",
             figures.each_item, .35, "folders.py", 200, arguments=(),
             environment={"PLAIN": "1"}, is_fresh=True),
    Question("run-10001", "run number 10,001 in one folder, in a process that ran before",
             "many_runs.py", figures.part, .05, "folders.py", 10_000, arguments=(),
             environment={"RUNS": "1"}, prepare=preparations.earlier_runs),
    Question("run-10001-whole", "the same, whole process", "hello_world.py", size=10_000,
             prepare=preparations.earlier_runs),
    Question("artifacts", "1,000 small artifacts, from main to the end of the process",
             "artifacts.py", figures.from_begin_to_end_of_process, .35, "copies.py", 1_000),
)  # fmt: skip

#: Those that other tools answer, too.
COMPARED_WITH_PEERS = (
    Question("peers-hello", "hello world, a configuration of two entries", "hello_world.py",
             figures.everything, function="hello"),
    Question("peers-points", "10⁵ points, from the first one to the end of the process",
             "points.py", figures.everything_from_begin, floor="appends.py", function="points",
             fewer={"DVCLive": 2_000, "MLflow": 20_000, "W&B": 20_000}, size=_HUNDRED_THOUSAND),
    Question("peers-artifacts", "1,000 small artifacts, from the first one to the end",
             "artifacts.py", figures.everything_from_begin, floor="copies.py", size=1_000,
             function="artifacts"),
    Question("peers-scalar", "one scalar until it is durable, with the shortest interval",
             "scalar.py", figures.latency, floor="scalar.py", arguments=(*FILES, "-b", "0.01"),
             function="quick_scalar", is_latency=True, is_fresh=True),
    Question("peers-scalar-default", "the same with the default interval", "scalar.py",
             figures.latency, floor="scalar.py", function="scalar", is_latency=True, is_fresh=True),
    Question("peers-configuration", "200 entries in 10 groups, one changed", "entries.py",
             figures.everything, size=200, small=40,
             arguments=("with", "entry0.x=7", *FILES), function="configuration",
             topic="configuration"),
)  # fmt: skip

#: Those that take minutes.
LONG = (
    Question("ten-million-points", "time of 10⁷ points to that of 10⁶", "points.py",
             figures.from_begin_to_end_of_process, 12.0, "writes.py", 10_000_000,
             baseline=1_000_000, rounds=3, is_long=True),
    Question("ten-million-memory", "10⁷ points: growth of the memory", "points.py",
             figures.memory_growth, None, "writes.py", 10_000_000, rounds=3, limit=60e6,
             is_long=True),
    Question("run-100001", "run number 100,001 in one folder to the 11th", "hello_world.py",
             target=1.2, size=100_000, prepare=preparations.earlier_runs,
             baseline=10, is_long=True),
    Question("newest-50", "the newest 50 of 100,000 runs", "newest_runs.py", figures.part, None,
             "listing.py", 100_000, 50, (), prepare=preparations.earlier_runs,
             limit=0.2, is_long=True),
)  # fmt: skip

QUESTIONS = {each.name: each for each in (*COMPARED_WITH_SACRED, *COMPARED_WITH_PEERS, *LONG)}
