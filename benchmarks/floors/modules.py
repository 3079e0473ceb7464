"""Import many local modules."""

import importlib
import os

from marks import begin

for number in range(int(os.environ["SIZE"])):
    importlib.import_module("local.module%d" % number)
begin()
