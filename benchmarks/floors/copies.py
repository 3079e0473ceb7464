"""Write and copy many small files."""

import os
import shutil

from marks import begin

os.makedirs("copies", exist_ok=True)
begin()
for number in range(int(os.environ["SIZE"])):
    name = f"file{number}.txt"
    with open(name, "w") as file:
        file.write(f"content {number} " * 100)
    shutil.copyfile(name, f"copies/{name}")
