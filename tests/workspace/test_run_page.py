"""Tests of `tools/run_page.py`: it notices what differs from a page."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .pages import ROOT, load_tool

tool = load_tool("run_page")


def run_page(folder: Path, text: str) -> str:
    """Run a page in a folder, and return it with what its commands print."""
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    filled: str = tool["Page"](text, folder, environment).run()
    return filled


def test_output_that_differs_is_replaced(tmp_path: Path) -> None:
    """A page with other output than its commands print is not equal to what is returned."""
    page = "```console\n$ echo one\n{}\n$ printf 'two\\nthree'\ntwo\nthree\n```\n"
    assert run_page(tmp_path, page.format("two")) == page.format("one")
    assert run_page(tmp_path, page.format("one")) == page.format("one")


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("at 2026-01-01 10:00:00", "at 2027-02-03 11:12:13"),
        ("after 0:00:00", "after 0:01:12"),
        ("3d  0.1s  x", "5m    12.5s   x"),
        ("at 2026-01-01 10:00:00 UTC (0 s ago)", "at 2027-02-03 11:12:13 UTC (3 d ago)"),
        ("seed = 4711", "seed = 1987654321"),
        ("slope = 2.9999993517590378", "slope = 2.9999993517590374"),
        ("...\nlast", "first\nsecond\nlast"),
        ("first\n...", "first\nsecond\nlast"),
        ("first\n...\nlast", "first\nlast"),
        ("f(1 / 0)\n  ^^^^^\nZero", "f(1 / 0)\n  ~~^~~\nZero"),
        ("failed on …: no answer", "failed on node7: no answer"),
        ("Host:\n  os = 'a'\n  cpu = 'b'\n\nEnd", "Host:\n  os = 'c'\n\nEnd"),
    ],
)
def test_what_varies_is_not_compared(tmp_path: Path, shown: str, printed: str) -> None:
    """Times, drawn seeds, last digits, facts of the host, and lines for `...` may differ."""
    (tmp_path / "printed").write_text(printed)
    page = f"```console\n$ cat printed\n{shown}\n```\n"
    assert run_page(tmp_path, page) == page


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("slope = 2.4", "slope = 2.5"),
        ("...\nlast", "first\nend"),
        ("id 1", "id 1\nid 2"),
        ("failed …", "failed\nagain"),
        ("\nx", "x"),
        ("", "x"),
    ],
)
def test_what_does_not_vary_is_compared(tmp_path: Path, shown: str, printed: str) -> None:
    """Other numbers, and lines that are added or missing, are differences."""
    (tmp_path / "printed").write_text(printed)
    page = f"```console\n$ cat printed\n{shown}\n```\n"
    assert run_page(tmp_path, page) == f"```console\n$ cat printed\n{printed}\n```\n"


def test_an_exit_code_has_to_be_named(tmp_path: Path) -> None:
    """A command that fails is an error, unless the page names its exit code."""
    page = "```console\n$ (exit 3)  # exit code 3\n```\n"
    assert run_page(tmp_path, page) == page
    with pytest.raises(tool["PageError"], match=r"'\(exit 3\)' ended with exit code 3"):
        run_page(tmp_path, page.replace("  # exit code 3", ""))


def test_a_command_with_ctrl_c_is_interrupted(tmp_path: Path) -> None:
    """A command that its page interrupts gets the signal after the lines before, and may answer."""
    program = "import time\nprint('one\\ntwo', flush=True)\ntry:\n    time.sleep(60)\n"
    (tmp_path / "wait.py").write_text(f"{program}except KeyboardInterrupt:\n    print('end')\n")
    page = "```console\n$ python3 wait.py\none\ntwo\n^C\n{}\n$ echo next\nnext\n```\n"
    assert run_page(tmp_path, page.format("end")) == page.format("end")
    assert run_page(tmp_path, page.format("other")) == page.format("end")


def test_blocks_with_a_title_are_files(tmp_path: Path) -> None:
    """A block is a file, is inserted before a line of it, or replaces its end."""
    first = '```python title="a.txt"\none\nfour\n```\n'
    run_page(tmp_path, first + '```python title="a.txt" before="four"\ntwo\n```\n')
    assert (tmp_path / "a.txt").read_text() == "one\ntwo\n\n\nfour\n"
    run_page(tmp_path, first + '```python title="a.txt" from="four"\nthree\n```\n')
    assert (tmp_path / "a.txt").read_text() == "one\nthree\n"


def test_the_table_has_the_sections_with_commands(tmp_path: Path) -> None:
    """It counts the commands of each section and of all, and estimates the minutes."""
    text = (
        "# A\n## B\n```console\n$ true\n$ true\n```\n## C\nnothing\n## D\n```console\n$ true\n```\n"
    )
    page = tool["Page"](text, tmp_path, {"PATH": os.environ["PATH"]})
    page.run()
    counted = [line.split(" | ")[:2] for line in tool["table"](page.sections).splitlines()[2:]]
    assert counted == [["| B", "2"], ["| D", "1"], ["| total", "3"]]


def test_the_minutes_are_those_of_reading_typing_and_waiting(tmp_path: Path) -> None:
    """200 words, or 200 characters of code and commands without their output, take a minute."""
    code = "x = 1\n" * 50
    text = f"## A\n{'word ' * 396}\n```console\n$ {'echo ' * 20}\n{'echo ' * 19}\n```\n"
    page = tool["Page"](f'{text}```python title="a.py"\n{code}```\n', tmp_path, {"PATH": "/bin"})
    page.run()
    [_, section] = page.sections
    assert (section.commands, section.words, section.typed) == (1, 398, 400)
    section.seconds = 60
    assert section.minutes == 398 / 200 + 2 + 1


def test_the_command_compares_or_updates_a_page(tmp_path: Path) -> None:
    """It prints the table, fails if the page differs, and updates it with `--write`."""
    page = tmp_path / "page.md"
    page.write_text("## A\n```console\n$ basename $PWD\nhome\n```\n")
    command = [sys.executable, str(ROOT / "tools" / "run_page.py"), str(page), "--fast"]

    def run(*options: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([*command, *options], capture_output=True, text=True, check=False)

    assert run("--count").stdout.startswith("1 block of 1 page\n")
    compared = run()
    assert (compared.returncode, "| A | 1 |" in compared.stdout) == (1, True)
    assert "page.md: other output than on the page" in compared.stderr
    assert run("--write").returncode == 0
    assert page.read_text().splitlines()[3:] == ["line", "```"]
    assert run().returncode == 0


def test_commands_print_to_a_terminal_of_88_columns(tmp_path: Path) -> None:
    """Tables fit the width of the page, and nothing is read from the shell's own input."""
    code = "import os, sys; print(os.get_terminal_size(1).columns, sys.stdin.read())"
    page = f"```console\n$ {sys.executable} -c '{code}'\n88\n$ echo next\nnext\n```\n"
    assert run_page(tmp_path, page) == page


