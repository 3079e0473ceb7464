"""Print many lines."""

import os

from sacred_core import Experiment

SIZE = int(os.environ["SIZE"])
ex = Experiment("lines", save_git_info=False)


@ex.automain
def main():
    for number in range(SIZE):
        print("line", number)
