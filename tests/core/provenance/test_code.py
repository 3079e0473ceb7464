"""Tests of what is recorded about the code of an experiment."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sacred_core.provenance.sources import md5_of, stored_version
from sacred_core.testing.scripts import python_path

SCRIPT = """
import json
import yaml
import attr
import data
from pkg.sub import helper
from sacred_core import Experiment

ex = Experiment("coded")


@ex.automain
def main(_run):
    print(json.dumps(_run.experiment_info))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "sub.py").write_text("import unusual\nhelper = unusual.VALUE\n")
    (tmp_path / "unusual.py").write_text("VALUE = 1\n")
    (tmp_path / "data.py").write_text("")
    (tmp_path / "unused.py").write_text("")
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


def run(
    folder: Path, *args: str, cwd: Path | None = None, environment: "dict[str, str] | None" = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, folder / "script.py", *args], cwd=cwd or folder,
        capture_output=True, text=True, env={**os.environ, **(environment or {})},
    )  # fmt: skip


def info_of(folder: Path, *args: str, cwd: Path | None = None) -> dict[str, Any]:
    done = run(folder, "-l", "ERROR", *args, cwd=cwd)
    assert done.returncode == 0, done.stderr
    info: dict[str, Any] = json.loads(done.stdout)
    return info


def git(folder: Path, *args: str) -> str:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    done = subprocess.run(
        ["git", *identity, *args], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(project: Path) -> Path:
    git(project, "init", "-q")
    git(project, "remote", "add", "origin", "https://ann:secret@example.org/x.git")
    git(project, "add", ".")
    git(project, "commit", "-qm", "first")
    return project


def test_sources_are_the_imported_local_files(project: Path, tmp_path_factory: Any) -> None:
    """Sources are the imported local files, with their md5, whatever they are called, from whatever
    folder the script is run.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    info = info_of(project, cwd=folder)
    assert info["working_dir"] == str(folder.resolve())
    names = ["data.py", str(Path("pkg", "sub.py")), "script.py", "unusual.py"]
    assert [name for name, _ in info["sources"]] == names
    assert info["base_dir"] == str(project.resolve())
    assert info["mainfile"] == "script.py"
    for name, md5 in info["sources"]:
        assert md5 == hashlib.md5((project / name).read_bytes()).hexdigest()


def test_dependencies_have_the_names_of_distributions(project: Path) -> None:
    """`yaml` is PyYAML and `attr` is attrs; the core is one, the standard library none."""
    dependencies = dict(d.split("==") for d in info_of(project)["dependencies"])
    assert set(dependencies) == {"attrs", "PyYAML", "sacred-core", "numpy"}
    assert all(dependencies.values())


def test_commit_and_state_of_the_repository(repository: Path) -> None:
    """Url without credentials, commit, and whether there are changes."""
    commit = git(repository, "rev-parse", "HEAD")
    expected = {"url": "https://ann:***@example.org/x.git", "commit": commit, "dirty": False}
    assert info_of(repository)["repositories"] == [expected]
    (repository / "data.py").write_text("# changed\n")
    [changed] = info_of(repository)["repositories"]
    patch = changed.pop("patch")
    assert changed == {**expected, "dirty": True}
    assert "+# changed" in patch


def test_the_patch_gives_the_files_that_ran(repository: Path, tmp_path_factory: Any) -> None:
    """Applied to the commit: changed, staged, new, deleted, binary and Latin-1 files."""
    (repository / "binary").write_bytes(bytes(range(256)))
    (repository / "gone.txt").write_text("gone")
    (repository / "latin.txt").write_bytes("ä\n".encode("latin-1"))
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "second")
    git(repository, "config", "diff.noprefix", "true")
    (repository / "binary").write_bytes(bytes(range(255, -1, -1)))
    (repository / "gone.txt").unlink()
    (repository / "data.py").write_text("# without an end of line")
    (repository / "latin.txt").write_bytes("äö\n".encode("latin-1"))
    (repository / "new.py").write_text("new = 1\n")
    git(repository, "add", "new.py")
    [found] = info_of(repository)["repositories"]
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "-q", str(repository), ".")
    git(clone, "checkout", "-q", found["commit"])
    (clone / "x.patch").write_bytes(base64.b64decode(found["patch_base64"]))
    git(clone, "apply", "x.patch")
    (clone / "x.patch").unlink()
    files = [path.relative_to(clone) for path in clone.rglob("*") if ".git" not in path.parts]
    assert {str(path) for path in files} >= {"binary", "data.py", "latin.txt", "new.py"}
    assert "gone.txt" not in {str(path) for path in files}
    for path in files:
        if (clone / path).is_file():
            assert (clone / path).read_bytes() == (repository / path).read_bytes(), path


def test_a_patch_has_a_limit(repository: Path) -> None:
    """A larger change is reported, not stored; a setting disables patches."""
    (repository / "data.py").write_text("# changed\n" * 200_000)
    done = run(repository)
    [found] = json.loads(done.stdout)["repositories"]
    assert found["dirty"] is True and "patch" not in found
    assert "larger than 1000000 bytes" in done.stderr
    off = run(repository, environment={"SACRED_GIT__SAVE_PATCH": "0"})
    assert "patch" not in json.loads(off.stdout)["repositories"][0]
    assert "larger" not in off.stderr


def test_several_repositories_and_submodules(repository: Path, tmp_path_factory: Any) -> None:
    """Each that holds sources is recorded with its own commit."""
    library = tmp_path_factory.mktemp("library")
    git(library, "init", "-q")
    (library / "inner.py").write_text("VALUE = 1\n")
    git(library, "add", ".")
    git(library, "commit", "-qm", "library")
    allow = ("-c", "protocol.file.allow=always")
    git(repository, *allow, "submodule", "add", "-q", str(library), "module")
    git(repository, "commit", "-qm", "with submodule")
    script = repository / "script.py"
    script.write_text("import module.inner\n" + script.read_text())
    git(repository, "commit", "-qam", "imports it")
    (repository / "module" / "inner.py").write_text("VALUE = 2\n")
    outer, inner = info_of(repository)["repositories"]
    assert outer["commit"] == git(repository, "rev-parse", "HEAD") and not outer["dirty"]
    assert inner["commit"] == git(library, "rev-parse", "HEAD") and inner["dirty"]
    assert inner["url"] == str(library)


def test_enforce_clean(repository: Path) -> None:
    """A changed file is refused with exit code 2; so is a folder without a repository."""
    assert run(repository, "-e").returncode == 0
    (repository / "data.py").write_text("# changed\n")
    done = run(repository, "--enforce_clean")
    assert done.returncode == 2
    assert "is dirty: commit or stash" in done.stderr
    assert "secret" not in done.stderr


def test_enforce_clean_needs_a_repository(project: Path) -> None:
    """A folder without a repository is refused with exit code 2."""
    done = run(project, "-e")
    assert done.returncode == 2
    assert "no git repository is recorded" in done.stderr


BROKEN = {
    "no commit": lambda folder: git(folder, "init", "-q"),
    "empty .git": lambda folder: (folder / ".git").mkdir(),
    ".git points nowhere": lambda folder: (folder / ".git").write_text("gitdir: /nowhere\n"),
    "HEAD is garbage": lambda folder: (folder / ".git" / "HEAD").write_text("garbage"),
    "objects are gone": lambda folder: shutil.rmtree(folder / ".git" / "objects"),
    "index is garbage": lambda folder: (folder / ".git" / "index").write_text("garbage"),
    "config is garbage": lambda folder: (folder / ".git" / "config").write_text("[garbage"),
}


@pytest.mark.parametrize("state", BROKEN)
def test_a_repository_that_git_cannot_read_is_a_warning(project: Path, state: str) -> None:
    """One; the run completes."""
    if state not in ("no commit", "empty .git", ".git points nowhere"):
        git(project, "init", "-q")
        git(project, "add", ".")
        git(project, "commit", "-qm", "first")
    BROKEN[state](project)
    done = run(project, "-u")
    assert done.returncode == 0
    assert done.stderr.count("WARNING") == 1
    assert "is not recorded" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_git_the_commit_is_recorded_and_changes_are_unknown(
    repository: Path, tmp_path_factory: Any
) -> None:
    """GitPython reads the files of git; ``-e`` is refused, and the list of sources has a ``?``."""
    commit = git(repository, "rev-parse", "HEAD")
    environment = {"PATH": str(tmp_path_factory.mktemp("empty"))}
    done = run(repository, "-u", environment=environment)
    [found] = json.loads(done.stdout)["repositories"]
    assert (found["commit"], found["dirty"], "patch" in found) == (commit, None, False)
    assert found["url"] == "https://ann:***@example.org/x.git"
    assert done.stderr.count("WARNING") == 1
    assert "The program git is not installed" in done.stderr
    assert "secret" not in done.stderr
    shown = run(repository, "print_dependencies", environment=environment)
    assert f"? https://ann:***@example.org/x.git {commit}" in shown.stdout
    refused = run(repository, "-e", environment=environment)
    assert refused.returncode == 2
    assert "install the program git" in refused.stderr


def test_without_git_a_repository_without_a_commit_is_a_warning(
    project: Path, tmp_path_factory: Any
) -> None:
    """One; the run completes."""
    git(project, "init", "-q")
    done = run(project, "-u", environment={"PATH": str(tmp_path_factory.mktemp("empty"))})
    assert done.returncode == 0
    assert done.stderr.count("WARNING") == 1
    assert "is not recorded" in done.stderr


def test_states_of_a_repository_that_are_sound(repository: Path, tmp_path_factory: Any) -> None:
    """A lock of another process, a shallow clone, a detached head and a worktree cause no error."""
    (repository / ".git" / "index.lock").write_text("")
    commit = git(repository, "rev-parse", "HEAD")
    assert info_of(repository)["repositories"][0]["commit"] == commit
    (repository / ".git" / "index.lock").unlink()
    for kind in ("shallow", "worktree"):
        folder = tmp_path_factory.mktemp(kind)
        if kind == "shallow":
            git(folder, "clone", "-q", "--depth", "1", repository.as_uri(), ".")
        else:
            git(repository, "worktree", "add", "-q", "--detach", str(folder / "tree"))
            folder /= "tree"
        [found] = info_of(folder)["repositories"]
        assert (found["commit"], found["dirty"]) == (commit, False)


def test_print_dependencies(repository: Path) -> None:
    """The three sections of section 1.4.3, with an M for changes."""
    (repository / "data.py").write_text("# changed\n")
    out = run(repository, "print_dependencies").stdout
    assert "Dependencies:\n  attrs" in out
    assert "Sources:\n  data.py" in out
    assert "Version Control:\nM https://ann:***@example.org/x.git" in out


def test_files_and_packages_can_be_added(project: Path) -> None:
    """What discovery does not find is named by the script."""
    (project / "model.txt").write_text("x")
    script = project / "script.py"
    added = "ex.add_source_file('model.txt')\nex.add_package_dependency('own', '1.0')\n\n@ex.auto"
    script.write_text(SCRIPT.replace("\n@ex.auto", added))
    info = info_of(project)
    assert "model.txt" in [name for name, _ in info["sources"]]
    assert "own==1.0" in info["dependencies"]


LATE = """
import sys
from sacred_core import Experiment, RunObserver

class Listener(RunObserver):
    def code_event(self, sources, dependencies, base_dir):
        names = [text.split("==")[0] for text in dependencies]
        print(sorted(name for name, _ in sources), names, base_dir)

ex = Experiment("late")
ex.observers.append(Listener())


@ex.automain
def main(_run):
    import yaml
    from late.part import VALUE
    _run.lifecycle.beat()
    _run.lifecycle.beat()
    import json.tool
    _run.lifecycle.beat()
    import last
"""


def test_code_that_is_imported_later_is_delivered(project: Path) -> None:
    """Code that is imported later is sent with the next beat and at the end, each file and package
    once; a namespace package too.
    """
    (project / "late").mkdir()
    (project / "late" / "part.py").write_text("VALUE = 1\n")
    (project / "last.py").write_text("")
    (project / "script.py").write_text(LATE)
    done = run(project, "-l", "ERROR", "-C", "no")
    base = str(project.resolve())
    assert done.stdout.splitlines() == [
        f"['late/part.py'] ['PyYAML'] {base}",
        f"['last.py'] [] {base}",
    ], done.stderr


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("none", {"script.py"}),
        ("imported", {"script.py", "data.py", "unusual.py", "pkg/sub.py"}),
        ("sys", {"script.py", "data.py", "unusual.py", "pkg/sub.py"}),
        ("dir", {"script.py", "data.py", "unusual.py", "pkg/sub.py", "unused.py"}),
    ],
)
def test_modes_of_discovering_sources(project: Path, mode: str, expected: set[str]) -> None:
    """`SETTINGS.DISCOVER_SOURCES`; environments and hidden folders are never sources."""
    for folder in ("env", ".hidden"):
        (project / folder).mkdir()
        (project / folder / "foreign.py").write_text("")
    (project / "env" / "pyvenv.cfg").write_text("")
    done = run(project, "-l", "ERROR", environment={"SACRED_DISCOVER_SOURCES": mode})
    assert {name for name, _ in json.loads(done.stdout)["sources"]} == expected


@pytest.mark.parametrize("mode", ["none", "imported", "sys", "pkg"])
def test_modes_of_discovering_dependencies(project: Path, mode: str) -> None:
    """`SETTINGS.DISCOVER_DEPENDENCIES`: from our own package only to all that is installed."""
    done = run(project, "-l", "ERROR", environment={"SACRED_DISCOVER_DEPENDENCIES": mode})
    found = {text.split("==")[0] for text in json.loads(done.stdout)["dependencies"]}
    assert "sacred-core" in found
    assert ("pyyaml" in {name.lower() for name in found}) == (mode != "none")
    assert ("pluggy" in found) == (mode in ("sys", "pkg"))
    assert ("pytest" in found) == (mode == "pkg")


def test_a_script_from_standard_input(project: Path) -> None:
    """It has no file that could be stored, which is no error."""
    done = subprocess.run(
        [sys.executable, "-", "-l", "ERROR"], cwd=project, input=SCRIPT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sources = [name for name, _ in json.loads(done.stdout)["sources"]]
    assert sources == ["data.py", "pkg/sub.py", "unusual.py"]


HELPER = """
import yaml
from sacred_core import Ingredient

helper = Ingredient("helper")


@helper.config
def config():
    rate = 3  # of the helper


@helper.capture
def value(rate):
    return rate
"""
MAIN = """
import sys
sys.path[:0] = {paths!r}
import json
from helper import helper, value
from sacred_core import Experiment

ex = Experiment("archived", ingredients=[helper])


@ex.main
def main(_run):
    print(json.dumps([value(), _run.experiment_info]))


if __name__ == "__main__":
    ex.run_commandline()
"""


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, text in files.items():
            file.writestr(f"{name}.py", text)
    return path


def recorded(folder: Path, script: str, *args: str) -> tuple[Any, "dict[str, Any]", str]:
    done = subprocess.run(
        [sys.executable, script, *args], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    value, info = json.loads(done.stdout)
    return value, info, done.stderr


def test_a_zipapp_is_its_own_source(tmp_path: Path) -> None:
    """The archive is recorded; what the modules in it import is found, and their comments."""
    main = MAIN.format(paths=[])
    app = archive(tmp_path / "app.pyz", __main__=main, helper=HELPER)
    value, info, _ = recorded(tmp_path, "app.pyz")
    assert value == 3
    assert info["base_dir"] == str(tmp_path)
    assert info["mainfile"] == str(Path("app.pyz", "__main__.py"))
    assert info["sources"] == [["app.pyz", hashlib.md5(app.read_bytes()).hexdigest()]]
    assert any(dependency.startswith("PyYAML==") for dependency in info["dependencies"])
    shown = subprocess.run(
        [sys.executable, "app.pyz", "print_config"], cwd=tmp_path, capture_output=True, text=True
    )
    assert "# of the helper" in shown.stdout


def test_an_imported_archive_is_a_source(tmp_path: Path) -> None:
    """Once, however many modules are imported from it."""
    (tmp_path / "code").mkdir()
    archive(tmp_path / "code" / "lib.zip", helper=HELPER)
    (tmp_path / "code" / "script.py").write_text(MAIN.format(paths=["lib.zip"]))
    value, info, _ = recorded(tmp_path / "code", "script.py")
    assert value == 3
    assert [name for name, _ in info["sources"]] == ["lib.zip", "script.py"]


@pytest.mark.parametrize(
    ("spoil", "warning"),
    [
        ("import os; import helper as m; os.remove(m.__file__)", "No such file"),
        ("import os; import helper as m; os.remove(m.__file__); os.mkdir(m.__file__)", "dire"),
        ("import helper as m; m.__file__ = None", None),
        ("import helper as m; m.__file__ = 5", None),
        ("import helper as m; m.__file__ = 'a\\0b.py'", None),
        ("import helper as m; m.__file__ += '/none/x.py'", None),
        ("import helper as m; m.__loader__ = None; m.__file__ = 'gone.py'", None),  # torch has such
        ("sys.modules['odd'] = None", None),
        ("sys.modules['odd'] = type('Odd', (), {'__getattr__': lambda s, n: 1 / 0})()", None),
        ("import namespace_package", None),
    ],
)  # fmt: skip
def test_a_module_whose_file_cannot_be_read_is_no_error(
    tmp_path: Path, spoil: str, warning: "str | None"
) -> None:
    """It is used, and is not among the sources; where a file vanished, a warning names it."""
    (tmp_path / "namespace_package").mkdir()
    (tmp_path / "helper.py").write_text(HELPER)
    main = MAIN.format(paths=[]).replace("ex = Exp", f"{spoil}\nex = Exp")
    (tmp_path / "script.py").write_text(main)
    value, info, errors = recorded(tmp_path, "script.py")
    assert value == 3
    assert "script.py" in [name for name, _ in info["sources"]]
    assert errors.count("is not recorded") == (warning is not None)
    assert warning is None or warning in errors


PLAIN = """
import builtins, importlib.util, json, sys
import yaml, {module}
from sacred_core import Experiment

counts = dict(metadata="importlib.metadata" in sys.modules, calls=0)
{patch}
for number in range(3):
    ex = Experiment(f"run {{number}}")

    @ex.main
    def main(_run):
        return _run.experiment_info["dependencies"]

    found = ex.run(options={{"-l": "ERROR"}}).result
counts["metadata"] = "importlib.metadata" in sys.modules
print(json.dumps([counts, found]))
"""
COUNT = """
import importlib.metadata
original = importlib.metadata.packages_distributions
def counted():
    counts["calls"] += 1
    return original()
importlib.metadata.packages_distributions = counted
"""


def test_a_list_of_files_names_the_distribution(tmp_path: Path) -> None:
    """Where a RECORD or top_level.txt has a module, `importlib.metadata` is not even imported."""
    (tmp_path / "script.py").write_text(PLAIN.format(module="json", patch=""))
    done = run(tmp_path, cwd=tmp_path)
    counts, found = json.loads(done.stdout)
    assert not counts["metadata"]
    assert any(dependency.startswith("PyYAML==") for dependency in found)


def test_all_distributions_are_searched_once_a_process(tmp_path: Path) -> None:
    """All distributions are searched once a process, only where one has neither, as old eggs;
    however many runs there are.
    """
    egg = tmp_path / "site" / "Old.egg-info"
    egg.mkdir(parents=True)
    (egg / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: Old\nVersion: 0.3\n")
    (egg / "top_level.txt").write_text("ancient\n")
    (tmp_path / "site" / "ancient.py").write_text("")
    (tmp_path / "site" / "unknown.py").write_text("__version__ = '9'")
    (tmp_path / "code").mkdir()
    text = PLAIN.format(module="ancient, unknown", patch=COUNT)
    (tmp_path / "code" / "script.py").write_text(text)
    done = run(tmp_path / "code", environment={"PYTHONPATH": python_path(tmp_path / "site")})
    counts, found = json.loads(done.stdout)
    assert counts["calls"] == 1
    assert {"Old==0.3", "unknown==9"} <= set(found)


def test_a_source_that_is_not_stored_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning has its path, and whether it is missing or changed."""
    path = tmp_path / "model.py"
    assert stored_version(path, None) is None
    assert f"The source {path} is recorded without its content: " in caplog.messages[0]
    assert "No such file" in caplog.messages[0]
    path.write_text("first = 1\n")
    md5 = md5_of(path)
    found = stored_version(path, md5)
    assert found is not None and (found.md5, len(caplog.messages)) == (md5, 1)
    path.write_text("second = 2\n")
    assert stored_version(path, md5) is None
    assert caplog.messages[1].endswith("the file changed after it was read")


def test_a_source_is_read_again_only_if_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop of runs reads it once; a change is noticed, also of equal length and time."""
    path = tmp_path / "source.py"
    read: list[Any] = []
    digest = hashlib.file_digest

    def note(file: Any, algorithm: Any) -> Any:
        read.append(file.name)
        return digest(file, algorithm)

    now, changed = time.time_ns, 0
    monkeypatch.setattr(hashlib, "file_digest", note)
    monkeypatch.setattr(time, "time_ns", lambda: now() + 10**10)  # the changes are not recent
    for number, text in enumerate(("a = 1\n", "a = 2\n"), 1):
        while True:  # until the file system has a new time
            path.write_text(text)
            os.utime(path, (1e9, 1e9))
            if path.stat().st_ctime_ns != changed:
                break
        changed = path.stat().st_ctime_ns
        for _ in range(3):
            assert md5_of(path) == hashlib.md5(text.encode()).hexdigest()
        assert len(read) == number


def test_a_source_that_changed_a_moment_ago_is_read_again(tmp_path: Path) -> None:
    """The next change may have the same time."""
    path = tmp_path / "source.py"
    for number in range(200):
        path.write_text(str(number))
        assert md5_of(path) == hashlib.md5(str(number).encode()).hexdigest()
