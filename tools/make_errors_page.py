"""Write docs/errors.md from the docstrings of the errors and from the code that raises them.

.venv/bin/python tools/make_errors_page.py

The docstring of an error has a summary, and paragraphs that begin with ``Cause:`` and ``Fix:``. The
messages are the strings with which the code creates the error; ``…`` replaces values. Nothing is
imported, so that no plugin has to be installed.
"""

import ast
import builtins
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
CORE = "sacred-core"
#: Word characters of the shortest message that helps to find an error.
SHORTEST = 8
#: What a private base class is for users.
PRIVATE = {"_ReadableKeyError": "KeyError"}
#: Errors that sacred-core handles itself: no user gets one.
INTERNAL = {
    "Abandoned": "ends the delivery to an observer for which the run does not wait any longer",
    "AmbiguityError": "a value that Sacred stored is read in another way",
    "NotS3Error": "becomes a BucketAwayError",
    "OtherRunError": "becomes a RunRemovedError",
    "RunEnd": "ends the script of a rerun after its run",
    "RunStop": "ends the code of a run that another process has resumed; see RunLostError",
    "StoppedError": "ends a worker",
    "UnreadableTagError": "a value that Sacred stored is shown as it is stored",
}
#: The errors of the core by area, with the page that has more about it.
AREAS = {
    "Base classes": ("mistakes.md", "SacredError SacredInterrupt"),
    "Experiments and functions": (
        "guide.md",
        "DecoratorError FunctionKindError InteractiveError CommandNotFoundError NoCommandError "
        "RunningLoopError RunStartedTwiceError OptionHookError HookSignatureError",
    ),
    "Configuration": (
        "configuration.md",
        "ConfigError ConfigAddedError MissingConfigError ConfigKeyError ConfigPathError "
        "ConfigValueError ReadOnlyConfigError NamedConfigNotFoundError ConfigScopeError "
        "SourceChangedError ConfigArgumentError CircularDependencyError InvalidConfigError "
        "ConfigFileError ConfigFileNotFoundError ConfigFileAccessError",
    ),
    "Command line and settings": (
        "command-line.md",
        "UsageError UpdateError OptionError UnknownOptionError OutputError SettingError",
    ),
    "Runs": (
        "run-lifecycle.md",
        "NoRunError AmbiguousRunError ForkedRunError MetricValueError AnnotationError "
        "ArtifactNameTakenError ArtifactNotFoundError SpecialFileError ChangingFileError "
        "PackageVersionError SkipHostInfo TimeoutInterrupt Terminated",
    ),
    "Observers and delivery": (
        "delivery.md",
        "ObserverStartError ObserverTimeoutError ObserverSignatureError UnavailableError "
        "RunIdError RunRemovedError SpoolError RankError",
    ),
    "Stores": (
        "reading-runs.md",
        "StoreError RunNotFoundError QueryError DamagedRecordError InvalidFileError "
        "OutsideStoreError NotARunError ChangeTokenError SignificanceError",
    ),
    "Resuming and running again": (
        "resuming-runs.md",
        "ResumeError RunLostError RerunError MissingValuesError NotExecutableError",
    ),
    "Plugins": ("hooks.md", "PluginError PluginLoadError PluginClashError"),
    "Deprecations": ("compatibility.md", "SacredDeprecationWarning"),
}
HEAD = """# Errors

For everyone who has a message and looks for its cause: every error that sacred-core and its plugins
raise, with what to do, and its messages. Search this page for some words of the message; `…`
replaces names and values.
[Mistakes and their messages](mistakes.md) shows what is typed and what is printed.

Errors of the core are in `sacred_core.exceptions`, unless another module is named. `except
SacredError` catches all that a user can correct; most are also errors of the kind that Python
raises in such a case, such as `ValueError`. In Python, `help(sacred_core.exceptions.StoreError)`
shows cause and fix, too. `tools/make_errors_page.py` generates this page from the classes and from
the code that raises them.

| area | errors |
| --- | --- |
"""


Trees = dict[Path, ast.Module]
Functions = dict[str, ast.FunctionDef]


class ErrorClass(NamedTuple):
    """An error class.

    Attributes:
        name: Its name.
        bases: The names of its base classes.
        module: Its module.
        distribution: That has it.
        doc: Its docstring.
    """

    name: str
    bases: tuple[str, ...]
    module: str
    distribution: str
    doc: str

    @property
    def summary(self) -> str:
        """The paragraphs of the docstring before the cause."""
        return self.doc.partition("\n\nCause: ")[0]

    def part(self, name: str) -> str:
        """Return the paragraph that begins with ``name``, without this word."""
        found = re.search(rf"(?ms)^{name}: (.+?)(?:\n\n|\Z)", self.doc)
        return found[1] if found else ""


def page() -> str:
    """Return the page."""
    trees = source_trees()
    classes = {each.name: each for each in error_classes(trees)}
    messages = _messages(trees, classes)
    sections = _sections(classes)
    parts = [HEAD]
    for title, (_, names) in sections.items():
        links = ", ".join(f"[{name}](#{name.lower()})" for name in names)
        parts.append(f"| [{title}](#{_anchor(title)}) | {links} |\n")
    for title, (more, names) in sections.items():
        parts.append(f"\n## {title}\n\nSee also: {_link(more)}.\n")
        parts += [_entry(classes[name], classes, messages[name]) for name in names]
    return "".join(parts)


