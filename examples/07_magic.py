#!/usr/bin/env python3
"""
A standard machine learning task with scopes, captured functions and automain.

It needs scikit-learn. 08_less_magic.py solves the same task without these features.
"""

from sklearn import datasets, svm
from sklearn.model_selection import train_test_split

from sacred_core import Experiment

ex = Experiment("svm")


@ex.config
def cfg():
    C = 1.0  # how much errors cost
    gamma = 0.7  # how far one example reaches
    kernel = "rbf"
    seed = 42


@ex.capture
def get_model(C, gamma, kernel):  # noqa: N803 - the parameter's usual name
    return svm.SVC(C=C, kernel=kernel, gamma=gamma)


@ex.automain
def run(_run, _seed):
    x, y = datasets.load_breast_cancer(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=_seed)
    model = get_model()
    model.fit(x_train, y_train)
    score = model.score(x_test, y_test)
    _run.log_scalar("score", score)
    return score
