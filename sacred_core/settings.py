"""The general behaviour of sacred-core, as one tree of settings.

Entries are read and set by attribute or by key: ``SETTINGS.HOST_INFO.CAPTURED_ENV`` is
``SETTINGS["HOST_INFO"]["CAPTURED_ENV"]``. At start-up each may come from the environment:
``SACRED_CAPTURE_MODE=sys``, ``SACRED_HOST_INFO__CAPTURED_ENV=HOME,LANG``.
"""

import copy
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from sacred_core.exceptions import SettingError

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


class SettingsGroup:
    """A fixed set of named entries, checked when they are set.

    Raises:
        SettingError: an entry does not exist or is given a value of another type.
    """

    _path: ClassVar[str] = "SETTINGS"
    _choices: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __init__(self) -> None:
        for name in self:
            object.__setattr__(self, name, copy.deepcopy(getattr(type(self), name)))

    def __iter__(self) -> Iterator[str]:
        return (name for name in vars(type(self))["__annotations__"] if name.isupper())

    def __getitem__(self, name: str) -> Any:
        self._require(name)
        return getattr(self, name)

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        self._require(name)
        object.__setattr__(self, name, self._check(name, value))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what copy and the like look for
            raise AttributeError(name)
        raise self._unknown(name)

    def __repr__(self) -> str:
        return f"{self._path}({', '.join(f'{n}={self[n]!r}' for n in self)})"

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    def __len__(self) -> int:
        return sum(1 for _ in self)  # list() calls len()

    def keys(self) -> list[str]:
        """Return the names of the entries and groups."""
        return list(self)

    def values(self) -> list[Any]:
        """Return the entries and groups."""
        return [self[name] for name in self]

    def items(self) -> list[tuple[str, Any]]:
        """Return names with entries and groups."""
        return [(name, self[name]) for name in self]

    def get(self, name: str, default: Any = None) -> Any:
        """Return the entry or group ``name``, or ``default`` if it does not exist."""
        return self[name] if name in self else default  # noqa: SIM401 - it would call itself

    def update(
        self, entries: "Mapping[str, Any] | Iterable[tuple[str, Any]]" = (), /, **more: Any
    ) -> None:
        """Set several entries; a dictionary for a group sets entries of that group.

        Raises:
            SettingError: an entry does not exist or has another type; those before it are set.
        """
        for name, value in {**dict(entries), **more}.items():
            group = self[name]
            if isinstance(group, SettingsGroup) and isinstance(value, (Mapping, SettingsGroup)):
                group.update(value.items())
            else:
                self[name] = value

    def _require(self, name: str) -> None:
        if name not in set(self):
            raise self._unknown(name)

    def _unknown(self, name: str) -> SettingError:
        from difflib import get_close_matches

        close = get_close_matches(name.upper(), list(self), 1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(self)}"
        return SettingError(f"{self._path} has no entry {name!r}: {hint}")

    def _check(self, name: str, value: Any) -> Any:
        default = getattr(type(self), name)
        if isinstance(default, list) and isinstance(value, (list, tuple, set)):
            value = list(value)
        elif isinstance(default, float) and type(value) is int:
            value = float(value)
        if type(value) is not type(default):
            raise SettingError(
                f"{self._path}.{name} must be of type {type(default).__name__}, got {value!r}"
            )
        return value

    def valid(self, name: str) -> Any:
        """Return the entry ``name`` for use.

        Raises:
            SettingError: it is none of the values that it may have.
        """
        value = self[name]
        if name in self._choices and value not in self._choices[name]:
            allowed = ", ".join(map(repr, self._choices[name]))
            raise SettingError(f"{self._path}.{name} must be one of {allowed}, got {value!r}")
        return value

    def _parse(self, name: str, text: str) -> Any:
        default = getattr(type(self), name)
        if isinstance(default, bool):
            if text.lower() not in _TRUE | _FALSE:
                raise SettingError(f"{self._path}.{name} must be 1 or 0, got {text!r}")
            return text.lower() in _TRUE
        if isinstance(default, (int, float)):
            try:
                return type(default)(text)
            except ValueError:
                raise SettingError(f"{self._path}.{name} must be a number, got {text!r}") from None
        if isinstance(default, list):
            return [part.strip() for part in text.split(",") if part.strip()]
        return text

    def update_from(self, environ: Mapping[str, str], prefix: str = "SACRED_") -> None:
        """Set every entry whose name, after ``prefix``, is in ``environ``.

        Groups are separated by two underscores, items of lists by commas.
        """
        for name in self:
            value = self[name]
            if isinstance(value, SettingsGroup):
                value.update_from(environ, f"{prefix}{name}__")
            elif prefix + name in environ:
                self[name] = self._parse(name, environ[prefix + name])


