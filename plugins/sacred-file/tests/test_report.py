"""Tests of the reports that templates make of runs."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sacred_file import FileStorageObserver

from sacred_core import Experiment

on_posix = pytest.mark.skipif(os.name == "nt", reason="modes mean nothing there")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    (tmp_path / "my_runs").mkdir()
    return tmp_path / "my_runs"


@pytest.fixture
def reported(runs: Path) -> Callable[..., Path]:
    """Runs an experiment with a template in the base folder; returns the folder of the run."""

    def run(template: str, main: Callable[..., Any] = lambda: None, **options: Any) -> Path:
        (runs / "template.html").write_text(template)
        return folder_of(FileStorageObserver(runs, **options), main)

    return run


def folder_of(observer: FileStorageObserver, main: Callable[..., Any] = lambda: None) -> Path:
    ex = Experiment("hello_cs", save_git_info=False)
    ex.observers.append(observer)
    ex.add_config(message="Hello world!")
    ex.main(main)
    ex.run()
    assert observer.dir is not None
    return Path(observer.dir)


def status(folder: Path) -> Any:
    return json.loads((folder / "run.json").read_text())["status"]


def test_template_in_the_base_folder_is_found(reported: Any) -> None:
    """`template.html` there needs no argument."""
    folder = reported("<p>six by seven: ${6 * 7}</p>")
    assert (folder / "report.html").read_text() == "<p>six by seven: 42</p>"
    assert not list(folder.glob(".report*"))


def test_no_template_no_report(runs: Path) -> None:
    """No report is made, and nothing is logged."""
    assert not list(folder_of(FileStorageObserver(runs)).glob("report*"))


@pytest.mark.parametrize("name", ["custom.txt", "custom.md", "custom"])
def test_given_template_lends_its_suffix(runs: Path, tmp_path: Path, name: str) -> None:
    """It may be anywhere, and is used in place of the one in the base folder."""
    (runs / "template.html").write_text("not this one")
    (tmp_path / name).write_text("run ${run['status']}")
    folder = folder_of(FileStorageObserver(runs, template=tmp_path / name))
    [report] = folder.glob("report*")
    assert report.name == "report" + Path(name).suffix
    assert report.read_text() == "run COMPLETED"


def test_relative_template_stays_where_it_was(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program may change its directory."""
    (tmp_path / "custom.txt").write_text("made")
    monkeypatch.chdir(tmp_path)
    observer = FileStorageObserver(runs, template="custom.txt")
    monkeypatch.chdir(os.sep)
    assert observer.template == tmp_path / "custom.txt"
    assert (folder_of(observer) / "report.txt").read_text() == "made"


@pytest.mark.parametrize("name", ["nosuch.html", "."])
def test_given_template_must_be_there(runs: Path, tmp_path: Path, name: str) -> None:
    """That is known before anything runs."""
    with pytest.raises(FileNotFoundError, match=r"template .* not found"):
        FileStorageObserver(runs, template=tmp_path / name)


def test_what_a_template_sees(reported: Any) -> None:
    """The names of Sacred, and the metrics as the store gives them."""

    def main(_run: Any) -> str:
        print("to the output: ü")
        _run.info["curve"] = [1, 2.5]
        _run.log_scalar("loss", float("inf"), 10)
        return "done"

    folder = reported(
        "${run['experiment']['name']} ${run['command']} ${run['status']} ${run['result']}\n"
        "${run['stop_time'] > run['start_time']} ${run['heartbeat'] is not None}\n"
        "${config['message']} ${info['curve']}\n"
        "${'to the output: ü' in cout}\n"
        "${metrics['loss']['steps']} ${metrics['loss']['values']}\n"
        "${savedir}\n",
        main,
    )
    assert (folder / "report.html").read_text(encoding="utf-8").splitlines() == [
        "hello_cs main COMPLETED done",
        "True True",
        "Hello world! [1, 2.5]",
        "True",
        "[10] [inf]",
        str(folder),
    ]


def test_a_template_may_put_files_beside_its_report(reported: Any) -> None:
    """`savedir` is a string, to which names of files can be added."""
    folder = reported("<% open(savedir + '/plot.svg', 'w').close() %><img src='plot.svg'>")
    assert (folder / "plot.svg").exists()


def test_a_template_cannot_change_the_record(reported: Any, runs: Path) -> None:
    """A template gets copies of the recorded values."""
    observer = FileStorageObserver(runs)
    (runs / "template.html").write_text("<% run.clear(); config.clear() %>")
    folder_of(observer)
    assert observer.run_entry["status"] == "COMPLETED"
    assert observer.config["message"] == "Hello world!"


def test_runs_that_fail_have_reports_too(runs: Path) -> None:
    """The report of a failed run has its traceback."""
    (runs / "template.html").write_text("${run['status']}: ${run['fail_trace'][-1]}")

    def main() -> None:
        raise ValueError("the reason")

    with pytest.raises(ValueError, match="the reason"):
        folder_of(FileStorageObserver(runs), main)
    report = (runs / "1" / "report.html").read_text()
    assert report.strip() == "FAILED: ValueError: the reason"


