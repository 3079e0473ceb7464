"""The ``config.json`` of a run that Sacred recorded is a configuration file."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sacred_core import SETTINGS, Experiment
from sacred_core.exceptions import ConfigFileError

TAGGED: dict[str, Any] = {
    "layers": {"py/tuple": [3, {"py/tuple": [4]}]},
    "names": {"py/set": ["a"]},
    "weights": {"py/object": "numpy.ndarray", "dtype": "float64", "values": [0.5, 1.5]},
    "path": {"py/reduce": [{"py/type": "pathlib.PosixPath"}, {"py/tuple": ["/", "data"]}]},
    "labels": {"json://1": "one"},
}
READ = {
    "layers": [3, [4]], "names": ["a"], "weights": [0.5, 1.5], "path": "/data",
    "labels": {1: "one"},
}  # fmt: skip


def config_of(run: Any) -> dict[str, Any]:
    return {key: value for key, value in run.config.items() if key != "seed"}


def experiment() -> Experiment:
    ex = Experiment("again", save_git_info=False)
    ex.main(lambda: None)
    return ex


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A recorded configuration."""
    (tmp_path / "config.json").write_text(json.dumps(TAGGED))
    return tmp_path / "config.json"


def test_a_tagged_file_can_be_added(path: Path) -> None:
    """Its values are those that the stores read."""
    ex = experiment()
    ex.add_config(str(path))
    assert config_of(ex.run()) == READ


def test_a_tagged_file_can_be_named(path: Path) -> None:
    """A tagged file can be named, in ``with``, and as a named configuration."""
    ex = experiment()
    ex.add_config(dict.fromkeys(READ))
    assert config_of(ex.run(named_configs=[str(path)])) == READ
    assert config_of(ex.run_commandline(["script.py", "with", str(path)])) == READ
    ex.add_named_config("old", str(path))
    assert config_of(ex.run(named_configs=["old"])) == READ


@pytest.mark.parametrize("release", ["0.7.5", "0.8.2", "0.8.7"])
def test_what_releases_of_sacred_recorded_is_read(
    golden: ModuleType, release: str, tmp_path: Path
) -> None:
    """A whole configuration with an ingredient's entries."""
    golden.unpack(release, "files.json", tmp_path)
    ex = experiment()
    ex.add_config(str(tmp_path / "1" / "config.json"))
    config = config_of(ex.run())
    assert config["layers"] == [3, 4] and config["data"]["columns"] == ["a", "b"]


def test_repeated_objects_are_read_as_the_release_counted(tmp_path: Path) -> None:
    """The ``run.json`` beside the file has the release."""
    (tmp_path / "config.json").write_text('{"v": [[1], [2], {"py/id": 2}]}')
    for release, wanted in (("0.8.2", [2]), ("0.8.7", [1])):
        entry = {"experiment": {"dependencies": [f"sacred=={release}"]}}
        (tmp_path / "run.json").write_text(json.dumps(entry))
        ex = experiment()
        ex.add_config(str(tmp_path / "config.json"))
        assert config_of(ex.run())["v"] == [[1], [2], wanted]


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ({"py/object": "models.Net", "size": 3}, "models.Net"),
        ({"py/type": "models.Net"}, "models.Net"),
        ({"py/function": "os.system"}, "os.system"),
        ({"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["x"]}]}, "py/reduce"),
        ({"py/id": 7}, "py/id"),
    ],
)
def test_what_only_code_could_build_is_an_error(tmp_path: Path, tag: Any, shown: str) -> None:
    """It names the file, the entry and what Sacred stored, and the way out."""
    (tmp_path / "c.json").write_text(json.dumps({"a": {"b": [1, tag]}}))
    ex = experiment()
    with pytest.raises(ConfigFileError) as caught:
        ex.add_config(str(tmp_path / "c.json"))
    text = str(caught.value)
    assert "c.json" in text and "'a.b.1'" in text and shown in text and "remove the entry" in text


def test_tags_may_be_allowed_as_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the setting that allows such keys they stay as they were written."""
    monkeypatch.setattr(SETTINGS.CONFIG, "ENFORCE_KEYS_JSONPICKLE_COMPATIBLE", False)
    tag = {"py/object": "models.Net", "size": 3}
    (tmp_path / "c.json").write_text(json.dumps({"net": tag}))
    ex = experiment()
    ex.add_config(str(tmp_path / "c.json"))
    assert config_of(ex.run()) == {"net": tag}


def test_nothing_of_a_file_is_executed(tmp_path: Path) -> None:
    """A command line with a hostile file ends with an error, and the command was not called."""
    tag = {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["touch executed"]}]}
    (tmp_path / "c.json").write_text(json.dumps({"a": tag}))
    script = (
        "from sacred_core import Experiment\n"
        "ex = Experiment('x', save_git_info=False)\n"
        "ex.main(lambda: None)\n"
        "ex.run_commandline()\n"
    )
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "script.py", "with", "c.json"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert not (tmp_path / "executed").exists()
