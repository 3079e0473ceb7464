"""``python -m sacred_core.rerun PLAN``: the process of a rerun, started by `sacred_core.rerun`."""

import sys
from pathlib import Path

from sacred_core.rerun.child import run_plan

if __name__ == "__main__":
    sys.exit(run_plan(Path(sys.argv[1])))
