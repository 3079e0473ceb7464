"""List the names in a folder of runs."""

import os

from marks import begin, end

begin()
names = os.listdir("runs")
end()
