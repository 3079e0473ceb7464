"""The benchmarks: what they measure and report is right, and each of their programs runs."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest

from benchmarks import compare, durability
from benchmarks.comparing import NOT_OFFERED, Answer, ask, evaluate
from benchmarks.environments import OURS, SACRED, TOOLS
from benchmarks.figures import CPU, MEMORY, WALL
from benchmarks.measuring import (
    ProgramError,
    interleave,
    machine_facts,
    package_versions,
    run_program,
    spread,
)
from benchmarks.preparations import PROGRAMS
from benchmarks.questions import FLOOR, QUESTIONS, Question
from benchmarks.reporting import format_figure, format_table, report, to_json
from benchmarks.subjects import PEERS, subjects_of

PYTHON = Path(sys.executable)
SECONDS = Question("q", "title", "hello_world.py", target=0.5)
FACTS = {
    "time": "2026-01-01T00:00:00+00:00", "commit": "0123456789abcdef", "uncommitted changes": True,
    "python": "3.11.7", "processors": 2, "processor": "P", "memory": 8e9, "system": "Linux",
    "load": [0.5, 0.4, 0.3],
}  # fmt: skip
SPREAD = {
    "type": "object",
    "required": ["median", "low", "high", "count"],
    "additionalProperties": {"type": "number"},
}
SCHEMA = {
    "type": "object",
    "required": ["machine", "versions", "questions"],
    "properties": {
        "machine": {"type": "object", "required": [*FACTS]},
        "versions": {"additionalProperties": {"additionalProperties": {"type": "string"}}},
        "questions": {
            "items": {
                "required": ["name", "size", "rounds", "target", "met", "figures", "failures"],
                "properties": {
                    "figures": {"additionalProperties": {"additionalProperties": SPREAD}},
                    "ratios": {"additionalProperties": {"additionalProperties": {
                        "required": ["value", "low", "high"]}}},
                    "failures": {"additionalProperties": {"type": "string"}},
                },
            },
        },
    },
}  # fmt: skip


def answered(question: Question = SECONDS, **figures: list[Mapping[str, float]]) -> Answer:
    """Return the answer for figures of ours, theirs and the floor."""
    names = {"ours": OURS, "theirs": SACRED, "floor": FLOOR}
    found = {names[name]: samples for name, samples in figures.items()}
    return evaluate(question, len(figures["ours"]), found, {})


def test_spread_is_median_and_quartiles() -> None:
    """Of 1 to 5 the median is 3 and the quartiles are 2 and 4; of one number all three are it."""
    of_five, of_one = spread([5, 1, 4, 2, 3]), spread([7.0])
    assert (of_five.low, of_five.median, of_five.high, of_five.count) == (2, 3, 4, 5)
    assert (of_one.low, of_one.median, of_one.high, of_one.count) == (7, 7, 7, 1)


def test_interleave_alternates_and_drops_the_warm_up() -> None:
    """Two rounds after a warm-up are A B and B A, and only their results are returned."""
    calls = ""

    def called(name: str) -> int:
        nonlocal calls
        calls += name
        return len(calls)

    found = interleave({"a": lambda: called("a"), "b": lambda: called("b")}, rounds=2)
    assert calls == "baabba"
    assert found == {"a": [3, 6], "b": [4, 5]}


def test_a_program_reports_its_values(tmp_path: Path) -> None:
    """Lines of the file that the variable names are the values of the sample."""
    code = "import os; open(os.environ['BENCHMARK_VALUES'], 'a').write('a 1.5\\nb 2\\n')"
    sample = run_program([PYTHON, "-c", code], tmp_path)
    assert sample.values == {"a": 1.5, "b": 2.0}
    assert sample.cpu > 0 and sample.wall > 0


def test_peak_is_that_of_the_program_and_not_of_this_process(tmp_path: Path) -> None:
    """A program without work needs less than 40 MB, though this process has 100 MB more."""
    ballast = bytearray(100_000_000)
    sample = run_program([PYTHON, "-S", "-c", "pass"], tmp_path)
    assert len(ballast) > 2 * sample.peak


def test_a_process_that_is_left_running_is_included(tmp_path: Path) -> None:
    """Peak memory is that of a process that a program left running in a session of its own."""
    work = "x = bytearray(b'1') * 90_000_000"
    code = "import subprocess as s, sys; s.Popen([sys.executable, '-c', sys.argv[1]], "
    sample = run_program([PYTHON, "-c", code + "start_new_session=True)", work], tmp_path)
    assert sample.peak > 90_000_000


@pytest.mark.parametrize(
    ("code", "message"),
    [("import sys; sys.exit('broken')", "exit code 1: broken"),
     ("import threading; threading.Event().wait()", "not finished after 1 s")],
)  # fmt: skip
def test_a_program_that_fails_is_reported(tmp_path: Path, code: str, message: str) -> None:
    """The error has the exit code and the last lines, or the time that was exceeded."""
    with pytest.raises(ProgramError, match=message):
        run_program([PYTHON, "-c", code], tmp_path, timeout=1 if "Event" in code else 60)


def test_machine_facts_name_interpreter_and_commit() -> None:
    """They have what a reader needs to repeat the measurement."""
    facts = machine_facts()
    assert {*FACTS} <= {*facts}
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))


def test_package_versions_are_those_of_the_interpreter() -> None:
    """The versions of installed distributions are found by their names."""
    assert package_versions(PYTHON)["pytest"] == pytest.__version__


def test_ratio_is_that_of_the_medians_with_the_quartiles_of_the_rounds() -> None:
    """Medians 2 and 8 have the ratio 0.25; rounds have the ratios 0.1, 0.25 and 0.5."""
    ours = [{WALL: 1.0}, {WALL: 2.0}, {WALL: 4.0}]
    theirs = [{WALL: 10.0}, {WALL: 8.0}, {WALL: 8.0}]
    ratio = answered(ours=ours, theirs=theirs).ratios[SACRED][WALL]
    assert (ratio.value, ratio.low, ratio.high) == (0.25, 0.175, 0.375)


def test_floor_is_subtracted_if_the_question_wants_it() -> None:
    """With a floor of 1, 2 to 5 is 1 to 4."""
    question = Question("q", "title", "hello_world.py", above_floor=True)
    ratio = answered(question, ours=[{WALL: 2}], theirs=[{WALL: 5}], floor=[{WALL: 1}])
    assert ratio.ratios[SACRED][WALL].value == 0.25


@pytest.mark.parametrize(
    ("question", "figures", "is_met"),
    [(SECONDS, {WALL: 1, CPU: 1}, True),
     (SECONDS, {WALL: 1, CPU: 1.5}, False),
     (Question("q", "t", "p", limit=1.0), {WALL: 1.0}, True),
     (Question("q", "t", "p", limit=1.0), {WALL: 1.1}, False),
     (Question("q", "t", "p"), {WALL: 1}, None)],
)  # fmt: skip
def test_a_target_is_met_if_each_figure_is_within_it(
    question: Question, figures: dict[str, float], is_met: bool | None
) -> None:
    """A target of 0.5 allows 1 to 2 for wall and CPU time alike; without a target there is none."""
    assert answered(question, ours=[figures], theirs=[{WALL: 2, CPU: 2}]).is_met is is_met


def test_a_subject_that_fails_does_not_stop_the_others() -> None:
    """The failure of Sacred's interpreter is reported, and ours has figures."""
    question = QUESTIONS["peers-hello"]
    answer = ask(question, {OURS: PYTHON, SACRED: Path("/bin/false")}, 1, is_small=True)
    assert {OURS, FLOOR} == {*answer.found}
    assert "exit code 1" in answer.failures[SACRED]
    assert "exit code 1" in report([answer], FACTS)


