"""Build the site, and check it."""

import argparse
import subprocess
import sys
from itertools import chain
from pathlib import Path

from sacred_core.plurals import counted
from tools.documentation.api_pages import api_pages
from tools.documentation.checks import check_site
from tools.documentation.commands import command_pages
from tools.documentation.hook_pages import hook_page
from tools.documentation.navigation import (
    ROOT,
    NavigationError,
    find_described_files,
    find_pages,
    read_navigation,
)
from tools.documentation.schemas import schema_pages
from tools.documentation.scripts import script_page
from tools.documentation.staging import PageError, Stage, toctrees


def main() -> int:
    """Build the site."""
    parser = argparse.ArgumentParser(description="Build the documentation site.")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "site")
    arguments = parser.parse_args()
    folder = arguments.output.resolve()
    source = folder.with_name(f"{folder.name}-source")
    try:
        write_sources(source)
    except (NavigationError, PageError) as error:
        sys.exit(str(error))
    code = build(source, folder)
    if code == 0:
        count, problems = check_site(folder)
        sys.stdout.write("".join(f"{line}\n" for line in problems))
        sys.stdout.write(f"{folder}: {counted(count, 'link')} within the site checked\n")
        code = 1 if problems else 0
    return code


def write_sources(folder: Path) -> None:
    """Write the files that Sphinx reads."""
    pages = find_pages()
    parts = read_navigation()
    stage = Stage(folder, pages, find_described_files())
    for page in pages:
        stage.add_page(page)
    for name, content in chain(
        api_pages(), command_pages(), script_page(), hook_page(), schema_pages()
    ):
        stage.write(name, content)
    for file in (ROOT / "docs").glob("*.schema.json"):
        stage.write(f"schemas/{file.name}", file.read_bytes())
    first = (folder / "index.md").read_text(encoding="utf-8")
    stage.write("index.md", first + toctrees(parts))
    stage.remove_others()


def build(source: Path, folder: Path) -> int:
    """Run Sphinx, for which a warning is an error, and return its exit code."""
    options = ["-W", "--keep-going", "-q", "-j", "auto", "-b", "html"]
    where = ["-c", str(ROOT / "docs"), "-d", str(folder.with_name("doctrees"))]
    command = [sys.executable, "-m", "sphinx", *options, *where, str(source), str(folder)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
