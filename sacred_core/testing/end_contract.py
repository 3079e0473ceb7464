"""The end of a run is recorded, whatever the user's code returned, stored or raised."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sacred_core.run import Run
from sacred_core.serialization import plain, to_json
from sacred_core.stores import RunStore
from sacred_core.testing.experiments import run_main
from sacred_core.testing.hostile import hostile_errors, hostile_values
from sacred_core.testing.observer_contract import ObserverContract

_HUGE = 10**5_000
#: Seconds between two heartbeats: none comes while a run of these tests lasts.
_NEVER = 1_000.0


class EndContract(ObserverContract):
    """The part of `StoreContract` that is about the ends of runs."""

    def make_store(self, tmp_path: Path) -> RunStore:
        """Return a store of what the observers of the same test write to."""
        raise NotImplementedError(f"{type(self).__name__}.make_store returns a store")

    def stored_bytes(self, tmp_path: Path) -> Iterator[bytes]:
        """Yield all that is stored, as it is: by default what the files below ``tmp_path`` hold.

        Override it for a store that is not in files.
        """
        yield from (path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    def test_results_that_cannot_be_shown_do_not_prevent_the_end(self, tmp_path: Path) -> None:
        """If showing a result raises, the run returns it and is stored as completed."""
        ids: dict[str, Any] = {}
        for name, value in hostile_values().items():
            run = self._run_main(tmp_path, lambda value=value: value)
            assert run.result is value, f"{name}: another result is returned"
            ids[name] = run._id
        store = self.make_store(tmp_path)
        for name, run_id in ids.items():
            stored = store.get(run_id)
            assert stored.status == "COMPLETED", f"{name}: the status is {stored.status}"
            assert stored.stop_time is not None, f"{name}: the end has no time"
            assert stored.result is not None, f"{name}: the result is lost"
            if name.startswith("Raises"):
                assert name in to_json(stored.result), f"{name} is {stored.result!r:.200}"

    def test_info_that_cannot_be_shown_does_not_prevent_the_end(self, tmp_path: Path) -> None:
        """Such values in ``info`` and in metrics do not affect the other values."""

        def main(_run: Run) -> int:
            _run.info.update(hostile_values(), other=1)
            for value in hostile_values().values():
                _run.log_scalar("odd", value)
            _run.log_scalar("loss", 0.5)
            return 3

        run_id = self._run_main(tmp_path, main)._id
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        assert (run.status, run.result, run.info["other"]) == ("COMPLETED", 3, 1)
        assert set(run.info) == {*hostile_values(), "other"}, f"info has {sorted(run.info)}"
        metrics = store.metrics(run_id)
        assert list(metrics["loss"]["values"]) == [0.5]
        assert len(metrics["odd"]["values"]) == len(hostile_values())

    def test_huge_integers_are_stored_as_text(self, tmp_path: Path) -> None:
        """Integers of 5,000 digits are stored as strings; other values do not change."""

        def main(_run: Run) -> Any:
            _run.info.update(huge=_HUGE, other=1)
            for value in (_HUGE, 0.5, 2**70):
                _run.log_scalar("mixed", value)
                _run.log_scalar("later", _HUGE)
            _run.log_scalar("steps", 0.5, _HUGE)
            _run.log_scalar("steps", 1.5, 2**70)
            _run.meta_info["late"] = _HUGE
            return {"huge": -_HUGE, "other": [1, _HUGE]}

        config, meta = {"huge": _HUGE, "other": 1}, {"huge": [_HUGE], "other": 1}
        run_id = self._run_main(tmp_path, main, config, meta)._id
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        text = plain(_HUGE)
        assert isinstance(text, str) and int(text, 0) == _HUGE
        assert run.status == "COMPLETED"
        assert (run.config["huge"], run.config["other"]) == (text, 1)
        assert (run.meta["huge"], run.meta["other"]) == ([text], 1)
        assert run.info == {"huge": text, "other": 1}
        assert run.result == {"huge": "-" + text, "other": [1, text]}
        metrics = store.metrics(run_id)
        assert list(metrics["mixed"]["values"]) == [text, 0.5, 2**70]
        assert list(metrics["later"]["values"]) == [text] * 3
        assert list(metrics["steps"]["steps"]) == [text, 2**70]
        whole = self._run_main(tmp_path, lambda: _HUGE)._id
        assert (store.get(whole).status, store.get(whole).result) == ("COMPLETED", text)

    def test_exceptions_that_cannot_be_shown_do_not_prevent_the_end(self, tmp_path: Path) -> None:
        """The exception is raised again, and the run is stored as failed, with its type."""
        ids: dict[str, Any] = {}
        for name, error in hostile_errors().items():

            def main(_run: Run, name: str = name, error: BaseException = error) -> None:
                ids[name] = _run._id
                raise error

            found: BaseException | None = None
            try:
                self._run_main(tmp_path, main)
            except BaseException as raised:  # noqa: BLE001 - it is compared with what was raised
                found = raised
            assert found is error, f"{name}: {type(found)} is raised"
        store = self.make_store(tmp_path)
        for name, error in hostile_errors().items():
            run = store.get(ids[name])
            assert run.status == "FAILED", f"{name}: the status is {run.status}"
            trace = "".join(run.fail_trace or ())
            assert type(error).__name__ in trace, f"{name}: the trace is {trace!r:.200}"

    def _run_main(
        self, tmp_path: Path, main: Callable[..., Any], config: Any = None, meta: Any = None
    ) -> Run:
        """Run ``main`` and return the run."""
        options = {"--loglevel": "ERROR", "--beat_interval": _NEVER, "--capture": "no"}
        observer = self.make_observer(tmp_path)
        return run_main(observer, main, tmp_path, config, options=options, meta_info=meta)
