"""Append points to a list, and write them as lines with one write."""

import json
import os
import time

from marks import begin, end

SIZE = int(os.environ["SIZE"])
points = []

begin()
for step in range(SIZE):
    points.append((step * 0.5, step, time.time()))
end()
with open("points", "w") as file:
    file.write("".join(map(json.dumps, points)))
