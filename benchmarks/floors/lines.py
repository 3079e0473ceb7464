"""Print many lines."""

import os

for number in range(int(os.environ["SIZE"])):
    print("line", number)
