"""Call a function with a new random state of Python."""

import os
import random

from marks import begin, end

SIZE = int(os.environ["SIZE"])


def draw(_rnd, _seed):
    return _seed


begin()
for number in range(SIZE):
    draw(_rnd=random.Random(number), _seed=number)
end()
