"""What every store promises of secrets: a real run that is full of them stores none."""

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.experiment import Experiment
from sacred_core.settings import SETTINGS
from sacred_core.testing import secret_samples as samples
from sacred_core.testing.comparing import assert_same
from sacred_core.testing.content_contract import ContentContract


class SecretContract(ContentContract):
    """The part of `StoreContract` that is about secrets.

    The core masks them, so that a store fails only if it records what no event holds.
    """

    def test_no_secret_of_a_run_is_stored(self, tmp_path: Path) -> None:
        """Nothing in the configuration, info, meta, output, result or trace contains a secret."""
        texts = [sample.text for sample in samples.TEXTS]
        entries = [{entry.key: entry.value} for entry in samples.ENTRIES]
        content = {"texts": texts, "entries": entries}

        def main(_run: Any) -> Any:
            assert _run.config["texts"][0] == texts[0], "the run itself does not see its secrets"
            sys.stdout.write("".join(f"{text}\n" for text in texts))
            _run.info = {"content": content, **dict.fromkeys(texts, 1)}
            for text in texts:
                _run.log_scalar("texts", text)
                _run.note(text)
                if "\n" not in text:
                    _run.tag(text)
            return content

        def fail(_run: Any) -> None:
            main(_run)
            raise ValueError("\n".join([*texts, *(entry.value for entry in samples.ENTRIES)]))

        runs = [
            self._secretive_run(tmp_path, command, content, texts[0]) for command in (main, fail)
        ]
        secrets = [sample.secret for sample in samples.TEXTS]
        secrets += [entry.value for entry in samples.ENTRIES]
        found = self._found(tmp_path, runs, secrets)
        assert not found, f"stored in clear: {found}"
        store = self.make_store(tmp_path)
        shown = [sample.stored for sample in samples.TEXTS]
        config = store.get(runs[0]).config
        assert_same(config["texts"], shown, "config.texts")
        assert_same(config["entries"], [{e.key: "***"} for e in samples.ENTRIES], "config.entries")
        assert store.output(runs[0]) == "".join(f"{text}\n" for text in shown)

    def test_what_is_not_secret_is_stored_as_it_is(self, tmp_path: Path) -> None:
        """Numbers, ports, paths, and words that only look like names of secrets are not masked."""
        texts = samples.ORDINARY_TEXTS
        content = {"texts": texts, "entries": samples.ORDINARY_ENTRIES}

        def main(_run: Any) -> Any:
            sys.stdout.write("".join(f"{text}\n" for text in texts))
            _run.info = content
            return content

        run_id = self._secretive_run(tmp_path, main, content, texts[0])
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        for name, found in (("info", run.info), ("result", run.result)):
            assert_same(found, content, name)
        config = {key: value for key, value in run.config.items() if key != "seed"}
        assert_same(config, content, "config")
        assert store.output(run_id) == "".join(f"{text}\n" for text in texts)

    def _secretive_run(
        self, tmp_path: Path, command: Callable[..., Any], config: dict[str, Any], comment: str
    ) -> Any:
        ex = Experiment("secretive", save_git_info=False)
        ex.add_config(config)
        ex.observers.append(self.make_observer(tmp_path))
        ex.main(command)
        discover, SETTINGS.DISCOVER_SOURCES = SETTINGS.DISCOVER_SOURCES, "none"
        try:
            options = {"--comment": comment, "--capture": "sys", "--force": True}
            run = ex.create_run(options=options)
            with contextlib.suppress(ValueError):
                run()
        finally:
            SETTINGS.DISCOVER_SOURCES = discover
        return run._id

    def _found(self, tmp_path: Path, runs: list[Any], secrets: list[str]) -> list[str]:
        store = self.make_store(tmp_path)
        read = "".join(
            repr((store.get(run), store.output(run), store.metrics(run))) for run in runs
        )
        stored = [read, *(data.decode("latin-1") for data in self.stored_bytes(tmp_path))]
        forms = [(secret, (secret, repr(secret)[1:-1])) for secret in secrets]
        return [s for s, both in forms if any(form in text for form in both for text in stored)]
