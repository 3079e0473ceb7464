"""Call the main function of a project of many local modules, in a git repository."""

import importlib
import os

from marks import begin
from sacred_core import Experiment

for number in range(int(os.environ["SIZE"])):
    importlib.import_module("local.module%d" % number)

ex = Experiment("project")


@ex.automain
def main():
    begin()
