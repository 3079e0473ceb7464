"""Secrets are shown as ``***`` in everything that is recorded or printed.

`masked` is for plain data, `masked_text` for strings. What is masked is on one page,
``docs/secrets.md``. The run itself sees the values.
"""

from sacred_core.masking.formats import SecretPattern, use_patterns
from sacred_core.masking.known import note as note_secret
from sacred_core.masking.known import note_environment
from sacred_core.masking.secret_names import is_secret
from sacred_core.masking.text import MASK, masked_text, unfinished_secret
from sacred_core.masking.values import masked

__all__ = [
    "MASK",
    "SecretPattern",
    "is_secret",
    "masked",
    "masked_text",
    "note_environment",
    "note_secret",
    "unfinished_secret",
    "use_patterns",
]