class ConfigSettings(SettingsGroup):
    """Rules for configurations."""

    _path = "SETTINGS.CONFIG"

    ENFORCE_KEYS_MONGO_COMPATIBLE: bool = True
    ENFORCE_KEYS_JSONPICKLE_COMPATIBLE: bool = True
    ENFORCE_VALID_PYTHON_IDENTIFIER_KEYS: bool = False
    ENFORCE_STRING_KEYS: bool = False
    ENFORCE_KEYS_NO_EQUALS: bool = True
    IGNORED_COMMENTS: list[str] = ["^pylint:", "^noinspection"]
    READ_ONLY_CONFIG: bool = True
    NUMPY_RANDOM_LEGACY_API: bool = False


class HostInfoSettings(SettingsGroup):
    """Information about the machine to record."""

    _path = "SETTINGS.HOST_INFO"

    INCLUDE_GPU_INFO: bool = True
    INCLUDE_CPU_INFO: bool = True
    CAPTURED_ENV: list[str] = []


class CommandLineSettings(SettingsGroup):
    """Rules for the command line."""

    _path = "SETTINGS.COMMAND_LINE"

    STRICT_PARSING: bool = False


class PluginSettings(SettingsGroup):
    """Which plugins are loaded (``DISABLE``: by name), and how loudly."""

    _path = "SETTINGS.PLUGINS"

    DISABLE: list[str] = []
    STRICT: bool = False
    TRACE: bool = False


class SecretSettings(SettingsGroup):
    """Which entries are shown as ``***``.

    Those whose key is, or ends in, one of ``KEYS``, except those of which it is, or ends in, one
    of ``ALLOWED_KEYS``. ``api_key`` matches ``apiKey``, ``API-KEYS`` and ``my.api_key_2`` too.
    """

    _path = "SETTINGS.SECRETS"

    KEYS: list[str] = [
        "password", "passwd", "pwd", "passphrase", "db_pass", "smtp_pass", "user_pass",
        "secret", "token", "credential", "authorization", "basic_auth", "cookie", "webhook",
        "webhook_url", "api_key", "secret_key", "access_key", "private_key", "account_key",
        "auth_key", "encryption_key", "license_key", "master_key", "service_key", "shared_key",
        "signing_key", "ssh_key", "storage_key", "subscription_key",
    ]  # fmt: skip
    ALLOWED_KEYS: list[str] = [
        f"{word}_token"
        for word in (
            "audio bos blank boi class cls completion continuation end eoi eos eot fim first image "
            "initializer input last mask max min new newline next num output pad padding "
            "placeholder prefix prompt sep separator source special start stop sub suffix target "
            "text tool total trigger unk unknown video vocab word"
        ).split()
    ]


class GitSettings(SettingsGroup):
    """Whether uncommitted changes are stored, and their maximum size in bytes."""

    _path = "SETTINGS.GIT"

    SAVE_PATCH: bool = True
    PATCH_LIMIT: int = 1_000_000


class RankSettings(SettingsGroup):
    """Seconds for which ranks of a parallel job wait for the run of rank 0."""

    _path = "SETTINGS.RANKS"

    WAIT: float = 60.0


class Settings(SettingsGroup):
    """The root of the tree: `sacred_core.SETTINGS`. Times are in seconds."""

    _choices = {
        "CAPTURE_MODE": ("no", "sys", "fd"),
        "DISCOVER_SOURCES": ("none", "imported", "sys", "dir"),
        "DISCOVER_DEPENDENCIES": ("none", "imported", "sys", "pkg"),
    }

    CAPTURE_MODE: str = "sys" if sys.platform == "win32" else "fd"
    DEFAULT_BEAT_INTERVAL: float = 10.0
    SPOOL: str = ""
    SPOOL_DIR: str = ""
    DISCOVER_SOURCES: str = "imported"
    DISCOVER_DEPENDENCIES: str = "imported"
    CONFIG: ConfigSettings = ConfigSettings()
    HOST_INFO: HostInfoSettings = HostInfoSettings()
    COMMAND_LINE: CommandLineSettings = CommandLineSettings()
    PLUGINS: PluginSettings = PluginSettings()
    SECRETS: SecretSettings = SecretSettings()
    GIT: GitSettings = GitSettings()
    RANKS: RankSettings = RankSettings()


#: The settings of this process; ``docs/settings.md`` lists them.
SETTINGS = Settings()

#: What is wrong in the environment's settings. It is raised by the first run, not at import,
#: where it would reach the user as a traceback.
environment_error: SettingError | None = None
try:
    SETTINGS.update_from(os.environ)
except SettingError as error:
    environment_error = error