def test_others_have_figures_if_ours_fails() -> None:
    """Without figures of ours there are no ratios, and the table has those of Sacred."""
    answer = evaluate(SECONDS, 1, {SACRED: [{WALL: 1.5}]}, {OURS: "exit code 1: broken"})
    text = report([answer], FACTS)
    assert "| failed" in text and "1.50 s" in text and "sacred-core: exit code 1: broken" in text


def test_a_tool_without_an_equivalent_is_reported(tmp_path: Path) -> None:
    """TensorboardX does not offer artifacts."""
    question = QUESTIONS["peers-artifacts"]
    pythons = {OURS: PYTHON, "tensorboardX": Path("/bin/false")}
    answer = ask(question, pythons, 1, is_small=True)
    assert answer.failures == {"tensorboardX": NOT_OFFERED}


def test_tables_have_figures_ratio_target_and_result() -> None:
    """One row has ours, Sacred, the floor, the ratio with quartiles, the target and whether met."""
    answer = answered(ours=[{WALL: 0.5}], theirs=[{WALL: 2.0}], floor=[{WALL: 0.0125}])
    row = next(line for line in report([answer], FACTS).splitlines() if "title" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "title", "500 ms", "2.00 s", "12.5 ms", "0.250 (0.250-0.250)", "0.50", "yes",
    ]  # fmt: skip


