"""Compare with Sacred and other tools: ``python -m benchmarks [OPTION...]``."""

import sys

from benchmarks.compare import main

if __name__ == "__main__":
    main(sys.argv[1:])
