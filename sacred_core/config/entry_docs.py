"""The comments of entries in the source of a config scope."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence

from sacred_core.settings import SETTINGS

#: Statements whose assignments are no entries.
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def entry_docs(
    definition: ast.FunctionDef, lines: Sequence[str], first_line: int
) -> dict[str, str]:
    """Return the comment of each entry: at the end of its line, or else on the line above.

    Args:
        definition: The scope, with the line numbers of its file.
        lines: Its source lines.
        first_line: The number of the first of them.
    """
    comments = _comments(lines, first_line)
    docs: dict[str, str] = {}
    for statement in _statements(definition.body):
        text = _comment_of(statement, comments)
        if text:
            docs |= dict.fromkeys(_assignment_targets(statement), text)
    return docs


def _comment_of(statement: ast.stmt, comments: dict[int, tuple[str, bool]]) -> str:
    for line in (statement.lineno, statement.end_lineno or statement.lineno):
        text, is_alone = comments.get(line, ("", True))
        if text and not is_alone:
            return text
    text, is_alone = comments.get(statement.lineno - 1, ("", False))
    return text if is_alone else ""


def _comments(lines: Sequence[str], first_line: int) -> dict[int, tuple[str, bool]]:
    """Return comments by line number, and whether each is alone on its line."""
    ignored = [re.compile(pattern) for pattern in SETTINGS.CONFIG.IGNORED_COMMENTS]
    found: dict[int, tuple[str, bool]] = {}
    for token in _tokens(lines):
        if token.type == tokenize.COMMENT:
            text = token.string.lstrip("#").strip()
            if text and not any(pattern.search(text) for pattern in ignored):
                is_alone = not token.line[: token.start[1]].strip()
                found[first_line + token.start[0] - 1] = (text, is_alone)
    return found


def _tokens(lines: Sequence[str]) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.generate_tokens(io.StringIO("".join(lines)).readline)
    except (tokenize.TokenError, IndentationError):  # the block ends inside a larger one
        return


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if not isinstance(statement, _NESTED):
            for field in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(statement, field, []))
            for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                yield from _statements(part.body)


def _assignment_targets(statement: ast.stmt) -> list[str]:
    targets = list(getattr(statement, "targets", []))
    if isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        targets.append(statement.target)
    return [node.id for t in targets for node in ast.walk(t) if isinstance(node, ast.Name)]
