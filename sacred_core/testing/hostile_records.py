"""Records that no backend writes: mutations of real ones, the same for each seed.

They imitate what other programs, editors, broken disks and attackers leave in a store. None may
hide, change or damage another run.
"""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

#: Strings that `HostileRecords.text` replaces by JSON that Python cannot write.
DIGITS, DEEP = "@@DIGITS@@", "@@DEEP@@"
_AS_TEXT = {DIGITS: "9" * 5_000, DEEP: "[" * 100_000 + "]" * 100_000}

_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 2**31, 2**63 - 1, float("nan"), float("inf"), "", "x", "5", "RUNNING",
    "\x1b]52;c;QUFB\x07", "\x1b[2J\r\n\x9b31m", "\u202egnp.exe", "nul\0", "\ud800",
    "../../../../etc/passwd", "/etc/passwd", "..\\..\\x", "a/../../b", "~root/.ssh/id_rsa",
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-13-45", "10000-01-01",
    "{TinyDate}:0001-01-01T00:00:00+14:00", '{TinyFile}:"../../x"', "{TinyArray}:[",
    [], {}, [[]], [None], [[None, None]], [["a", "/etc/passwd"]], [["a", "../outside"]],
    [["a", 5]], [[{}, []]], ["a", "a"], {"": None}, {"a": {"a": {"a": [{}]}}},
    {"py/object": "os.system", "py/state": []}, {"py/reduce": [{"py/type": "os.system"}, ["x"]]},
    {"py/id": 99}, {"%json": "{"}, {"%json": 5}, {"%file": "x"}, {"file_id": 1}, {"name": []},
    DIGITS, DEEP,
)  # fmt: skip


class HostileRecords:
    """Mutates records.

    Args:
        seed: Of the random numbers.
        depth: The deepest nesting that the store can be given at all, None for any.
    """

    def __init__(self, seed: int, depth: int | None = None) -> None:
        self.random = random.Random(seed)
        self._depth = depth

    def value(self) -> Any:
        """Return a value that fits nowhere."""
        if self._depth is None:
            return copy.deepcopy(self.random.choice(_VALUES))
        nested: Any = []
        for _ in range(self.random.randrange(self._depth)):
            nested = [nested] if self.random.random() < 0.5 else {"a": nested}
        plain = [value for value in _VALUES if not isinstance(value, str) or value[:2] != "@@"]
        return copy.deepcopy(self.random.choice([*plain, nested]))

    def mutate(self, record: Any) -> Any:
        """Return a copy of plain ``record`` that differs at one to four places."""
        changed = copy.deepcopy(record)
        if self.random.random() < 0.05:
            return self.value()
        for _ in range(self.random.randint(1, 4)):
            places = list(_containers(changed))
            if places:
                self._change(self.random.choice(places))
        return changed

    def text(self, record: Any) -> bytes:
        """Return JSON text of a changed record, which may be cut off or not be UTF-8."""
        text = json.dumps(self.mutate(record), indent=self.random.choice([None, 2]))
        for mark, literal in _AS_TEXT.items():
            text = text.replace(f'"{mark}"', literal)
        data = text.encode()
        position = self.random.randrange(len(data) + 1)
        kind = self.random.random()
        if kind < 0.05:
            return data[:position]
        if kind < 0.1:
            return data[:position] + b"\xff\xfe\x00" + data[position:]
        if kind < 0.12:
            return self.random.choice([b"", b"null", b"\xef\xbb\xbf{}", b"{}{}", b"\0" * 100])
        return data

    def _change(self, container: Any) -> None:
        if isinstance(container, list):
            position = self.random.randrange(len(container) + 1)
            if position < len(container) and self.random.random() < 0.5:
                container[position] = self.value()
            else:
                container.insert(position, self.value())
            return
        keys = list(container)
        if not keys or self.random.random() < 0.1:
            container[self.random.choice(["", "a.b", "$x", "\x1b[2J", "é"])] = self.value()
            return
        key = self.random.choice(keys)
        if self.random.random() < 0.2:
            del container[key]
        elif self.random.random() < 0.1:
            container[key] = [container[key]]
        else:
            container[key] = self.value()


def _containers(value: Any) -> Iterator[Any]:
    """Yield dictionaries and lists; those further up more often, as more depends on them."""
    if isinstance(value, (dict, list)):
        yield from [value] * 4
        for item in value.values() if isinstance(value, dict) else value:
            yield from _containers(item)
