"""Make folders with two small files each, like those of a run."""

import os

from marks import begin, end

begin()
for number in range(int(os.environ.get("RUNS", os.environ["SIZE"]))):
    os.makedirs(f"runs/new{os.getpid()}-{number}")
    for name, content in (("run.json", "x" * 2000), ("cout.txt", "")):
        with open(f"runs/new{os.getpid()}-{number}/{name}", "w") as file:
            file.write(content)
end()
