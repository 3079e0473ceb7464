"""Write points as lines, without a list of them."""

import os
import time

from marks import begin, end

SIZE = int(os.environ["SIZE"])

begin()
with open("points", "w") as file:
    for step in range(SIZE):
        file.write(f"[{step * 0.5}, {step}, {time.time()}]\n")
end()
