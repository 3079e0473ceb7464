"""Which names of entries, options and parameters are those of secrets."""

import functools
import re
from collections.abc import Iterable
from typing import Any

from sacred_core.settings import SETTINGS

#: Only so much of the end of a key is looked at.
_LONGEST_KEY = 128
#: A word of a key: ``dbPassword`` has two, ``DBPassword``, ``db-password`` and ``db.password`` too.
_WORD = re.compile(r"[A-Z]++(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]++|\d++|[^\W\d_a-zA-Z]++")
#: Words that end in these are secret too, as in ``PGPASSWORD`` and ``clientsecret``.
_GLUED = ("password", "passwd", "passphrase", "apikey", "secret")
_PASSWORDS = ("password", "passwd", "passphrase", "pwd")
#: Values of the whole line: a header has spaces and semicolons in it.
_HEADERS = ("authorization", "cookie")
_MOST_ANSWERS = 4096


class SecretNames:
    """The rules of ``SETTINGS.SECRETS``, as they were when this was made.

    Attributes:
        last_words: The last word of each secret key, in lower case; each once.
        triggers: Strings of which a text in lower case contains one, if it contains a last word.
    """

    def __init__(self, keys: Iterable[str], allowed: Iterable[str]) -> None:
        words = [found for key in keys if (found := words_of(key))]
        self._keys = frozenset("".join(each) for each in words)
        self._allowed = frozenset("".join(words_of(key)) for key in allowed)
        self._glued = tuple(word for word in _GLUED if word in self._keys)
        self._answers: dict[str, bool] = {}
        last = dict.fromkeys(each[-1] for each in words)
        self.last_words = tuple(last)
        self.triggers = tuple(dict.fromkeys("pass" if "pass" in word else word for word in last))

    def __contains__(self, key: str) -> bool:
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) >= _MOST_ANSWERS:
                self._answers = {}
            answer = self._answers[key] = self._is_secret(words_of(key))
        return answer

    def _is_secret(self, words: list[str]) -> bool:
        ends = {"".join(words[start:]) for start in range(len(words))}
        if not words or ends & self._allowed:
            return False
        return bool(ends & self._keys) or words[-1].endswith(self._glued)


def secret_names() -> SecretNames:
    """Return the rules as the settings are now."""
    global _current
    keys, allowed = SETTINGS.SECRETS.KEYS, SETTINGS.SECRETS.ALLOWED_KEYS
    if _current[0] != keys or _current[1] != allowed:  # a list can be changed in place
        _current = ([*keys], [*allowed], SecretNames(keys, allowed))
    return _current[2]


def is_secret(key: Any) -> bool:
    """Return whether strings under this key are masked: ``db_password`` is, ``pad_token`` is not.

    See ``SETTINGS.SECRETS``.
    """
    return isinstance(key, str) and key[-_LONGEST_KEY:] in secret_names()


def is_password(key: str) -> bool:
    """Return whether integers under this secret key are masked too, as in ``password=1234``."""
    return singular(key).endswith(_PASSWORDS)


def is_token(key: str) -> bool:
    """Return whether a secret key is one of tokens, which may be words of a vocabulary."""
    return singular(key).endswith("token")


def is_header(key: str) -> bool:
    """Return whether the value of a secret key is the rest of the line, as of ``Cookie``."""
    return singular(key).endswith(_HEADERS)


def is_folder(key: str, value: str) -> bool:
    """Return whether an entry is the working directory of a shell."""
    return key == "PWD" and value.startswith("/")


@functools.lru_cache(maxsize=4096)
def singular(key: str) -> str:
    """Return the words of a key as one, in lower case; without an ``s`` or number at its end."""
    return "".join(words_of(key[-_LONGEST_KEY:]))


def words_of(key: str) -> list[str]:
    """Return the words of a key in lower case; without an ``s`` or number at its end."""
    words = [word.lower() for word in _WORD.findall(key)]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    if words and words[-1].endswith("s") and not words[-1].endswith("ss"):
        words[-1] = words[-1][:-1]
    return words


_current: tuple[list[str], list[str], SecretNames] = ([], [], SecretNames((), ()))