def source_trees() -> Trees:
    """Return the parsed files of the core and of the plugins."""
    files = [*(ROOT / "sacred_core").rglob("*.py"), *(ROOT / "plugins").glob("*/src/**/*.py")]
    return {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(files)
        if "testing" not in path.parts
    }


def error_classes(trees: Trees) -> list[ErrorClass]:
    """Return the classes of errors that users can get, in the order of their files."""
    bases: dict[str, list[str]] = {}
    found = []
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = [ast.unparse(base) for base in node.bases]
                found.append((node, path))
    return [
        ErrorClass(
            node.name,
            tuple(PRIVATE.get(base, base) for base in bases[node.name]),
            _module(path),
            _distribution(path),
            ast.get_docstring(node) or "",
        )
        for node, path in found
        if node.name[:1] != "_" and node.name not in INTERNAL and _is_error(node.name, bases)
    ]


def _is_error(name: str, bases: dict[str, list[str]]) -> bool:
    if name in bases:
        return any(_is_error(base, bases) for base in bases[name] if base != name)
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[3:] if parts[0] == "plugins" else parts)


def _distribution(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "plugins" else CORE


def _sections(classes: dict[str, ErrorClass]) -> dict[str, tuple[str, list[str]]]:
    """Return the page to read and the errors of each section: areas of the core, then plugins."""
    sections = {title: (more, names.split()) for title, (more, names) in AREAS.items()}
    for each in classes.values():
        if each.distribution != CORE:
            readme = f"../plugins/{each.distribution}/README.md"
            sections.setdefault(each.distribution, (readme, []))[1].append(each.name)
    return sections


def _entry(error: ErrorClass, classes: dict[str, ErrorClass], messages: list[str]) -> str:
    where = "" if error.module == "sacred_core.exceptions" else f" In `{error.module}`."
    kinds = [
        _kind(base, classes) for base in error.bases if base not in ("SacredError", "Exception")
    ]
    also = f" It is {' and '.join(kinds)}." if kinds else ""
    lines = [
        f"\n### {error.name}\n",
        f"{_markdown(error.summary, classes)}{also}{where}\n",
        *(f"- **{name}**: {_markdown(error.part(name), classes)}" for name in ("Cause", "Fix")),
    ]
    if messages:
        lines += ["- **Messages**:", *(f"  - {each}" for each in messages)]
    return "\n".join(lines) + "\n"


def _kind(base: str, classes: dict[str, ErrorClass]) -> str:
    """Return the name of a base class with its article."""
    name = f"[{base}](#{base.lower()})" if base in classes else f"`{base}`"
    return f"{'an' if base[0] in 'AEIOU' and base != 'UsageError' else 'a'} {name}"


def _messages(trees: Trees, classes: dict[str, ErrorClass]) -> dict[str, list[str]]:
    """Return the messages of each class, sorted; those of plugins with the plugin."""
    found: dict[str, set[str]] = {name: set() for name in classes}
    for path, tree in trees.items():
        functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        for call, scope in _calls(tree):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            text = _template(call.args[0], scope, functions) if name in found else ""
            if len(re.findall(r"\w", text)) >= SHORTEST:
                owner = _distribution(path)
                plugin = "" if owner in (CORE, classes[name].distribution) else f" ({owner})"
                found[name].add(_code(text) + plugin)
    return {name: sorted(texts, key=str.casefold) for name, texts in found.items()}


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, ast.FunctionDef]]:
    """Yield the calls with arguments in functions, with the function that each is in."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and node.args:
                    yield node, function


def _template(node: ast.expr, scope: ast.FunctionDef, functions: Functions) -> str:
    """Return the string that an expression creates, with ``…`` for what is not known."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_template(part, scope, functions) for part in parts)
        case ast.BinOp(left=left, right=right, op=ast.Add()):
            return _template(left, scope, functions) + _template(right, scope, functions)
        case ast.Name(id=name):
            values = [value for value in map(_assigned_to(name), ast.walk(scope)) if value]
            return _template(values[0], scope, {}) if len(values) == 1 else "…"
        case ast.Call(func=ast.Name(id=name)) if name in functions:
            returned = [n.value for n in ast.walk(functions[name]) if isinstance(n, ast.Return)]
            if len(returned) == 1 and returned[0]:
                return _template(returned[0], functions[name], {})
    return "…"


def _assigned_to(name: str) -> Callable[[ast.AST], ast.expr | None]:
    """Return a function that returns the value of a statement that assigns to the variable."""

    def value(node: ast.AST) -> ast.expr | None:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return node.value
        return None

    return value


def _code(text: str) -> str:
    """Return a message as code in one line."""
    line = re.sub(r"…[\s…]*…", "…", " ".join(text.split()))
    return f"`` {line} ``" if "`" in line else f"`{line}`"


def _markdown(text: str, classes: dict[str, ErrorClass]) -> str:
    """Return the text of a docstring as Markdown, with links to errors and pages."""
    line = " ".join(text.split())
    line = re.sub(r"``(.+?)``", lambda found: found[0].replace("``", "\0"), line)
    line = re.sub(r"`docs/([\w-]+\.md)`", lambda found: _link(found[1]), line)
    line = re.sub(
        r"`(\w+)`",
        lambda found: f"[{found[1]}](#{found[1].lower()})" if found[1] in classes else found[0],
        line,
    )
    return line.replace("\0", "`")


def _link(page: str) -> str:
    title = (ROOT / "docs" / page).read_text(encoding="utf-8").partition("\n")[0].strip("# ")
    return f"[{title}]({page})"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


if __name__ == "__main__":
    (ROOT / "docs" / "errors.md").write_text(page(), encoding="utf-8")
