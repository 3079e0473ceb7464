#!/usr/bin/env python3
"""
The task of 07_magic.py in plain Python: a dictionary, one argument, and an explicit run.

The configuration, score and result are recorded in the same way.
"""

from sklearn import datasets, svm
from sklearn.model_selection import train_test_split

from sacred_core import Experiment

ex = Experiment("svm")
ex.add_config({"C": 1.0, "gamma": 0.7, "kernel": "rbf", "seed": 42})


def get_model(C, gamma, kernel):  # noqa: N803 - the parameter's usual name
    return svm.SVC(C=C, kernel=kernel, gamma=gamma)


@ex.main
def run(_config):
    x, y = datasets.load_breast_cancer(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=0.2, random_state=_config["seed"]
    )
    model = get_model(_config["C"], _config["gamma"], _config["kernel"])
    model.fit(x_train, y_train)
    score = model.score(x_test, y_test)
    ex.log_scalar("score", score)
    return score


if __name__ == "__main__":
    ex.run()
