"""Write the diagrams of explanations, docs/pictures/*.svg.

.venv/bin/python tools/make_diagrams.py
"""

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.event_diagrams import draw_delivery, draw_kill, draw_record, draw_spool  # noqa: E402
from tools.layer_diagram import draw_layers  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"
#: What draws each picture, by the name of its file.
DIAGRAMS: dict[str, Callable[[], str]] = {
    "configuration-layers.svg": draw_layers,
    "event-delivery.svg": draw_delivery,
    "event-spool.svg": draw_spool,
    "killed-run.svg": draw_kill,
    "recorded-facts.svg": draw_record,
}


def main() -> None:
    """Write all pictures."""
    for name, draw in DIAGRAMS.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8")
        sys.stdout.write(f"docs/pictures/{name}\n")


if __name__ == "__main__":
    main()