def test_cells_of_a_notebook_are_run_by_the_python_of_the_shell(tmp_path: Path) -> None:
    """One kernel runs all cells; below a cell are its output, its value and its error."""
    cells = (
        ("import sys\nx = 1\nprint('x')\nsys.executable", f"x\n{sys.executable!r}\n"),
        ("x + 1", "2\n"),
        ("1 / 0", "...\nZeroDivisionError: division by zero\n"),
    )
    page = "## A\n" + "".join(
        f'```python title="notebook.ipynb"\n{code}\n```\n```text\n{output}```\n'
        for code, output in cells
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = tool["Page"](page, tmp_path, {"PATH": path, "HOME": str(tmp_path)})
    assert run.run() == page
    assert [section.commands for section in run.sections] == [0, 3]


def test_blocks_of_python_share_a_namespace(tmp_path: Path) -> None:
    """Each is executed as a file; a `text` block after it is what it prints, also an error."""
    page = (
        "```python\ndef double(x):\n    return 2 * x\n```\n"
        "```python\nimport inspect\nprint(double(4))\nprint(inspect.getsource(double))\n```\n"
        "```text\n{}\ndef double(x):\n    return 2 * x\n```\n"
        "```python\n1 / 0\n```\n```text\n...\n"
        '  File "/home/ada/line/block_3.py", line 1, in <module>\n...\n'
        "ZeroDivisionError: division by zero\n```\n"
    )
    assert run_page(tmp_path, page.format(8)) == page.format(8)
    assert run_page(tmp_path, page.format(7)) == page.format(8)
    failing, _, _ = page.format(8).rpartition("```text")
    with pytest.raises(tool["PageError"], match=r"(?s)Python failed.*division by zero"):
        run_page(tmp_path, failing)


def test_the_lines_of_a_script_are_run_without_their_output(tmp_path: Path) -> None:
    """Lines that end with a backslash continue; comments and empty lines are skipped."""
    page = "```sh\n# first\necho one \\\n  two > a\n\n(exit 3)  # exit code 3\n```\n"
    assert run_page(tmp_path, page) == page
    assert (tmp_path / "a").read_text() == "one two\n"
    with pytest.raises(tool["PageError"], match=r"'\(exit 3\)' ended with exit code 3"):
        run_page(tmp_path, page.replace("  # exit code 3", ""))


def test_blocks_in_comments_are_run(tmp_path: Path) -> None:
    """What readers do not see is run, too, and is not counted as words that they read."""
    hidden = '<!-- Set-up.\n\n```text title="sub/a"\none\n```\n-->\n'
    run = tool["Page"](f"{hidden}```console\n$ cat sub/a\none\n```\n", tmp_path, {"PATH": "/bin"})
    assert run.run().startswith(hidden)
    assert [section.words for section in run.sections] == [0]


@pytest.mark.parametrize("mark", ["not run: it needs\na cluster", "run by: tests/test_x.py"])
def test_marked_blocks_are_not_run(tmp_path: Path, mark: str) -> None:
    """A comment before a block, with a reason or a file, excludes it; the page is not changed."""
    page = f"Text\n\n<!-- {mark} -->\n\n```console\n$ touch a\nx\n```\n"
    assert run_page(tmp_path, page) == page
    assert not (tmp_path / "a").exists()
    [block] = tool["blocks"](page)
    assert block.kind == mark.partition(":")[0]
    assert (block.reason or block.runner) in ("it needs a cluster", "tests/test_x.py")


@pytest.mark.parametrize(
    ("language", "valid", "invalid"),
    [
        ("json", '{"a": 1}', '{"a": }'),
        ("toml", "a = 1", "a ="),
        ("yaml", "a: [1]", "a: [1"),
        ("csv", "a,b\n1,2", "a,b\n1"),
        ("html", "<p>a<img>b</p>", "<p>a"),
        ("html", "<p>a<b>b</b></p>", "<p><b>a</p></b>"),
        ("query", "config.lr < 1\nid = 1", "config.lr <\nid = 1"),
    ],
)
def test_data_is_parsed(tmp_path: Path, language: str, valid: str, invalid: str) -> None:
    """A block of data that cannot be parsed is an error with its language."""
    page = f"```{language}\n{valid}\n```\n"
    assert run_page(tmp_path, page) == page
    with pytest.raises(tool["PageError"], match=f"not valid {language}"):
        run_page(tmp_path, page.replace(valid, invalid))


@pytest.mark.parametrize("page", ["```text\na\n```\n", "```ini\na\n```\n"])
def test_a_block_without_a_rule_is_an_error(tmp_path: Path, page: str) -> None:
    """Output of no code, and an unknown language, need a title or a comment."""
    with pytest.raises(tool["PageError"], match="a block is not executed"):
        run_page(tmp_path, page)


@pytest.mark.parametrize("page", ["- a\n\n  ```sh\n  true\n  ```\n", "```\na\n```\n", "```sh\n"])
def test_a_block_that_would_be_overlooked_is_an_error(page: str) -> None:
    """Blocks that are indented, without a language, or not closed."""
    with pytest.raises(tool["PageError"], match="indented, or not closed, or without a language"):
        tool["blocks"](page)


def test_addresses_are_replaced(tmp_path: Path) -> None:
    """Commands, files and code use other addresses than the page shows, and the page is equal."""
    page = (
        '```text title="a"\nhost:1\n```\n```console\n$ cat a; echo host:1\nhost:1\nhost:1\n```\n'
        '```python\nprint("host:1", len("host:1"))\n```\n```text\nhost:1 10\n```\n'
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = tool["Page"](page, tmp_path, {"PATH": path}, {"host:1": "local:2345"})
    assert run.run() == page
    assert (tmp_path / "a").read_text() == "local:2345\n"


def test_a_command_that_ends_the_shell_is_an_error(tmp_path: Path) -> None:
    """Its line is in the message; programs that it left running are ended."""
    waiting = "(sleep 1; echo > later)"
    page = f"```sh\n{waiting} &\nexit 4\n```\n"
    with pytest.raises(tool["ProgramError"], match=r"the program ended during .{ exit 4"):
        run_page(tmp_path, page)
    time.sleep(1)
    assert not (tmp_path / "later").exists()


def test_only_what_a_terminal_shows_at_the_end_is_compared(tmp_path: Path) -> None:
    """Colours and the former states of a progress bar are not part of the output."""
    (tmp_path / "printed").write_text(
        "\x1b[?25l\rbar  50%\rbar 100%\nbar\r\x1b[K\n\x1b[A\x1b[1mdone\x1b[0m\n"
    )
    page = "```console\n$ cat printed\nbar 100%\ndone\n```\n"
    assert run_page(tmp_path, page) == page


def test_installing_checks_what_is_installed() -> None:
    """In the environment of the tests, a package or an extra that does not exist is an error."""
    page = "```sh\npip install {}\n```\n"
    assert tool["follow"](page.format("'sacred-core[file]'"))[0] == page.format(
        "'sacred-core[file]'"
    )
    with pytest.raises(
        tool["PageError"], match="'pip install sacred-nothing' ended with exit code 1"
    ):
        tool["follow"](page.format("sacred-nothing"))


def test_servers_are_run_for_a_page_that_names_them() -> None:
    """Their addresses are in place of those of the page, which is not changed."""
    page = (
        "<!-- servers: messages -->\n\n```python\nfrom urllib.request import urlopen\n\n"
        "url = 'https://hooks.slack.com/services/T'\nprint(url, urlopen(url, b'{}').read())\n```\n"
        "```text\nhttps://hooks.slack.com/services/T b'ok'\n```\n"
    )
    assert tool["follow"](page)[0] == page


def test_the_blocks_of_pages_are_counted(tmp_path: Path) -> None:
    """`--count` prints the number of each kind, and the reason for each that is not run."""
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\ntrue\n```\n<!-- not run: slow -->\n```sh\nsleep 9\n```\n```ini\na\n```\n"
    )
    assert tool["count"]([page]).splitlines() == [
        "3 blocks of 1 page",
        "    1 commands",
        "    1 not run",
        "    1 unknown",
        f"{page}: slow",
        f"{page}: no rule for ini",
    ]
