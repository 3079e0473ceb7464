"""From any Python value to plain data, to JSON text, and back.

Plain data is None, bool, int, float, str, list, and dict with string keys. What goes into an event,
a configuration or a JSON file passes through `plain`; ``docs/values.md`` has the table of forms.
Reading yields plain data only: nothing that was stored is ever executed.
"""

from sacred_core.serialization.conversion import is_same_data, key_clash, plain
from sacred_core.serialization.escapes import SURROGATES, escape, unescape
from sacred_core.serialization.json_text import (
    NON_FINITE,
    column_json,
    column_values,
    encodable,
    from_json,
    is_tagged,
    number,
    strict_json,
    to_json,
)
from sacred_core.serialization.unreadable import (
    INTERRUPTS,
    message_of,
    reason_of,
    type_name,
    unreadable,
)

__all__ = [
    "INTERRUPTS",
    "NON_FINITE",
    "SURROGATES",
    "column_json",
    "column_values",
    "encodable",
    "escape",
    "from_json",
    "is_same_data",
    "is_tagged",
    "key_clash",
    "message_of",
    "number",
    "plain",
    "reason_of",
    "strict_json",
    "to_json",
    "type_name",
    "unescape",
    "unreadable",
]
