"""``python -m sacred_core.worker PLAN``: the process of one run, started by a worker."""

import sys
from pathlib import Path

from sacred_core.worker.child import run_plan

if __name__ == "__main__":
    sys.exit(run_plan(Path(sys.argv[1])))
