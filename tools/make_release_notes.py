"""Print the release notes of one distribution, from CHANGELOG.md.

python tools/make_release_notes.py sacred-mongo 0.1.1

A release of one distribution has a section of its own, ``## sacred-mongo 0.1.1 (2027-01-31)``. A
section without a name, ``## 0.2.0 (2027-03-01)``, is a release of several. An entry of it belongs
to the distributions that it names in code, such as `` `sacred-mongo` ``, and to sacred-core if it
names none.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_SECTION = re.compile(r"^## (?:(?P<name>[\w-]+) )?(?P<version>\d[\w.]*) \((?P<date>[^)]*)\)$", re.M)
_SUBJECT = re.compile(r"^### (.*)$", re.M)
_ENTRY = re.compile(r"^- .*(?:\n  .*)*", re.M)
_LINK = re.compile(r"\]\((?!https?:|#)([^)]+)\)")
PAGES = "https://github.com/sacred-core/sacred-core/blob/main/"
CORE = "sacred-core"


class NotesError(Exception):
    """The notes cannot be made."""


def release_notes(changelog: str, name: str, version: str, names: set[str]) -> str:
    """Return the entries of a release in Markdown, with links that work on other sites.

    Args:
        changelog: The text of CHANGELOG.md.
        name: Of the distribution.
        version: Of the release.
        names: Those of all distributions.

    Raises:
        NotesError: there is no such section, it has no date yet, or no entry for the distribution.
    """
    found = {
        (match["name"], match["version"]): (match["date"], body)
        for match, body in _sections(changelog)
    }
    own = found.get((name, version))
    date, text = own or found.get((None, version)) or ("", "")
    if not date:
        raise NotesError(f"CHANGELOG.md has no section '## {version} (DATE)': add it")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        raise NotesError(f"the date of {version} in CHANGELOG.md is {date!r}: write YYYY-MM-DD")
    lines = [
        line
        for subject, entries in _subjects(text)
        if (kept := [each for each in entries if own or _is_about(each, name, names)])
        for line in (*([f"### {subject}\n"] if subject else []), *kept, "")
    ]
    if not lines:
        raise NotesError(f"CHANGELOG.md has no entry for {name} below {version}: add one")
    return _LINK.sub(lambda match: f"]({PAGES}{match[1]})", "\n".join(lines))


def _sections(changelog: str) -> "list[tuple[re.Match[str], str]]":
    found = list(_SECTION.finditer(changelog))
    ends = [match.start() for match in found[1:]] + [len(changelog)]
    return [(match, changelog[match.end() : end]) for match, end in zip(found, ends, strict=True)]


def _subjects(text: str) -> list[tuple[str, list[str]]]:
    first, *rest = _SUBJECT.split(text)
    pairs = [("", first), *zip(rest[::2], rest[1::2], strict=True)]
    return [(subject, _ENTRY.findall(part)) for subject, part in pairs]


def _is_about(entry: str, name: str, names: set[str]) -> bool:
    named = names.intersection(re.findall(r"`([\w-]+)`", entry))
    return name in (named or {CORE})


def versions() -> dict[str, str]:
    """Return the version of each distribution of the repository."""
    files = [ROOT / "pyproject.toml", *ROOT.glob("plugins/*/pyproject.toml")]
    projects = [tomllib.loads(path.read_text(encoding="utf-8"))["project"] for path in files]
    return {project["name"]: project["version"] for project in projects}


def main(arguments: list[str]) -> int:
    """Print the notes; return 2 if that is not possible."""
    known = versions()
    try:
        if len(arguments) != 2 or arguments[0] not in known:
            raise NotesError(f"expected a distribution and its version; there are {sorted(known)}")
        name, version = arguments
        if known[name] != version:
            raise NotesError(f"pyproject.toml of {name} has the version {known[name]}: change it")
        changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        sys.stdout.write(release_notes(changelog, name, version, set(known)))
    except NotesError as error:
        sys.stderr.write(f"No release notes: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
