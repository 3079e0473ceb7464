"""Resolve a configuration of many entries, half of them in ten ingredients, and change two."""

import os

from sacred_core import Experiment, Ingredient

SIZE = int(os.environ["SIZE"])
INGREDIENTS = 10


def entries(count):
    return {"entry%d" % n: {"x": n, "y": [n, "text"]} for n in range(count)}


parts = [Ingredient("part%d" % n, save_git_info=False) for n in range(INGREDIENTS)]
for part in parts:
    part.add_config(entries(SIZE // 2 // INGREDIENTS))
ex = Experiment("entries", ingredients=parts, save_git_info=False)
ex.add_config(entries(SIZE // 2))


@ex.automain
def main(entry0):
    print(entry0)
