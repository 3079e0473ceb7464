"""Configurations in YAML, read as their authors mean them.

PyYAML reads YAML 1.1. What differs here: numbers like ``1e-3`` are numbers, as in YAML 1.2; dates
and times become strings in ISO 8601, as in JSON; a key that is there twice is an error.
"""

import datetime
import math
import re
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, ScalarNode

_FLOAT = "tag:yaml.org,2002:float"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"
# tag:yaml.org,2002:float of section 10.3.2 of YAML 1.2.2, with an exponent.
_WITH_EXPONENT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$")
_FIRST_CHARACTERS = list("-+.0123456789")


class _Loader(yaml.SafeLoader):
    def compose_mapping_node(self, anchor: Any) -> MappingNode:
        """Refuse duplicate keys: before merge keys (``<<``) add others, which may be overridden."""
        node: MappingNode = super().compose_mapping_node(anchor)
        lines: dict[Any, int] = {}
        for key_node, _ in node.value:
            if isinstance(key_node, ScalarNode) and key_node.tag != _MERGE:
                key, line = self.construct_object(key_node), key_node.start_mark.line + 1
                if key in lines:
                    raise ValueError(
                        f"duplicate key {key!r} in line {line}, first in line {lines[key]}"
                    )
                lines[key] = line
        return node


class _Dumper(yaml.SafeDumper):
    pass


for _class in (_Loader, _Dumper):  # the dumper quotes strings that the loader reads as numbers
    _class.add_implicit_resolver(_FLOAT, _WITH_EXPONENT, _FIRST_CHARACTERS)


def _float(loader: _Loader, node: ScalarNode) -> float | str:
    """Return a number; what is too large for a float, like the commit 123e456, is a string."""
    value: float = loader.construct_yaml_float(node)
    is_too_large = math.isinf(value) and "inf" not in node.value.lower()
    return str(node.value) if is_too_large else value


def _timestamp(loader: _Loader, node: ScalarNode) -> str:
    """Return ISO 8601; what looks like a date and is none, like 2024-02-30, is a string."""
    try:
        value: datetime.date = loader.construct_yaml_timestamp(node)
    except ValueError:
        return str(node.value)
    return value.isoformat()


_Loader.add_constructor(_FLOAT, _float)
_Loader.add_constructor(_TIMESTAMP, _timestamp)


def load_yaml(path: Path) -> Any:
    """Return the content of a YAML file, and no entries for an empty one.

    Raises:
        yaml.YAMLError: it is not YAML, or has tags of other data than plain.
        ValueError: a key is there twice; the message names the line.
    """
    entries = yaml.load(path.read_text(encoding="utf-8-sig"), _Loader)
    return {} if entries is None else entries


def dump_yaml(entries: Any, path: Path) -> None:
    """Write YAML that `load_yaml` reads."""
    text = yaml.dump(entries, Dumper=_Dumper, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
