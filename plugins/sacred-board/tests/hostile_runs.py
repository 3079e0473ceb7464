"""Runs whose records try to execute scripts in the browser of who looks at them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sacred_core import open_store
from sacred_core.observers import FileStorageObserver
from sacred_core.stores import Annotation

#: What records have at a place; WORD is a word of the place.
MARKS = {
    "name": '<script>alert("WORD")</script>',
    "command": "<img src=x onerror=alert('WORD')>",
    "configuration value": '"><script>alert("WORD")</script>',
    "configuration key": "'><svg/onload=alert('WORD')>",
    "template in a value": "{{ cycler.__init__.__globals__.os.popen('WORD') }}",
    "link in a value": "javascript:alert('WORD')",
    "list in a value": "</td></table><iframe srcdoc=\"<script>alert('WORD')</script>\">",
    "result": "</script><script>alert('WORD')</script>",
    "note": "<a href=javascript:alert('WORD')>click</a>",
    "user of a note": "<b onmouseover=alert('WORD')>",
    "tag": "\" autofocus onfocus=alert('WORD') x=\"",
    "metric": "<math><img src=x onerror=alert('WORD')><script>alert('WORD')</script>",
    "output": "</pre><script>alert('WORD')</script>",
    "colours in the output": "\x1b]8;;javascript:alert(1)\x07WORD\x1b]8;;\x07",
    "traceback": "</code><img src=x onerror=alert('WORD')>",
    "host": "<body onload=alert('WORD')>",
    "information": "<details open ontoggle=alert('WORD')>",
    "package": "<object data=javascript:alert('WORD')>==1.0",
    "repository": "javascript:alert('WORD')//x.git",
    "artifact": "<img src=x onerror=alert('WORD')>.txt",
    "table": "=cmd|'WORD'!A1<script>alert('WORD')</script>",
    "content of a text": "<script>alert('WORD')</script>",
    "comment of an artifact": "<style>*{background:url(//evil.example/WORD)}</style>",
}
#: Files whose type is one that browsers execute, or that says so: name, type, content.
_SCRIPT = "<script>document.title = 'executed'</script>"
FILES: list[tuple[str, str | None, bytes]] = [
    ("page.html", None, f"<!doctype html>{_SCRIPT}".encode()),
    (
        "page.xhtml",
        None,
        b'<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
    ),
    (
        "picture.svg",
        None,
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    ),
    ("data.xml", None, b'<?xml-stylesheet href="x.xsl"?><a/>'),
    ("script.js", None, b"document.title = 'executed'"),
    ("paper.pdf", None, b"%PDF-1.7 /OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
    ("module.wasm", None, b"\0asm"),
    ("style.css", None, b"@import '//evil.example/x.css'; body { display: none }"),
    ("picture.png", "image/png", b"<script>alert('png')</script>"),
    ("named.txt", "text/html", _SCRIPT.encode()),
    ("notes.txt", "text/plain; charset=utf-7", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-"),
    ("split.txt", "text/plain\r\nX-Injected: yes\r\n\r\n<script>alert(1)</script>", b"x"),
    ("odd.txt", "text/html;/*", _SCRIPT.encode()),
    ("multipart.txt", "multipart/x-mixed-replace; boundary=x", _SCRIPT.encode()),
    ("deep.svgz", "image/svg+xml", b"<svg onload='alert(1)' xmlns='http://www.w3.org/2000/svg'/>"),
]
#: Names of artifacts that break headers, addresses or paths.
NAMES = [
    'quote".html', "semi;colon.txt", "new\nline\r\nX-Injected: yes.txt", "per%cent%2e.txt",
    "#?&.txt", "ünïcödé ☃.txt", "\u202egnp.exe", "folder/in/side.txt", "a b.txt",
    "back\\slash.txt", "..name",
]  # fmt: skip


def mark(place: str) -> str:
    """Return what the place of a record has, with a word of its own."""
    return MARKS[place].replace("WORD", word(place))


def word(place: str) -> str:
    """Return the word of a place, by which it is found on pages."""
    return "xss-" + place.replace(" ", "-")


def record_hostile_runs(folder: Path) -> None:
    """Record two runs with `MARKS`, and a failed one.

    Args:
        folder: Of the store; further files are written beside it.
    """
    for number in (1, 2):
        observer = _start(folder, number)
        steps = list(range(30))
        points = {"values": [1.0 / (step + number) for step in steps], "steps": steps,
                  "timestamps": [datetime.now(UTC)] * 30}  # fmt: skip
        observer.log_metrics({mark("metric"): points, "loss": points})
        output = f"{mark('output')}\n{mark('colours in the output')}\n"
        observer.output_event(output, 0)
        _add_files(observer, folder.parent)
        info = {mark("information"): [mark("information")]}
        observer.heartbeat_event(info, "", datetime.now(UTC), {"score": mark("result")})
        if number == 1:
            observer.completed_event(datetime.now(UTC), {"score": mark("result")})
        else:
            observer.failed_event(datetime.now(UTC), [f"Error: {mark('traceback')}\n"])
    store = open_store(folder)
    for run_id in (1, 2):
        note = Annotation(
            time=datetime.now(UTC), user=mark("user of a note"), note=mark("note"),
            added=[mark("tag")],
        )  # fmt: skip
        store.annotate(run_id, note)


def _start(folder: Path, number: int) -> Any:
    observer = FileStorageObserver(folder)
    experiment = {
        "name": mark("name"), "base_dir": "/", "sources": [], "mainfile": mark("name"),
        "dependencies": [mark("package")],
        "repositories": [{"url": mark("repository"), "commit": "0" * 40, "dirty": True}],
    }  # fmt: skip
    config = {
        mark("configuration key"): mark("configuration value"),
        "template": mark("template in a value"),
        "link": mark("link in a value"),
        "list": [mark("list in a value"), {"a": mark("list in a value")}],
        "seed": number,
        "__proto__": {"polluted": True},
    }
    observer.started_event(
        ex_info=experiment, command=mark("command"), host_info={"hostname": mark("host")},
        start_time=datetime.now(UTC), config=config, meta_info={"command": mark("command")},
        _id=None,
    )  # fmt: skip
    return observer


def _add_files(observer: Any, folder: Path) -> None:
    path = folder / "artifact"
    for name, content_type, content in FILES:
        path.write_bytes(content)
        observer.artifact_event(name, str(path), {}, content_type)
    path.write_text(mark("content of a text"))
    comment = {"comment": mark("comment of an artifact")}
    observer.artifact_event(mark("artifact").replace("/", ""), str(path), comment, "text/plain")
    for name in NAMES:
        observer.artifact_event(name, str(path), {}, "text/plain")
    cell = mark("table").replace('"', '""')
    path.write_text(f'a,"{cell}"\n1,"{cell}"\n')
    observer.artifact_event("table.csv", str(path), {}, "text/csv")
    path.write_text(json.dumps({mark("table"): [mark("table")]}))
    observer.artifact_event("table.json", str(path), {}, "application/json")
