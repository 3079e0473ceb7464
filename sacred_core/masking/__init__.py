"""Secrets are shown as ``***`` in everything that is recorded or printed.

`mask_value` is for plain data, `mask_text` for strings. What is masked is on one page,
``docs/secrets.md``. The run itself sees the values.
"""

from sacred_core.masking.formats import SecretPattern, use_patterns
from sacred_core.masking.known import note as note_secret
from sacred_core.masking.known import note_environment
from sacred_core.masking.secret_names import is_secret
from sacred_core.masking.text import MASK, mask_text, unfinished_secret
from sacred_core.masking.values import mask_value

__all__ = [
    "MASK",
    "SecretPattern",
    "is_secret",
    "mask_text",
    "mask_value",
    "note_environment",
    "note_secret",
    "unfinished_secret",
    "use_patterns",
]