def test_table_of_peers_has_notes_and_who_is_ahead() -> None:
    """A tool that is faster is marked, and the notes describe what each tool does."""
    figures = {OURS: [{WALL: 2.0}], "MLflow": [{WALL: 1.0}], "DVCLive": [{WALL: 4.0}]}
    text = report([evaluate(QUESTIONS["peers-hello"], 1, figures, {})], FACTS)
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if line[:1] == "|"}
    assert rows["MLflow"].endswith("| no            |")
    assert rows["DVCLive"].endswith("| yes           |")
    assert f"- MLflow: {TOOLS['MLflow'].notes}." in text


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [(1.5, WALL, "1.50 s"), (0.0123, CPU, "12.3 ms"), (2.5e-7, CPU, "250 ns"), (0, CPU, "0 ns"),
     (12_300_000, MEMORY, "12.3 MB")],
)  # fmt: skip
def test_figures_have_three_digits_and_a_unit(value: float, kind: str, text: str) -> None:
    """The unit fits the size of the figure."""
    assert format_figure(value, kind) == text


def test_tables_are_aligned() -> None:
    """Each column is as wide as its widest cell."""
    assert format_table(["a", "b"], [["long", "x"]]).splitlines() == [
        "| a    | b |", "| ---- | - |", "| long | x |",
    ]  # fmt: skip


def test_json_has_machine_versions_and_figures_with_quartiles() -> None:
    """The result is plain data that fits its schema."""
    answer = answered(ours=[{WALL: 0.5}], theirs=[{WALL: 2.0}])
    data = json.loads(json.dumps(to_json([answer], FACTS, {OURS: {"attrs": "1.0"}})))
    jsonschema.validate(data, SCHEMA)
    assert data["questions"][0]["met"] is True


def test_questions_are_chosen_by_the_beginning_of_their_name() -> None:
    """All that begin so are asked, those of other tools and long ones included."""
    assert [each.name for each in compare.choose(["newest", "hello-"], False, False)] == [
        "hello-git", "newest-50",
    ]  # fmt: skip


def test_long_questions_are_asked_if_wanted() -> None:
    """Without ``--long`` no question takes minutes; with it there are four more."""
    short, long = compare.choose([], False, False), compare.choose([], False, True)
    assert not any(each.is_long for each in short)
    assert len(long) == len(short) + 4


