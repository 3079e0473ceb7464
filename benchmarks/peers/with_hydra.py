"""The question of configuration for Hydra: 200 entries, half of them in ten groups of the file."""

import os
import sys
from pathlib import Path

import hydra

SIZE = int(os.environ["SIZE"])
GROUPS = 10


def entries(count: int, indent: str = "") -> str:
    """Return entries as YAML."""
    return "".join(f"{indent}entry{n}: {{x: {n}, y: [{n}, text]}}\n" for n in range(count))


if not Path("config.yaml").exists():
    parts = (f"part{n}:\n{entries(SIZE // 2 // GROUPS, '  ')}" for n in range(GROUPS))
    Path("config.yaml").write_text(entries(SIZE // 2) + "".join(parts))


@hydra.main(version_base=None, config_path=".", config_name="config")
def configuration(config):
    """Print one entry."""
    print(config.entry0)


sys.argv[1:] = ["entry0.x=7"]
configuration()
