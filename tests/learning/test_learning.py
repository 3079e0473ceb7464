"""Tests of the examples that need scikit-learn, in a session of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

from sacred_core.rerun import rerun

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TRAINING = """
import pickle
from pathlib import Path

from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

from sacred_core import Experiment

ex = Experiment("forest")


@ex.config
def config():
    trees = 3


@ex.automain
def main(trees, _seed, _run):
    x, y = load_iris(return_X_y=True)
    for number in range(1, trees + 1):
        forest = RandomForestClassifier(number, random_state=_seed)
        _run.log_scalar("score", cross_val_score(forest, x, y, cv=3).mean(), number)
    Path("model.pickle").write_bytes(pickle.dumps(forest.fit(x, y)))
    _run.add_artifact("model.pickle")
    return forest.score(x, y)
"""


@pytest.mark.parametrize("name", ["07_magic.py", "08_less_magic.py"])
def test_the_same_task_with_and_without_the_idioms(tmp_path: Path, name: str) -> None:
    """Each trains a model and returns its score."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / name], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Result: 0." in done.stderr


def test_a_trained_model_is_identical_when_it_is_run_again(tmp_path: Path) -> None:
    """The score and the digest of the pickled model are equal, though the script is gone."""
    script = tmp_path / "train.py"
    script.write_text(TRAINING)
    words = [sys.executable, "train.py", "-F", "runs", "with", "trees=5"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    script.unlink()
    verdict = rerun(f"{tmp_path}/runs#1", folder=tmp_path / "again")
    assert verdict.text() == "Identical: 5 points of 1 metric, the result, 1 artifact"
