"""The source of a config scope, and how it is made to respect fixed entries.

A scope stays an ordinary function, so that closures, comprehensions and lambdas over its
entries work as everywhere in Python. Only where an entry is fixed from outside is its tree
changed: after each statement that touches the entry, it is set again to what is fixed.
"""

import ast
import copy
import functools
import inspect
import linecache
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CellType, CodeType, FunctionType
from typing import Any, cast

from sacred_core.exceptions import ConfigScopeError, SourceChangedError
from sacred_core.loaded_code import is_comparable, line_of

_FIX = "__sacred_fix__"
_FACTORY = "__sacred_factory__"
_ANY_STRING = "<string>"
#: What has separate names.
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_FUTURES = 0x1FF0000  # the bits of co_flags that ``from __future__`` sets

Fix = Callable[[str, Any], Any]


class ScopeSource:
    """The parsed source of ``function``.

    Attributes:
        lines: Its source lines, decorators included, as they are in the file.
        imported: Names that are bound by an import inside the scope.
        defined: Names that are bound by ``def`` or ``class`` inside the scope.
        assigned: Names that are bound in other ways, by assignments above all.

    Raises:
        ConfigScopeError: the source is not available, or returns or yields.
        SourceChangedError: what is in the file is not the source of the function.
    """

    def __init__(self, function: FunctionType) -> None:
        self.function = function
        self.code = function.__code__
        self.first_line = self.code.co_firstlineno
        self._codes: dict[frozenset[str], CodeType] = {}
        following = self._read_lines()
        try:
            self.lines = _indented_block(following)
            self._definition = self._parse()
        except SyntaxError:  # a string or an expression has lines that are not indented
            self.lines = inspect.getblock(following)
            self._definition = self._parse()
        text = "".join(self.lines)
        if "return" in text or "yield" in text:
            self._refuse_jumps()
        has_imports = "import" in text
        self.imported = frozenset(_imported_names(self._definition)) if has_imports else frozenset()
        self.defined = frozenset(_defined_names(self._definition))
        self.assigned = frozenset(_assigned_names(self._definition))

    @functools.cached_property
    def docs(self) -> dict[str, str]:
        """Comments of entries; under ``""`` the docstring."""
        docs: dict[str, str] = {}
        if any("#" in line for line in self.lines):
            from sacred_core.config.entry_docs import entry_docs  # reads token by token

            docs = entry_docs(self._definition, self.lines, self.first_line)
        text = ast.get_docstring(self._definition)
        return {**docs, "": text} if text else docs

    def defines(self, name: str, value: Any) -> bool:
        """Return whether ``value`` is a function or class that the scope itself defines."""
        return name in self.defined and callable(value)

    def evaluate(self, arguments: dict[str, Any], fixed: set[str], fix: Fix) -> dict[str, Any]:
        """Call the scope and return its local variables, as they are at its end.

        Args:
            arguments: Values of its parameters.
            fixed: Names of entries that are fixed, wholly or in part.
            fix: Called with a fixed name and the value that the scope gave it; returns the
                value to go on with.
        """
        code = self.function.__code__
        own = set(code.co_varnames) | set(code.co_cellvars)
        values: dict[str, Any] = self._collecting(fixed & own, fix)(**arguments)
        return {name: values[name] for name in values if name in own}

    def _collecting(self, fixed: set[str], fix: Fix) -> FunctionType:
        """Return the scope as a function that fixes entries and returns its locals."""
        key = frozenset(fixed)  # runs in a loop fix the same entries
        code = self._codes.get(key) or self._codes.setdefault(key, self._compile(fixed))
        cells = dict(
            zip(self.function.__code__.co_freevars, self.function.__closure__ or (), strict=True)
        )
        cells[_FIX] = CellType(fix)
        function = FunctionType(
            code,
            self.function.__globals__,
            self.function.__name__,
            self.function.__defaults__,
            tuple(cells[name] for name in code.co_freevars),
        )
        function.__kwdefaults__ = self.function.__kwdefaults__ or {}
        return function

    def _compile(self, fixed: set[str]) -> CodeType:
        definition = self._collecting_definition(fixed)
        free = [*self.function.__code__.co_freevars, _FIX]
        factory = cast(
            ast.FunctionDef, ast.parse(f"def {_FACTORY}({', '.join(free)}): pass").body[0]
        )
        factory.body = [definition]
        module = ast.Module(body=[factory], type_ignores=[])
        flags = self.function.__code__.co_flags & _FUTURES
        filename = self.function.__code__.co_filename
        whole = compile(module, filename, "exec", flags, True)
        code = _inner_code(_inner_code(whole, _FACTORY), definition.name)
        return _rename_code(code, code.co_qualname, self.function.__qualname__)

    def _collecting_definition(self, fixed: set[str]) -> ast.FunctionDef:
        """Return the definition of `_collecting`; it is parsed anew only if it must change."""
        definition = copy.copy(self._definition) if not fixed else self._parse()
        definition.decorator_list = []
        body = _Fixing(fixed).body(definition.body) if fixed else definition.body
        definition.body = [*body, _statement("return locals()", definition)]
        return ast.fix_missing_locations(definition) if fixed else definition

    def _read_lines(self) -> list[str]:
        """Return the lines of the file from the first one of the scope on."""
        code = self.code
        linecache.checkcache(code.co_filename)  # a reloaded module may have a new source
        lines = linecache.getlines(code.co_filename, self.function.__globals__)
        is_file = bool(lines) or Path(code.co_filename).is_file()  # it may be empty by now
        if is_file and is_comparable(self.function.__globals__):
            line = line_of("".join(lines), code.co_filename, code)
            if line is None:  # the cache takes a file of equal size and time for unchanged
                linecache.cache.pop(code.co_filename, None)
                lines = linecache.getlines(code.co_filename, self.function.__globals__)
                line = line_of("".join(lines), code.co_filename, code)
            if line is None:
                raise SourceChangedError(
                    f"{code.co_filename!r} has changed since it was loaded: the config scope "
                    f"{self.function.__name__!r} runs as it was loaded, without its comments"
                )
            self.first_line = line
        # Each exec has this name; since Python 3.13, the cache has the source of ``python -c``.
        if code.co_filename == _ANY_STRING and line_of("".join(lines), _ANY_STRING, code) is None:
            lines = []
        if len(lines) < self.first_line:
            raise ConfigScopeError(
                f"the source of the config scope {self.function.__name__!r} "
                f"({code.co_filename!r}) is not available: define it in a file, or use a "
                "dictionary with add_config"
            )
        return lines[self.first_line - 1 :]

    def _parse(self) -> ast.FunctionDef:
        """Parse the block at its place: dedenting would change multi-line strings."""
        is_nested = self.lines[0][:1].isspace()
        text = ("if True:\n" if is_nested else "") + "".join(self.lines)
        first = ast.parse(text).body[0]
        if is_nested and isinstance(first, ast.If):
            first = first.body[0]
        if not isinstance(first, ast.FunctionDef) or first.name != self.function.__name__:
            raise ConfigScopeError(
                f"{self._place(self.first_line)}: a config scope must be a plain function, got "
                f"{self.function.__name__!r}"
            )
        ast.increment_lineno(first, self.first_line - (2 if is_nested else 1))
        return first

    def _refuse_jumps(self) -> None:
        for node in _own_nodes(self._definition):
            if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
                kind = "return" if isinstance(node, ast.Return) else "yield"
                raise ConfigScopeError(
                    f"{self._place(node.lineno)}: the config scope {self.function.__name__!r} "
                    f"must not {kind}: its local variables are the configuration"
                )

    def _place(self, line: int) -> str:
        return f"{self.function.__code__.co_filename}:{line}"


