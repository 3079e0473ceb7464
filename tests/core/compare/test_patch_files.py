"""Tests of reading patches."""

import subprocess
from pathlib import Path

from sacred_core.compare.patch_files import blob_id, comparable_line, patch_files

PATCH = """\
diff --git a/data/list.txt b/data/list.txt
index 1111111111111111111111111111111111111111..2222222222222222222222222222222222222222 100644
--- a/data/list.txt
+++ b/data/list.txt
@@ -1,2 +1,2 @@ heading
 same
-old
+new
diff --git a/with space.bin b/with space.bin
new file mode 100644
index 0000000000000000000000000000000000000000..3333333333333333333333333333333333333333
GIT binary patch
literal 3
KcmZQzU|?VX00aO5
"""


def test_each_file_has_its_lines() -> None:
    """With the path in the repository, and the id of the content after the change."""
    text, binary = patch_files(PATCH)
    assert (text.path, text.blob) == ("data/list.txt", "2" * 40)
    assert text.lines[-3:] == (" same", "-old", "+new")
    assert (binary.path, binary.blob) == ("with space.bin", "3" * 40)
    assert binary.lines[0] == "diff --git a/with space.bin b/with space.bin"
    assert patch_files("") == []


def test_changes_are_shown_without_the_header() -> None:
    """Of a binary file, and of an empty one, what there is to show."""
    text, binary = patch_files(PATCH)
    assert text.changes == ("@@ -1,2 +1,2 @@ heading", " same", "-old", "+new")
    assert binary.changes == ("binary content",)
    (empty,) = patch_files("diff --git a/x b/x\nnew file mode 100644\nindex 0..1\n")
    assert empty.changes == ("new file mode 100644",)


def test_what_a_change_is_based_on_does_not_count() -> None:
    """The same change has the same digest in other lines and of another content."""
    moved = PATCH.replace("@@ -1,2 +1,2 @@", "@@ -11,2 +12,2 @@").replace("1" * 40, "4" * 40)
    assert [each.digest for each in patch_files(moved)] == [
        each.digest for each in patch_files(PATCH)
    ]
    other = patch_files(PATCH.replace("+new", "+newer"))
    assert other[0].digest != patch_files(PATCH)[0].digest
    assert comparable_line("@@ -1,2 +1 @@ def f():") == "@@ def f():"
    assert comparable_line("-@@ -1,2 +1 @@") == "-@@ -1,2 +1 @@"


def test_the_id_of_a_content_is_that_of_git(tmp_path: Path) -> None:
    """As ``git hash-object`` prints it."""
    (tmp_path / "file").write_bytes(b"a\nb\n")
    command = ["git", "hash-object", str(tmp_path / "file")]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert blob_id(b"a\nb\n") == found.stdout.strip()
