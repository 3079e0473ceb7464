"""Import the class that every script needs."""

from marks import begin, end

begin()
from sacred_core import Experiment  # noqa: E402, F401

end()
