"""What a store promises of the code of a run: its sources, and patches of repositories."""

from pathlib import Path
from typing import Any

import pytest

from sacred_core.provenance.generated import add_generated
from sacred_core.provenance.sources import md5_of
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.event_driver import EventDriver
from sacred_core.testing.samples import EXPERIMENT
from sacred_core.testing.secret_contract import SecretContract

_PATCH = "diff --git a/train.py b/train.py\n+a line that no other file has\n"


class CodeContract(SecretContract):
    """The part of `StoreContract` that is about code."""

    def test_sources_come_back(self, tmp_path: Path) -> None:
        """Sources from the start, and sources imported later, are stored byte for byte."""
        folder = tmp_path / "code"
        contents = {
            "main.py": b"print(1)\n",
            "pack/__init__.py": b"",
            "pack/ünï code.py": "text = 'ä'\r\n".encode(),
            "later.py": bytes(range(256)),
        }
        for name, content in contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        *sources, later = [[name, md5_of(folder / name)] for name in contents]
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(ex_info={**EXPERIMENT, "base_dir": str(folder), "sources": sources})
        driver.code(str(folder), [later], [])
        driver.complete()
        store = self.make_store(tmp_path)
        listed = sorted(entry[0] for entry in store.get(run_id).experiment["sources"])
        assert listed == sorted(contents), f"the sources are {listed}"
        for name, content in contents.items():
            with store.open_file(run_id, "source", name) as file:
                assert file.read() == content, f"the source {name!r} has another content"

    def test_cells_of_a_notebook_come_back(self, tmp_path: Path) -> None:
        """A source without a file below the base folder is stored, in each of its versions."""
        path = tmp_path / "analysis.cells.py"
        texts = ["# %%\nrate = 1\n", "# %%\nrate = 'ä'\n"]
        ids = []
        for text in texts:
            sources = [[path.name, add_generated(path, text)]]
            driver = EventDriver(self.make_observer(tmp_path))
            ex_info = {**EXPERIMENT, "base_dir": str(tmp_path), "sources": sources}
            ids.append(driver.start(ex_info=ex_info))
            driver.complete()
        store = self.make_store(tmp_path)
        for run_id, text in zip(ids, texts, strict=True):
            with store.open_file(run_id, "source", path.name) as file:
                found = file.read().decode()
            assert found == text, f"the source is {found!r}: read it with `stored_version`"

    def test_captured_functions_come_back(self, tmp_path: Path) -> None:
        """The captured functions of the last heartbeat are stored, beside code that is imported
        later, in a run in progress and in one that ended.
        """
        calls: list[list[Any]] = [
            ["train.py", "main", ["rate"]],
            [None, "make.<locals>.ünner", ["", "a.b", "$cost"]],
            ["caf\udce9.py", "Model.fit", []],
        ]
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(ex_info=EXPERIMENT)
        assert self.make_store(tmp_path).get(run_id).captured == []
        driver.beat(captured=calls[:1])
        driver.code(str(tmp_path), [], ["numpy==2.0"])
        driver.beat(info={"a": 1}, captured=calls)
        running = self.make_store(tmp_path).get(run_id)
        driver.complete()
        for run in (running, self.make_store(tmp_path).get(run_id)):
            assert run.experiment.get("captured") == calls, "see `DocumentObserver.heartbeat_event`"
            assert [each.name for each in run.captured] == [name for _, name, _ in calls]
            assert run.name == EXPERIMENT["name"]
            assert "numpy==2.0" in run.experiment["dependencies"]

    @pytest.mark.parametrize("kind", ["patch", "source", "later source", "resource"])
    def test_shared_content_is_stored_as_long_as_a_run_has_it(
        self, kind: str, tmp_path: Path
    ) -> None:
        """Content that two runs have in common exists until both are deleted."""
        ids = [self._run_with(kind, tmp_path) for _ in range(2)]
        if not self._is_stored(tmp_path):
            skip_rule("the store does not have this content in files")
        store = self.make_store(tmp_path)
        before = store.get(ids[1])
        store.delete(ids[0])
        assert self._is_stored(tmp_path), f"the {kind} of the other run is lost"
        assert store.get(ids[1]) == before
        store.delete(ids[1])
        assert not self._is_stored(tmp_path), f"the {kind} of a deleted run is left"

    def _run_with(self, kind: str, tmp_path: Path) -> Any:
        """Return the id of a run that has ended; its content of the kind has the line."""
        file = tmp_path / "shared.py"
        file.write_text(_PATCH)
        sources = [[file.name, md5_of(file)]]
        ex_info = {**EXPERIMENT, "base_dir": str(tmp_path)}
        if kind == "patch":
            repository = {"url": None, "commit": "c0ffee", "dirty": True, "patch": _PATCH}
            ex_info["repositories"] = [repository]
        elif kind == "source":
            ex_info["sources"] = sources
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(ex_info=ex_info)
        if kind == "later source":
            driver.code(str(tmp_path), sources, [])
        elif kind == "resource":
            driver.resource(str(file))
        driver.complete()
        file.unlink()  # it may be in a folder whose bytes are compared
        return run_id

    def _is_stored(self, tmp_path: Path) -> bool:
        line = _PATCH.splitlines()[1].encode()
        contents = list(self.stored_bytes(tmp_path))  # all: it closes what it opens at its end
        return any(line in content for content in contents)
