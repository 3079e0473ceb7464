"""Write docs/mistakes.md from the rows in tests/mistakes.

.venv/bin/python tools/make_mistakes_page.py
"""

import difflib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
HEAD = """# Mistakes and their messages

What is printed when a command line, a location or a plugin is wrong. Exit codes are described in
[The command line](command-line.md). `tools/make_mistakes_page.py` generates this page from the rows
in `tests/mistakes/`, which a test tries. `…` replaces what differs between machines.

The script `train.py`:

```python title="train.py"
{script}```
"""


def page() -> str:
    """Return the page."""
    table = _table()
    areas = table.areas()
    parts = [HEAD.format(script=table.TRAIN)]
    for area in areas.values():
        parts.append(f"## {area.TITLE}\n\n{area.INTRODUCTION}\n")
        parts.append("\n".join([*_rows(area, table.TRAIN), ""]))
    return "\n".join(parts)


def _table() -> Any:
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module("tests.mistakes.table")


def _rows(area: Any, usual: str) -> Iterator[str]:
    yield "| mistake | typed | exit code | printed |"
    yield "| --- | --- | --- | --- |"
    for row in area.ROWS:
        needs = [(each.__doc__ or "").partition("\n")[0].rstrip(".") for each in row.needs]
        changed = difflib.ndiff(usual.splitlines(), row.script.splitlines())
        other = [_code(line[2:]) for line in changed if line[:2] == "+ " and line[2:].strip()]
        settings = [f"`{name}={value}`" for name, value in row.environment.items()]
        given = ", ".join([*needs, *settings])
        what = "<br>".join([f"{row.what} (with {given})" if given else row.what, *other])
        printed = "<br>".join(map(_code, row.printed.splitlines())) or "nothing"
        yield f"| {what} | {_code(row.typed)} | {row.code} | {printed} |"


def _code(line: str) -> str:
    """Return a line as code in a cell of a table."""
    fence = "``" if "`" in line else "`"
    return f"{fence}{line.replace('|', chr(92) + '|')}{fence}" if line.strip() else ""


if __name__ == "__main__":
    (ROOT / "docs" / "mistakes.md").write_text(page(), encoding="utf-8")