def test_list_prints_names_and_titles(capsys: pytest.CaptureFixture[str]) -> None:
    """``--list`` does not create an environment."""
    compare.main(["--list", "--only", "newest"])
    assert capsys.readouterr().out.split()[0] == "newest-50"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--only", "x"], "no question begins with x; see --list"),
     (["--peers", "MLflow,Y"], "unknown tools: Y; known: tensorboardX, MLflow"),
     (["--rounds", "0"], "must be at least 1, got 0")],
)  # fmt: skip
def test_wrong_options_are_errors(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message has the value and what is possible; nothing is installed."""
    with pytest.raises(SystemExit):
        compare.main(arguments)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_each_question_has_its_programs(question: Question, tmp_path: Path) -> None:
    """Program, floor and adapters of other tools exist."""
    pythons = dict.fromkeys(TOOLS, PYTHON)
    found = subjects_of(question, pythons, tmp_path)
    paths = [program for each in found.values() if (program := getattr(each, "program", None))]
    assert all(path.is_file() for path in paths)
    assert {OURS, FLOOR} <= {*found}
    assert bool(question.function) == bool({*PEERS} & {*found})


def _different_programs() -> dict[str, Question]:
    """Return a question for each program with its arguments, and for each floor."""
    found: dict[tuple[object, ...], Question] = {}
    for each in QUESTIONS.values():
        is_repeated = each.program == "hello_packages.py" or "-b" in each.arguments[-2:]
        if not each.is_latency and not is_repeated:
            found.setdefault((each.program, each.arguments, each.floor, each.prepare), each)
    return {each.name: each for each in found.values()}


@pytest.mark.parametrize("question", _different_programs().values(), ids=_different_programs())
def test_each_program_runs(question: Question, tmp_path: Path) -> None:
    """The programs of sacred-core and of the floor return figures of the same kinds."""
    subjects = subjects_of(question, {OURS: PYTHON}, tmp_path, is_small=True)
    ours, floor = subjects[OURS](), subjects[FLOOR]()
    assert {*ours} & {*floor}


def test_hello_world_with_packages_differs_by_their_imports() -> None:
    """Each line is in hello world, but for three imports and the docstring."""
    hello, packages = (
        (PROGRAMS / f"hello_{name}.py").read_text().splitlines() for name in ("world", "packages")
    )
    added = {line.split()[1] for line in packages if line not in hello and line[:1] != '"'}
    assert added == {"numpy", "sklearn", "yaml"}


def test_a_point_is_readable_after_kill(tmp_path: Path) -> None:
    """With short heartbeats a point is readable in less than the default interval of 10 s."""
    question = QUESTIONS["peers-scalar"]
    ours = subjects_of(question, {OURS: PYTHON}, tmp_path, is_small=True)[OURS]
    assert 0 < ours()[WALL] < 10


def test_what_was_written_before_the_call_is_not_the_point(tmp_path: Path) -> None:
    """Such as a source that contains the value, while it is stored under another name."""
    code = (
        "import os, time\n"
        f"open('new', 'w').write('{durability.VALUE!r}')\n"
        "time.sleep(0.2)\n"
        "os.replace('new', 'stored.py')\n"
        "open(os.environ['BENCHMARK_VALUES'], 'a').write(f'began {time.perf_counter()}\\n')\n"
        f"open('point', 'w').write('{durability.VALUE!r}')\n"
        "time.sleep(60)\n"
    )
    sample = durability.measure_latency([PYTHON, "-c", code], tmp_path)
    assert 0 < sample.wall < 10
    assert (tmp_path / "point").is_file()


def test_a_point_that_is_not_stored_is_reported(tmp_path: Path) -> None:
    """A program that ends without storing the value is an error."""
    with pytest.raises(ProgramError, match="exit code 0"):
        durability.measure_latency([PYTHON, "-c", "pass"], tmp_path)


def test_values_are_found_in_files_and_databases(tmp_path: Path) -> None:
    """Digits, bytes of a float and committed rows are readable; a program's own text is not."""
    import sqlite3
    import struct

    (tmp_path / "script.py").write_text(repr(durability.VALUE))
    assert not durability.is_readable(tmp_path)
    for name, content in (("a", repr(durability.VALUE).encode()),
                          ("b", struct.pack("<f", durability.VALUE))):  # fmt: skip
        (tmp_path / name).write_bytes(b"x" + content)
        assert durability.is_readable(tmp_path)
        (tmp_path / name).unlink()
    with sqlite3.connect(tmp_path / "runs.db") as connection:
        connection.execute("create table metrics (value)")
        connection.execute("insert into metrics values (?)", [durability.VALUE])
        assert not durability.is_readable(tmp_path)
    connection.close()
    assert durability.is_readable(tmp_path)
