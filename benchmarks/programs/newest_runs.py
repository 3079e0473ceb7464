"""List the newest 50 runs of a folder."""

from marks import begin, end
from sacred_core.stores import find_runs, open_store

begin()
found = find_runs(open_store("runs"), limit=50)
end()
assert len(found) == 50, found