class _Fixing(ast.NodeTransformer):
    """Sets the names in ``fixed`` again after each statement that binds or mentions them."""

    def __init__(self, fixed: set[str]) -> None:
        self._fixed = fixed

    def body(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Return ``statements`` with the fixing ones among them."""
        done: list[ast.stmt] = []
        for statement in statements:
            done += self._with_fixes(statement)
        return done

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        """``(a := value)`` becomes ``(a := fix('a', value))``."""
        self.generic_visit(node)
        if node.target.id in self._fixed:
            source = f"{_FIX}({node.target.id!r}, None)"
            call = cast(ast.Call, ast.parse(source, mode="eval").body)
            call.args[1] = node.value
            node.value = ast.copy_location(call, node)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Leave functions inside the scope alone."""
        return node

    def _with_fixes(self, statement: ast.stmt) -> list[ast.stmt]:
        if isinstance(statement, _NESTED):
            return [statement, *self._fixes({statement.name}, statement)]
        if isinstance(statement, ast.Delete):
            return [statement]
        inner = [name for name in ("body", "orelse", "finalbody") if getattr(statement, name, None)]
        inner += [name for name in ("handlers", "cases") if getattr(statement, name, None)]
        if not inner:
            self.visit(statement)
            return [statement, *self._fixes(_mentioned_names(statement), statement)]
        return [self._compound(statement)]

    def _compound(self, statement: ast.stmt) -> ast.stmt:
        """Fix what a ``for``, ``with``, ``except`` or ``case`` binds at the start of its body."""
        for field, value in ast.iter_fields(statement):
            if field in ("handlers", "cases"):
                for part in value:
                    self._visit_part(part)
            elif field in ("body", "orelse", "finalbody"):
                setattr(statement, field, self.body(value))
            elif isinstance(value, ast.AST):
                self.visit(value)
            elif field == "items":
                for item in value:
                    self.visit(item)
        header = [getattr(statement, "target", None)]
        header += [item.optional_vars for item in getattr(statement, "items", [])]
        names = {name for part in header if part is not None for name in _mentioned_names(part)}
        if names:
            statement.body[:0] = self._fixes(names, statement)  # type: ignore[attr-defined]
        return statement

    def _visit_part(self, part: ast.ExceptHandler | ast.match_case) -> None:
        names = _captured_names(part)
        guard = getattr(part, "guard", None)
        if isinstance(part, ast.match_case) and guard is not None:
            part.guard = self._fixed_guard(self.visit(guard), names)
        part.body = self._fixes(names, part) + self.body(part.body)

    def _fixed_guard(self, guard: ast.expr, names: set[str]) -> ast.expr:
        """Return ``guard`` after what fixes the names that its pattern binds."""
        fixes = [f"({name} := {_FIX}({name!r}, {name}))" for name in sorted(names & self._fixed)]
        if not fixes:
            return guard
        both = cast(ast.BoolOp, ast.parse(f"[{', '.join(fixes)}] and None", mode="eval").body)
        both.values[1] = guard
        return ast.copy_location(both, guard)

    def _fixes(self, names: set[str], place: ast.AST) -> list[ast.stmt]:
        # A name may be mentioned where it is not bound yet: then there is nothing to fix.
        return [
            _statement(f"try: {name} = {_FIX}({name!r}, {name})\nexcept NameError: pass", place)
            for name in sorted(names & self._fixed)
        ]


def _indented_block(lines: Sequence[str]) -> list[str]:
    """Return the first lines up to the end of a function, which is found by its indentation.

    `inspect.getblock` reads each token instead, which takes longer than all else that a scope
    needs.

    Raises:
        SyntaxError: no function begins here.
    """
    indent = lines[0][: -len(lines[0].lstrip())]
    numbered = enumerate(lines)
    if not any(line.startswith(f"{indent}def ") for _, line in numbered):
        raise SyntaxError("there is no function")
    for number, line in numbered:
        is_code = line.strip() and not line.lstrip().startswith("#")
        if is_code and not line.startswith((f"{indent} ", f"{indent}\t")):
            return list(lines[:number])
    return list(lines)


def _statement(source: str, place: ast.AST) -> ast.stmt:
    statement = ast.parse(source).body[0]
    for node in ast.walk(statement):
        ast.copy_location(node, place)
    return statement


def _inner_code(code: CodeType, name: str) -> CodeType:
    return next(
        const for const in code.co_consts if isinstance(const, CodeType) and const.co_name == name
    )


def _rename_code(code: CodeType, old: str, new: str) -> CodeType:
    """Return ``code`` with qualified names, of inner functions and classes too, below ``new``."""

    def rename(constant: Any) -> Any:
        if isinstance(constant, CodeType):
            return _rename_code(constant, old, new)
        is_name = isinstance(constant, str) and constant.startswith(old)  # of a class body
        return new + constant[len(old) :] if is_name else constant

    return code.replace(
        co_qualname=rename(code.co_qualname), co_consts=tuple(map(rename, code.co_consts))
    )


def _own_nodes(root: ast.AST) -> Iterator[ast.AST]:
    """Walk the tree below ``root`` without entering functions and classes inside it."""
    for node in ast.iter_child_nodes(root):
        yield node
        if not isinstance(node, _NESTED):
            yield from _own_nodes(node)


def _mentioned_names(statement: ast.AST) -> set[str]:
    """Return the names that a statement binds or mentions."""
    nodes = [statement, *_own_nodes(statement)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | set(_imported_names(statement, itself=True))


def _captured_names(part: ast.ExceptHandler | ast.match_case) -> set[str]:
    """Return the names that an ``except``, or the pattern of a ``case``, binds."""
    if isinstance(part, ast.ExceptHandler):
        return {part.name} if part.name else set()
    nodes = list(ast.walk(part.pattern))
    names = {getattr(node, field, None) for node in nodes for field in ("name", "rest")}
    return {name for name in names if isinstance(name, str)}


def _imported_names(root: ast.AST, itself: bool = False) -> Iterator[str]:
    """Yield the names that imports bind."""
    for node in [root, *_own_nodes(root)] if itself else _own_nodes(root):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]


def _defined_names(definition: ast.FunctionDef) -> Iterator[str]:
    """Yield the names that ``def`` and ``class`` bind."""
    for node in _own_nodes(definition):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name


def _assigned_names(definition: ast.FunctionDef) -> Iterator[str]:
    """Yield the names that are bound in other ways, by assignments above all."""
    for node in _own_nodes(definition):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
