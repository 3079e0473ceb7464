"""Make folders with two small files each, like those of a run."""

import os

from marks import begin, end

begin()
for number in range(int(os.environ["SIZE"])):
    os.makedirs(f"runs/{number}")
    for name, content in (("run.json", "x" * 2000), ("cout.txt", "")):
        with open(f"runs/{number}/{name}", "w") as file:
            file.write(content)
end()
