"""Call a function with two values."""

import os

from marks import begin, end

SIZE = int(os.environ["SIZE"])


def add(a, b):
    return a + b


begin()
for _ in range(SIZE):
    add(a=1, b=2)
end()
