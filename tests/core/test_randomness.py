"""Tests of seeds and generators, in processes of their own where state is global."""

import json
import os
import pickle
import random
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

from sacred_core import SETTINGS, randomness
from sacred_core.randomness import (
    SEEDRANGE,
    CallGenerators,
    CallSeeds,
    create_rnd,
    derived_seed,
    get_seed,
    set_global_seed,
)

HEAD = """
    import json, os, random, sys
    from sacred_core import Experiment, SETTINGS
    ex = Experiment("seeds", save_git_info=False)
    results = {}

    @ex.capture
    def a(_seed, _rnd):
        return [_seed, int(_rnd.integers(10**6))]

    @ex.capture
    def b(_seed):
        return _seed

"""


def results_of(folder: Path, body: str, *args: str, modules: "dict[str, str] | None" = None) -> Any:
    """Run a script and return what it put into ``results``."""
    for name, text in (modules or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    tail = (
        "\nif __name__ == '__main__':\n    ex.run_commandline()\n    print(json.dumps(results))\n"
    )
    (folder / "script.py").write_text(textwrap.dedent(HEAD) + textwrap.dedent(body) + tail)
    command = [sys.executable, "script.py", *args, "-u", "-l", "ERROR", "with", "seed=42"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_derived_seeds_are_fixed_for_ever() -> None:
    """Every version and platform reproduces what is recorded."""
    assert [derived_seed(42, "", "f", n) for n in range(3)] == [1481491176, 2019545999, 2145152928]
    assert derived_seed(42, "a", "f", 0) != derived_seed(42, "b", "f", 0)


DRAWS: dict[str, Callable[[int], int]] = {
    "root": lambda n: get_seed(),
    "derived": lambda n: derived_seed(n, "f"),
    "random": lambda n: get_seed(random.Random(n)),
    "numpy Generator": lambda n: get_seed(numpy.random.default_rng(n)),
    "numpy RandomState": lambda n: get_seed(numpy.random.RandomState(n)),
}


@pytest.mark.parametrize("kind", DRAWS)
def test_seeds_fit_into_32_bits_with_a_sign(kind: str) -> None:
    """Every library takes a seed from 1 to 2**31 - 1, and they use the whole range."""
    assert SEEDRANGE == (1, 2**31 - 1)
    seeds = [DRAWS[kind](n) for n in range(2000)]
    assert all(type(seed) is int for seed in seeds)
    assert 1 <= min(seeds) < 2**24
    assert 2**30 < max(seeds) <= numpy.iinfo(numpy.int32).max


def test_the_lowest_derived_seed_is_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash of zeros gives 1, as some generators refuse 0."""
    digest = SimpleNamespace(digest=lambda: bytes(32))
    monkeypatch.setattr("hashlib.sha256", lambda text: digest)
    assert derived_seed(1) == 1


def test_a_generator_gives_the_same_seed_again() -> None:
    """A seed that is drawn from a generator depends on it alone."""
    assert get_seed(create_rnd(5)) == get_seed(create_rnd(5)) != get_seed(create_rnd(6))


def test_set_global_seed_seeds_random_andnumpy_or_none() -> None:
    """The same seed gives the same numbers."""
    state, legacy_state = random.getstate(), numpy.random.get_state()
    drawn = []
    for _ in range(2):
        set_global_seed(4)
        drawn.append((random.random(), numpy.random.random()))
    random.setstate(state)
    numpy.random.set_state(legacy_state)
    assert drawn[0] == drawn[1]


def test_calls_do_not_disturb_each_other(tmp_path: Path) -> None:
    """The same numbers in another order, and with calls added (section 1.7.4)."""
    first = results_of(tmp_path, """
        @ex.main
        def main():
            results.update(a=[a(), a()], b=[b(), b()])
    """)  # fmt: skip
    other = results_of(tmp_path, """
        @ex.capture
        def added(_rnd):
            return _rnd.random()

        @ex.main
        def main():
            b1 = b()
            random.random(), added(), added()
            a1 = a()
            results.update(a=[a1, a()], b=[b1, b()])
    """)  # fmt: skip
    assert first == other
    assert len({*map(str, first["a"]), *map(str, first["b"])}) == 4


LIBRARIES = {
    "torch/__init__.py": "seeds = []\ndef manual_seed(seed): seeds.append(seed)\n",
    "tensorflow/__init__.py": "from . import random\n",
    "tensorflow/random.py": "seeds = []\ndef set_seed(seed): seeds.append(seed)\n",
}


@pytest.mark.parametrize("when", ["before", "during"])
def test_global_generators_are_seeded(tmp_path: Path, when: str) -> None:
    """Global generators are seeded, of random, numpy, torch and TensorFlow, at the start or when
    they are imported.
    """
    imports = "import numpy, torch, tensorflow"
    results = results_of(
        tmp_path,
        f"""
        {imports if when == "before" else ""}

        @ex.main
        def main():
            {imports}
            results["random"] = random.random()
            results["numpy"] = numpy.random.random()
            results["torch"] = torch.seeds
            results["tensorflow"] = tensorflow.random.seeds
        """,
        modules=LIBRARIES,
    )
    assert results == {
        "random": pytest.approx(0.6394267984578837),
        "numpy": pytest.approx(0.3745401188473625),
        "torch": [42],
        "tensorflow": [42],
    }


def test_no_library_is_imported_to_be_seeded(tmp_path: Path) -> None:
    """No library is imported to be seeded, and one that is imported after the run is left alone."""
    results = results_of(
        tmp_path,
        """
        @ex.main
        def main():
            loaded = [name for name in ("numpy", "torch") if name in sys.modules]
            results.setdefault("loaded", loaded)

        ex.run(options={"--unobserved": True, "--loglevel": "ERROR"})
        import torch
        results["late"] = list(torch.seeds)
        """,
        modules=LIBRARIES,
    )
    assert results == {"loaded": [], "late": []}


def test_a_library_that_cannot_be_seeded_is_still_imported(tmp_path: Path) -> None:
    """The library can be imported, and a warning names it."""
    results = results_of(
        tmp_path,
        """
        @ex.main
        def main():
            import torch
            results["value"] = torch.value
        """,
        modules={"torch/__init__.py": "value = 3\n"},
    )
    assert results == {"value": 3}


@pytest.mark.parametrize("legacy", [True, False])
def test_generators_of_numpy(legacy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new kind, or the legacy one by setting (section 1.7.3)."""
    monkeypatch.setattr("sacred_core.randomness.SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API", legacy)
    assert type(create_rnd(1)).__name__ == ("RandomState" if legacy else "Generator")


def test_generator_without_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without numpy the generator is a `random.Random`."""
    monkeypatch.setattr("sacred_core.randomness.numpy_or_none", lambda: None)
    assert create_rnd(1).random() == pytest.approx(0.13436424411240122)


CHILDREN = {
    "process": """
        import multiprocessing
        context = multiprocessing.get_context("{method}")
        queue = context.Queue()
        processes = [context.Process(target=work, args=(queue, n, a, b)) for n in range(3)]
        for process in processes:
            process.start()
        results["children"] = sorted(queue.get(timeout=60) for _ in processes)
        for process in processes:
            process.join()
    """,
    "futures": """
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        context = multiprocessing.get_context("{method}")
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            results["children"] = [pool.submit(call, n, a, b).result() for n in range(3)]
    """,
    "joblib": """
        import joblib
        backend = {"fork": "multiprocessing", "spawn": "loky"}["{method}"]
        jobs = [joblib.delayed(call)(n, a, b) for n in range(3)]
        results["children"] = joblib.Parallel(2, backend=backend)(jobs)
    """,
}


@pytest.mark.skipif(sys.platform == "win32", reason="fork is a method of POSIX")
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("kind", ["process", "futures", "joblib"])
def test_children_have_seeds_of_their_own(tmp_path: Path, kind: str, method: str) -> None:
    """N children get N different reproducible seeds, and the configuration of the run."""
    body = """
        ex.add_config(size=3)

        @ex.capture
        def sized(size):
            return size

        def call(n, a, b):
            return [n, a()[0], b(), sized()]

        def work(queue, n, a, b):
            queue.put([n, a()[0], b(), SIZED])

        @ex.main
        def main():
            a(), b()
    """
    body = body.replace("SIZED", "sized()" if method == "fork" else "3")
    if method == "spawn":
        body = body.replace("b(), sized()]", "b(), 3]")
    text = textwrap.indent(textwrap.dedent(CHILDREN[kind]), "    ").replace("{method}", method)
    source = textwrap.dedent(body) + text
    first, second = results_of(tmp_path, source), results_of(tmp_path, source)
    assert first == second
    children = first["children"]
    assert [child[0] for child in children] == [0, 1, 2]
    assert len({seed for child in children for seed in child[1:3]}) == 6
    assert [child[3] for child in children] == [3, 3, 3]


def test_plain_fork_sets_children_apart(tmp_path: Path) -> None:
    """Plain fork sets children apart, also children of children; the parent's own calls are as
    without them.
    """
    results = results_of(tmp_path, """
        def child(depth):
            reader, writer = os.pipe()
            pid = os.fork()
            if pid == 0:
                seeds = [b()] + (child(depth - 1) + child(depth - 1) if depth else [])
                os.write(writer, json.dumps(seeds).encode())
                os._exit(0)
            os.waitpid(pid, 0)
            return json.loads(os.read(reader, 10_000))

        @ex.main
        def main():
            results["children"] = child(1) + child(1)
            results["parent"] = b()
    """)  # fmt: skip
    assert len(set(results["children"])) == 6
    assert results["parent"] == derived_seed(42, "", "b", 0)


def test_this_process_was_not_forked() -> None:
    """This process was not forked, or the other tests would have other seeds: they run in the one
    that was started.
    """
    from sacred_core.randomness import lineage

    assert lineage == () or "PYTEST_XDIST_WORKER" in os.environ


def test_seeds_of_calls_are_derived_from_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the root, which may change, the path and the number; of a fork also from its lineage."""
    seeds = CallSeeds("sub", "train")
    expected = [derived_seed(42, "sub", "train", number) for number in range(5)]
    assert [seeds.next(42), seeds.next(42)] == expected[:2]
    assert seeds.following(3) == expected[2:]
    assert seeds.next(42) == expected[2]
    assert seeds.next("other") == derived_seed("other", "sub", "train", 3)
    assert seeds.next(None) == derived_seed(None, "sub", "train", 4)
    monkeypatch.setattr(randomness, "lineage", (2, 1))
    assert seeds.next(42) == derived_seed(42, "sub", "train", 5, "fork 2", "fork 1")


def states_of_calls(count: int) -> list[Any]:
    seeds = CallSeeds("f")
    generators = CallGenerators(seeds)
    found = [generators(seeds.next(42)) for _ in range(count)]
    return [rnd.bit_generator.state for rnd in found]


def test_generators_of_calls_are_those_of_their_seeds() -> None:
    """Whether they are made one by one or prepared for many calls."""
    seeds = [derived_seed(42, "f", number) for number in range(700)]
    assert states_of_calls(700) == [create_rnd(seed).bit_generator.state for seed in seeds]


def test_most_generators_of_calls_are_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """numpy's function, of which a call takes seven times as long, is called a few times only."""
    calls: list[int] = []
    default_rng = numpy.random.default_rng

    def counted(seed: int) -> Any:
        calls.append(seed)
        return default_rng(seed)

    monkeypatch.setattr(numpy.random, "default_rng", counted)
    states_of_calls(10)
    assert len(calls) == 10
    states_of_calls(2_000)
    assert len(calls) < 60


def test_generators_of_calls_follow_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The legacy generator of numpy, and that of the standard library, are not prepared."""
    seeds = CallSeeds("f")
    monkeypatch.setattr(SETTINGS.CONFIG, "NUMPY_RANDOM_LEGACY_API", True)
    legacy = CallGenerators(seeds)
    assert {type(legacy(number)) for number in range(40)} == {numpy.random.RandomState}
    monkeypatch.setattr(randomness, "numpy_or_none", lambda: None)
    standard = CallGenerators(seeds)
    assert {type(standard(number)) for number in range(40)} == {random.Random}


def test_generators_of_calls_are_pickled_as_the_function() -> None:
    """Another process has other seeds: nothing is prepared for it."""
    assert pickle.loads(pickle.dumps(CallGenerators(CallSeeds("f")))) is create_rnd