def test_interrupted_runs_have_reports_too(runs: Path) -> None:
    """A report does not need the end that was hoped for."""
    (runs / "template.html").write_text("${run['status']}")

    def main() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folder_of(FileStorageObserver(runs), main)
    assert (runs / "1" / "report.html").read_text() == "INTERRUPTED"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("one\n${1 / 0}", "ZeroDivisionError('division by zero') in line 2"),
        ("one\n\n${nothing}", "NameError('Undefined') in line 3"),
        ("<% raise SystemExit(3) %>", "SystemExit(3) in line 1"),
        ("one\n% for\n", "Fragment 'for' is not a partial control statement"),
        ("${", "Expected"),
    ],
)
def test_a_template_that_raises_harms_nothing(
    reported: Any, runs: Path, caplog: pytest.LogCaptureFixture, template: str, expected: str
) -> None:
    """The run is recorded as it was; one warning names the template, the error and the line."""
    folder = reported(template)
    assert status(folder) == "COMPLETED"
    assert not [path for path in folder.iterdir() if "report" in path.name]
    [message] = [r.getMessage() for r in caplog.records if "No report" in r.getMessage()]
    assert str(runs / "template.html") in message and expected in message
    assert "missed" not in caplog.text


def test_a_report_that_cannot_be_written_harms_nothing(
    reported: Any, runs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder in its place is a warning, and no part of the report stays."""
    folder = reported("made", lambda: (runs / "1" / "report.html").mkdir())
    assert status(folder) == "COMPLETED"
    assert [path.name for path in folder.iterdir() if "report" in path.name] == ["report.html"]
    assert "No report" in caplog.text and "IsADirectoryError" in caplog.text


def test_what_cannot_be_encoded_is_spelled_out(reported: Any) -> None:
    """Half a character does not cost the report."""
    folder = reported("[${chr(0xD800)}]")
    assert (folder / "report.html").read_text() == r"[\ud800]"


def test_artifacts_retain_their_names(
    runs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A report never replaces an artifact, nor an artifact a report."""
    (tmp_path / "report.md").write_text("artifact")
    (tmp_path / "template.md").write_text("report")

    def main(_run: Any) -> None:
        _run.add_artifact(tmp_path / "report.md")
        _run.add_artifact(tmp_path / "report.md", "report.html")

    folder = folder_of(FileStorageObserver(runs, template=tmp_path / "template.md"), main)
    assert (folder / "report.md").read_text() == "artifact"
    assert "has an artifact 'report.md', which is not overwritten" in caplog.text
    (runs / "template.html").write_text("report")
    folder = folder_of(FileStorageObserver(runs), main)
    assert (folder / "report.html").read_text() == "report"


def test_without_mako_a_given_template_is_an_error(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the package to install, before anything runs."""
    monkeypatch.setitem(sys.modules, "mako", None)
    (tmp_path / "custom.txt").write_text("")
    with pytest.raises(ImportError, match=r"custom.txt' needs mako: pip install 'sacred-file\["):
        FileStorageObserver(runs, template=tmp_path / "custom.txt")


def test_without_mako_a_template_that_was_found_is_a_warning(
    reported: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning names the package to install; the run is recorded."""
    monkeypatch.setitem(sys.modules, "mako", None)
    folder = reported("made")
    assert status(folder) == "COMPLETED"
    assert "needs mako: pip install 'sacred-file[template]'" in caplog.text


def test_mako_is_imported_for_a_template_only(runs: Path) -> None:
    """Runs without one do not pay for it."""
    script = (
        "import sys; from sacred_core import Experiment; from sacred_file import *\n"
        f"ex = Experiment('x', interactive=True, save_git_info=False)\n"
        f"ex.observers.append(FileStorageObserver({str(runs)!r}))\n"
        "ex.main(lambda: None); ex.run(); assert 'mako' not in sys.modules\n"
        f"open({str(runs / 'template.html')!r}, 'w').close()\n"
        "ex.run(); assert 'mako' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert (runs / "2" / "report.html").exists()


@on_posix
@pytest.mark.parametrize("mode", [0o020, 0o002])
@pytest.mark.parametrize("place", ["my_runs/template.html", "my_runs"])
def test_a_template_that_others_may_write_to_is_one_warning(
    reported: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, place: str
) -> None:
    """It is code: the first run that it serves names the file and what others may write to."""
    reported("made")
    assert "others" not in caplog.text
    (tmp_path / place).chmod((tmp_path / place).stat().st_mode | mode)
    for _ in range(2):
        folder = reported("made")
    assert (folder / "report.html").exists()
    [message] = [r.getMessage() for r in caplog.records if "others" in r.getMessage()]
    assert str(tmp_path / "my_runs" / "template.html") in message
    assert message.endswith(f"chmod go-w {tmp_path / place}")


@on_posix
def test_the_folder_that_a_link_leads_to_counts(
    runs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever may write there may replace the template."""
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "real.html").write_text("made")
    shared.chmod(0o777)
    (runs / "template.html").symlink_to(shared / "real.html")
    folder_of(FileStorageObserver(runs))
    assert f"other users can write to {shared}:" in caplog.text


@on_posix
def test_a_folder_where_each_has_files_of_their_own_is_no_warning(
    reported: Any, runs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Like /tmp: others may write there, but not replace the template."""
    runs.chmod(0o1777)
    reported("made")
    assert "others" not in caplog.text


def test_the_templates_of_sacred_work(reported: Any) -> None:
    """Functions that call themselves and code that returns HTML, as in Sacred's example."""
    folder = reported(
        '<%def name="cfg(obj)">\\\n'
        "% if isinstance(obj, dict):\n"
        "<ul>\\\n"
        "% for k, v in sorted(obj.items()):\n"
        "<li><b>${k}</b>${cfg(v)}</li>\\\n"
        "% endfor\n"
        "</ul>\\\n"
        "% else:\n"
        "=${obj}\\\n"
        "% endif\n"
        "</%def>\\\n"
        "${cfg({'a': {'b': 1}, 'm': config['message']})}"
    )
    report = (folder / "report.html").read_text()
    assert "<ul><li><b>a</b><ul><li><b>b</b>=1</li></ul></li>" in report
    assert "<li><b>m</b>=Hello world!</li></ul>" in report
